/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints: see live_state.h. The sensor's own section LIVE holds the stage clock and the time
 * that the records span. */
#include "run/live_state.h"
#include "base/when.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct kept { /* what one file is filled from, or fills */
	struct stages *stages;
	const struct stages *from;
	int64_t clock_ms;
};

int live_state_open(struct live_state *x, const char *folder, struct err *e)
{
	*x = (struct live_state){.folder = folder, .tried_ms = live_now_ms()};
	return state_key(folder, &x->key, e);
}

static void fill(const void *arg, struct save *out)
{
	const struct kept *k = arg;
	save_begin(out, "LIVE");
	save_uint(out, (uint64_t)k->clock_ms, 8);
	save_uint(out, (uint64_t)k->from->last_ms, 8);
	save_uint(out, (uint64_t)k->from->span_ms, 8);
	save_end(out);
	pipeline_save(k->from->pipeline, out);
}

static int64_t time_of(struct load *in, bool *good)
{
	uint64_t ms = buf_le64(&in->section);
	*good &= ms <= (uint64_t)WHEN_MAX_MS;
	return (int64_t)(ms & INT64_MAX);
}

static int take(void *arg, struct load *in)
{
	struct kept *k = arg;
	bool good = true;
	if (load_is(in, "LIVE")) {
		k->clock_ms = time_of(in, &good);
		k->stages->last_ms = time_of(in, &good);
		k->stages->span_ms = time_of(in, &good);
		if (load_check(in, good))
			return in->bad;
		load_next(in);
	}
	int bad = pipeline_load(k->stages->pipeline, in);
	for (struct span rest = {in->told.p, in->told.n}; !bad && in->told.n && rest.p;) {
		struct span line = span_cut(&rest, '\n');
		if (line.n)
			live_say("state: %.*s", (int)line.n, line.p);
	}
	return bad;
}

enum live_taken live_state_take(
    struct live_state *x, struct stages *s, struct live_board *b, int64_t *clock_ms)
{
	struct kept k = {.stages = s};
	struct state_found found;
	char when[WHEN_TEXT];
	struct err e;
	int bad = state_read(x->folder, &x->key, &found, take, &k, &e);
	if (bad == ERR_NONE)
		return LIVE_NOTHING;
	if (bad) {
		live_say("%s; starting afresh", e.msg);
		return LIVE_USELESS;
	}
	when_text(when, found.written_ms / 1000 * 1000);
	live_say("state of %s taken over, %.1f MB", when, (double)found.bytes / 1e6);
	*clock_ms = k.clock_ms;
	atomic_store(&b->restored_at_ms, found.written_ms);
	return LIVE_TAKEN;
}

static bool write_now(
    const struct live_state *x, const struct kept *k, struct live_board *b, int64_t began_ms)
{
	uint64_t bytes;
	struct err e;
	if (state_write(x->folder, &x->key, began_ms, fill, k, &bytes, &e)) {
		live_say("checkpoint: %s; going on with the one before", e.msg);
		return false;
	}
	atomic_store(&b->checkpoint_bytes, bytes);
	atomic_store(&b->checkpoint_ms, (uint64_t)(live_now_ms() - began_ms));
	atomic_store(&b->checkpoint_at_ms, began_ms);
	return true;
}

static void count(struct live_board *b, bool good)
{
	live_add(good ? &b->checkpoints : &b->checkpoints_failed, 1);
}

void live_state_reap(struct live_state *x, struct live_board *b, bool wait)
{
	int how;
	if (!x->writer || waitpid(x->writer, &how, wait ? 0 : WNOHANG) != x->writer)
		return;
	count(b, WIFEXITED(how) && WEXITSTATUS(how) == 0);
	x->writer = 0;
}

void live_state_keep(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting, bool forked)
{
	const struct kept k = {.from = s, .clock_ms = clock_ms};
	uint64_t taken = b->taken;
	live_state_reap(x, b, !forked);
	x->tried_ms = live_now_ms();
	if (x->writer)
		return; /* still at the one before */
	pid_t pid = forked ? fork() : -1;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		bool good = write_now(x, &k, b, x->tried_ms);
		if (good)
			atomic_store(&b->checkpoint_taken, taken - waiting);
		_exit(!good);
	}
	if (pid > 0) {
		x->writer = pid;
		return;
	}
	if (forked)
		live_say("checkpoint: %s; writing it while records wait", strerror(errno));
	bool good = write_now(x, &k, b, x->tried_ms);
	if (good)
		atomic_store(&b->checkpoint_taken, taken - waiting);
	count(b, good);
}
