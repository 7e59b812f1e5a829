/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session reader's files: the parent finds and opens them, and gives them away unread. */
#include "run/parent.h"
#include <string.h>
#include <unistd.h>

/* Everything once more, for a session reader that begins: but what the log has for sure. */
void parent_begin_feeds(struct parent *p)
{
	live_keep_feeds(&p->live);
	p->files_given = 0;
	for (size_t i = 0; i < p->live.feeds_n; i++)
		if (p->live.feeds[i].follow)
			follow_again(p->live.feeds[i].follow, live_feed_since_ns(&p->live, i));
}

static bool give(struct parent *p, size_t feed, const struct follow_file *file)
{
	const struct live_feed *f = &p->live.feeds[feed];
	struct wire m = {.kind = WIRE_FILE,
	    .id = file->serial,
	    .number = (uint32_t)feed | (file->current ? WIRE_CURRENT : 0)};
	m.text_n = (uint32_t)snprintf(m.text, WIRE_TEXT, "%.240s%s%s", f->path,
	    file->current ? "" : " ", file->current ? "" : file->name);
	return wire_send(p->child[SESSIONS].wire, &m, file->fd);
}

static void give_files(struct parent *p, size_t feed)
{
	struct follow *f = p->live.feeds[feed].follow;
	struct follow_file file;
	while (p->files_given < LIVE_FILES_MAX && follow_next(f, &file)) {
		bool given = give(p, feed, &file);
		if (given) {
			follow_gave(f, &file);
			p->files_given++;
		}
		(void)close(file.fd);
		if (!given)
			return; /* it has enough to do: the same one at the next look */
	}
}

void parent_give_feeds(struct parent *p)
{
	const struct child *c = &p->child[SESSIONS];
	if (!c->pid || c->asked)
		return;
	for (size_t i = 0; i < p->live.feeds_n; i++)
		if (p->live.feeds[i].follow) {
			follow_look(p->live.feeds[i].follow);
			give_files(p, i);
		}
	if (p->files_given == LIVE_FILES_MAX && !p->files_told) {
		live_say("more than %d files are followed: others wait until one is silent",
		    LIVE_FILES_MAX);
		p->files_told = true;
	}
}

void parent_left_file(struct parent *p, const struct wire *m)
{
	int64_t mtime_ns = 0;
	if (m->number >= p->live.feeds_n || !p->live.feeds[m->number].follow || !p->files_given)
		return;
	(void)span_int((struct span){m->text, m->text_n}, &mtime_ns);
	follow_left(p->live.feeds[m->number].follow, m->id, mtime_ns);
	p->files_given--;
}
