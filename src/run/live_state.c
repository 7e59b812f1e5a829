/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkpoints: see live_state.h. The sensor's own section LIVE holds the stage clock and the time
 * that the records span; NAME, where lines are pseudonyms, of which epoch these are. */
#include "run/live_state.h"
#include "base/when.h"

enum { STEP_MS = 20, STEP_EVERY_MS = 100, STEP_LINES = 1000 };

struct taken { /* what one file fills */
	struct stages *stages;
	int64_t clock_ms, epoch;
};

int live_state_open(struct live_state *x, const char *folder, struct err *e)
{
	*x = (struct live_state){
	    .folder = folder, .tried_ms = live_now_ms(), .epoch = LIVE_LINES_NO_EPOCH};
	return state_key(folder, &x->key, e);
}

static void save_clocks(const struct stages *s, int64_t clock_ms, struct save *out)
{
	save_begin(out, "LIVE");
	save_uint(out, (uint64_t)clock_ms, 8);
	save_uint(out, (uint64_t)s->last_ms, 8);
	save_uint(out, (uint64_t)s->span_ms, 8);
	save_end(out);
}

static void save_epoch(int64_t epoch, struct save *out)
{
	if (epoch == LIVE_LINES_NO_EPOCH)
		return;
	save_begin(out, "NAME");
	save_uint(out, (uint64_t)epoch, 8);
	save_end(out);
}

static int64_t time_of(struct load *in, bool *good)
{
	uint64_t ms = buf_le64(&in->section);
	*good &= ms <= (uint64_t)WHEN_MAX_MS;
	return (int64_t)(ms & INT64_MAX);
}

static int take(void *arg, struct load *in)
{
	struct taken *k = arg;
	bool good = true;
	if (load_is(in, "LIVE")) {
		k->clock_ms = time_of(in, &good);
		k->stages->last_ms = time_of(in, &good);
		k->stages->span_ms = time_of(in, &good);
		if (load_check(in, good))
			return in->bad;
		load_next(in);
	}
	if (load_is(in, "NAME")) {
		k->epoch = (int64_t)buf_le64(&in->section);
		if (load_check(in, true))
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

static void start_afresh(const struct live_state *x, const struct err *why)
{
	struct text path = {0};
	if (state_set_aside(x->folder, &path))
		live_say("%s; starting afresh, and keeping it as %s", why->msg, path.p);
	else
		live_say("%s; starting afresh", why->msg);
	text_fini(&path);
}

enum live_taken live_state_take(
    struct live_state *x, struct stages *s, struct live_board *b, int64_t *clock_ms)
{
	struct taken k = {.stages = s, .epoch = LIVE_LINES_NO_EPOCH};
	struct state_found found;
	char when[WHEN_TEXT];
	struct err e;
	int bad = state_read(x->folder, &x->key, &found, take, &k, &e);
	if (bad == ERR_NONE)
		return LIVE_NOTHING;
	if (bad) {
		start_afresh(x, &e);
		return LIVE_USELESS;
	}
	when_text(when, found.written_ms / 1000 * 1000);
	live_say("state of %s taken over, %.1f MB", when, (double)found.bytes / 1e6);
	*clock_ms = k.clock_ms;
	x->epoch = k.epoch;
	atomic_store(&b->restored_at_ms, found.written_ms);
	return LIVE_TAKEN;
}

static void failed(struct live_board *b, const struct err *e)
{
	live_say("checkpoint: %s; going on with the one before", e->msg);
	live_add(&b->checkpoints_failed, 1);
}

void live_state_begin(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting)
{
	struct err e;
	if (x->writer)
		return;
	x->tried_ms = live_now_ms();
	x->stepped_ms = 0;
	x->through = b->taken - waiting;
	x->walk = (struct pipeline_walk){0};
	if (state_begin(&x->writer, x->folder, &x->key, x->tried_ms, &e)) {
		failed(b, &e);
		return;
	}
	save_clocks(s, clock_ms, state_out(x->writer));
	save_epoch(x->epoch, state_out(x->writer));
}

bool live_state_due(const struct live_state *x, int64_t now_ms)
{
	return x->writer && (now_ms - x->stepped_ms >= STEP_EVERY_MS || now_ms < x->stepped_ms);
}

static void end(struct live_state *x, struct live_board *b)
{
	uint64_t bytes;
	struct err e;
	int bad = state_end(x->writer, &bytes, &e);
	x->writer = NULL;
	if (bad) {
		failed(b, &e);
		return;
	}
	atomic_store(&b->checkpoint_bytes, bytes);
	atomic_store(&b->checkpoint_ms, (uint64_t)(live_now_ms() - x->tried_ms));
	atomic_store(&b->checkpoint_at_ms, x->tried_ms);
	atomic_store(&b->checkpoint_taken, x->through);
	live_add(&b->checkpoints, 1);
}

void live_state_step(struct live_state *x, const struct stages *s, struct live_board *b)
{
	bool more = true;
	int64_t began_ms = x->stepped_ms = live_now_ms();
	while (more) {
		more = pipeline_save(s->pipeline, &x->walk, STEP_LINES, state_out(x->writer));
		if (x->walk.last || live_now_ms() - began_ms >= STEP_MS)
			break;
	}
	if (!more)
		end(x, b);
}

void live_state_keep(struct live_state *x, const struct stages *s, struct live_board *b,
    int64_t clock_ms, uint64_t waiting)
{
	live_state_close(x);
	live_state_begin(x, s, b, clock_ms, waiting);
	while (x->writer)
		live_state_step(x, s, b);
}

void live_state_close(struct live_state *x)
{
	state_drop(x->writer);
	x->writer = NULL;
}
