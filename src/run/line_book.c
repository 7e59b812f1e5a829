/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sessions of a run: see line_book.h. Nothing is forgotten: a session that ended can be asked
 * for until the run is over. */
#include "run/line_book.h"
#include "base/mem.h"
#include "run/nats.h"
#include "run/run.h"
#include "run/session_read.h"
#include <stdlib.h>
#include <string.h>

enum { V4_BITS = 96 + 24, V6_BITS = 48, NETS_MAX = 4096 };

struct line_book {
	struct lines *lines;
	struct sessions *sessions;
	struct whose_live live;
	struct detnat_sets nats;
	struct whose_source sources[2];
	struct asker asker;
	struct owners *owners;
	struct tolds told;
	struct tally tally;
};

static int take(void *arg, const struct session *event)
{
	struct line_book *b = arg;
	sessions_event(b->sessions, event, &b->told);
	b->told.n = 0;
	return 0;
}

static int read_files(struct line_book *b, const struct line_book_options *o, struct err *e)
{
	struct run_input in;
	int bad = run_input_open(&in, settings_decoders(o->settings), NULL, o->zone,
	    (char **)o->files->v, (int)o->files->n, e);
	bad = bad ? bad : session_read(&in, &b->tally, take, b);
	run_input_close(&in);
	sessions_flush(b->sessions, &b->told);
	if (!bad && !b->tally.session_n)
		bad = err_set(e, ERR_INPUT,
		    "--sessions: no session could be read; theriac list "
		    "decoders names the formats");
	return bad;
}

int line_book_open(struct line_book **to, const struct line_book_options *o, struct err *e)
{
	struct line_book *b = *to = mem_new(1, sizeof *b);
	struct sessions_options so = *settings_sessions(o->settings);
	so.keep_ms = INT64_MAX / 4;
	b->lines = lines_new(0);
	b->sessions = sessions_new(&so, b->lines);
	b->live = (struct whose_live){b->sessions, b->lines};
	b->sources[0] = whose_live_source(&b->live);
	b->sources[1] = detnat_sets_source(&b->nats);
	b->asker = (struct asker){.v = b->sources, .n = 2};
	int bad = lines_rules(b->lines, settings_lines(o->settings), e);
	bad = bad ? bad : nats_read(o->nats, &b->nats, e);
	bad = bad ? bad : read_files(b, o, e);
	b->owners = owners_new(&b->asker, o->skew_ms, o->key);
	return bad;
}

void line_book_close(struct line_book *b)
{
	if (!b)
		return;
	owners_free(b->owners);
	whose_fini(&b->asker);
	detnat_sets_fini(&b->nats);
	sessions_free(b->sessions);
	lines_free(b->lines);
	free(b->told.v);
	free(b);
}

void line_book_counted(const struct line_book *b, struct stats *stats)
{
	stats->tally.session_n += b->tally.session_n;
	stats->tally.bad_n += b->tally.bad_n;
	stats->tally.ignored_n += b->tally.ignored_n;
	stats->dropped += sessions_counted(b->sessions)->dropped;
}

struct owners *line_book_owners(struct line_book *b)
{
	return b->owners;
}

struct nets { /* in order, each once */
	struct prefix v[NETS_MAX];
	size_t n;
	bool full;
};

static void nets_add(struct nets *l, const union addr *a)
{
	struct prefix net = {.bits = addr_is_v4(a) ? V4_BITS : V6_BITS};
	net.addr = addr_mask(a, net.bits);
	size_t at = 0, end = l->n;
	while (at < end) {
		size_t mid = (at + end) / 2;
		if (addr_compare(&l->v[mid].addr, &net.addr) < 0)
			at = mid + 1;
		else
			end = mid;
	}
	if (at < l->n && addr_same(&l->v[at].addr, &net.addr))
		return;
	l->full |= l->n == NETS_MAX;
	if (l->full)
		return;
	memmove(&l->v[at + 1], &l->v[at], (l->n++ - at) * sizeof net);
	l->v[at] = net;
}

static void range_add(struct nets *l, uint32_t first, uint32_t n)
{
	uint32_t last = first + (n - 1);
	for (uint64_t at = first & ~0xffu; at <= last && !l->full; at += 256) {
		union addr a = addr_v4((uint32_t)at);
		nets_add(l, &a);
	}
}

static void nats_add(struct nets *l, const struct detnat_sets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		range_add(l, s->v[i].d.inside, s->v[i].d.inside_n);
		range_add(l, s->v[i].d.outside, s->v[i].d.outside_n);
	}
}

int line_book_inside(const struct line_book *b, struct attribute *a, struct err *e)
{
	const struct held_table *t = sessions_table(b->sessions);
	struct nets *nets = mem_new(1, sizeof *nets);
	int bad = ERR_OK;
	for (uint32_t i = 1; i < t->n && !nets->full; i++) {
		const struct interval *v = &t->v[i].v;
		if (!t->v[i].used)
			continue;
		nets_add(nets, &v->addr);
		if (v->holder == HOLDER_INSIDE)
			nets_add(nets, &v->inside);
	}
	nats_add(nets, &b->nats);
	if (nets->full)
		bad = err_set(e, ERR_CONFIG,
		    "--sessions: addresses of more than %d networks were held; name your prefixes "
		    "with --inside",
		    NETS_MAX);
	for (size_t i = 0; i < nets->n && !bad; i++) {
		char word[ADDR_TEXT];
		prefix_text(word, &nets->v[i]);
		bad = attribute_inside(a, word, e);
	}
	free(nets);
	return bad;
}
