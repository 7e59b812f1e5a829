/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The children of a live sensor's parent: started with no more than they need, started again when
 * they die, ended when they hang. A child counts its turns on the board; it makes one a second at
 * least, with or without work. What takes longer by its nature (reading files and states, the last
 * words) it announces as busy, and has more time for. Seconds are counted in the parent's own
 * turns, so that a machine that stood still as a whole ends nobody. */
#include "run/parent.h"
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { AGAIN_MS = 250, AGAIN_MAX_MS = 10000, LIVED_MS = 60000, DEATHS_MAX = 10 };
enum { HANGS_S = 20, HANGS_BUSY_S = 300 };

static void close_for_child(struct parent *p, int which)
{
	struct live *l = &p->live;
	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].pid)
			(void)close(p->child[i].wire);
	for (size_t i = 0; i < l->listens_n; i++) {
		if (l->listen_fd[i] >= 0)
			(void)close(l->listen_fd[i]);
		watch_free(l->watches[i]);
	}
	for (size_t i = 0; which != READER && i < l->sockets_n; i++)
		(void)close(l->sockets[i].fd);
	if (which != READER)
		parent_forget_peer(p, 0);
	if (which != SESSIONS)
		live_leave_feeds(l);
	if (is_reader(which)) /* each has one ring, and cannot spoil the other */
		ring_free(which == READER ? l->sessions : l->ring);
	parent_close_handed(p);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (p->control.client[i].fd >= 0)
			(void)close(p->control.client[i].fd);
	(void)close(p->control.fd);
	if (l->out >= 0)
		(void)close(l->out);
	if (is_reader(which))
		(void)close(STDOUT_FILENO);
	(void)close(p->signals);
}

/* Signals stay blocked: what the terminal sends to all is for the parent to act on. */
static void become_child(struct parent *p, int which, int wire, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close_for_child(p, which);
	p->live.beat = &p->live.board->beat[p->child[which].beat];
	_exit(p->child[which].main(&p->live, wire));
}

enum { BEAT_READER, BEAT_SENSOR, BEAT_OTHER_SENSOR, BEAT_SESSIONS };
_Static_assert(BEAT_SESSIONS + 1 == (int)LIVE_BEATS, "a place for each");

/* Two sensors may live at once. */
static uint32_t free_beat(const struct parent *p, int which)
{
	const struct child *other = &p->child[which == SENSOR ? NEXT : SENSOR];
	if (is_reader(which))
		return which == READER ? BEAT_READER : BEAT_SESSIONS;
	return other->pid && other->beat == BEAT_SENSOR ? BEAT_OTHER_SENSOR : BEAT_SENSOR;
}

void parent_spawn(struct parent *p, int which)
{
	struct child *c = &p->child[which];
	int pair[2];
	pid_t self = getpid();
	c->again_ms = p->now_ms + AGAIN_MAX_MS;
	if (!wire_pair(pair))
		return;
	if (which == READER) {
		live_give_places(&p->live);
		p->saves_asked = 0;
	}
	if (which == SESSIONS)
		parent_begin_feeds(p);
	c->beat = free_beat(p, which);
	c->turns = p->live.board->beat[c->beat].turns;
	c->silent_s = 0;
	atomic_store(&p->live.board->beat[c->beat].busy, false);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		become_child(p, which, pair[1], self);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		live_say(
		    "%s: %s; once more in %d s", c->name, strerror(errno), AGAIN_MAX_MS / 1000);
		(void)close(pair[0]);
		return;
	}
	c->pid = pid;
	c->wire = pair[0];
	c->ready = c->asked = false;
	c->born_ms = p->now_ms;
	c->again_ms = 0;
}

void parent_ask_to_end(struct parent *p, int which, enum wire_kind kind, uint32_t number)
{
	struct child *c = &p->child[which];
	c->asked = true;
	if (c->pid && !wire_word(c->wire, kind, number))
		(void)kill(c->pid, SIGKILL);
}

void parent_kill_all(struct parent *p)
{
	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].pid) {
			p->child[i].asked = true;
			(void)kill(p->child[i].pid, SIGKILL);
		}
}

bool parent_start_later(struct parent *p, struct child *c)
{
	c->deaths = p->now_ms - c->born_ms > LIVED_MS ? 0 : c->deaths + 1;
	if (c->deaths > DEATHS_MAX) {
		live_say("%s died %d times: giving up", c->name, DEATHS_MAX + 1);
		return false;
	}
	int64_t delay_ms = c->deaths ? (int64_t)AGAIN_MS << (c->deaths - 1) : 0;
	c->again_ms = p->now_ms + (delay_ms < AGAIN_MAX_MS ? delay_ms : AGAIN_MAX_MS);
	return true;
}

void parent_look_after(struct parent *p, int which)
{
	struct child *c = &p->child[which];
	const struct live_beat *b = &p->live.board->beat[c->beat];
	uint64_t turns = b->turns;
	bool busy = b->busy || (!is_reader(which) && !c->ready);
	c->silent_s = c->pid && turns == c->turns ? c->silent_s + 1 : 0;
	c->turns = turns;
	if (c->silent_s < (busy ? HANGS_BUSY_S : HANGS_S))
		return;
	live_say("%s has not stirred for %u s: it is ended", c->name, c->silent_s);
	c->silent_s = 0;
	(void)kill(c->pid, SIGKILL);
}
