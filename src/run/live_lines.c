/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a live sensor: see live_lines.h. */
#include "run/live_lines.h"
#include "run/keys.h"
#include <string.h>
#include <unistd.h>

enum {
	SYNC_MS = 50, /* an event waits at most so long to be synchronised, */
	SYNC_N = 512, /* or for so many others */
	ADVANCE_MS = 200,
	AGAIN_MS = 5000,
	SORT_BYTES = 64 << 20,
	NAMES_A_TURN = 1024, /* some milliseconds */
};
static const char writer_name[] = "sensor";

static void unsynced(struct live_lines *x)
{
	x->since_ms = x->unsynced++ ? x->since_ms : live_now_ms();
}

static void rename_line(const struct live_lines *x, uint32_t number,
    const struct pseudonym_key *was_key, const struct pseudonym_key *is_key, struct renames *r)
{
	const struct lines *lines = session_store_lines(x->store);
	uint8_t flags = lines_flags(lines, number);
	char text[LINE_TEXT];
	struct line_id id;
	lines_name(lines, number, &id);
	line_id_text(&id, text);
	struct subject was = pseudonym_of(was_key, span_of(text), flags),
		       is = pseudonym_of(is_key, span_of(text), flags);
	renames_add(r, &was, &is);
}

static void name_line(struct live_lines *x, uint32_t number)
{
	rename_line(x, number, &x->names, pseudonyms_now(&x->keys), &x->naming.r);
}

static void heard(void *arg, const struct interval *v)
{
	struct live_lines *x = arg;
	unsynced(x);
	if (x->owners)
		owners_told(x->owners, v);
	if (x->naming.on && v->holder == HOLDER_LINE && v->line)
		name_line(x, v->line); /* it may be new, where the naming has been already */
}

static void say_lines(struct text *told)
{
	for (struct span rest = {told->p, told->n}; told->n && rest.n;) {
		struct span line = span_cut(&rest, '\n');
		live_say("sessions: %.*s", (int)line.n, line.p);
	}
	text_fini(told);
}

static int open_store(struct live_lines *x, struct err *e)
{
	struct session_store_options o = {.state = x->l->folder,
	    .writer = writer_name,
	    .retention_ms = x->l->o->retention_ms,
	    .memory_bytes = SORT_BYTES,
	    .heard = heard,
	    .heard_arg = x};
	struct text told = {0};
	opt_defaults(sessions_rows, sessions_rows_n, &o.sessions);
	int bad = session_store_open(&x->store, &o, live_now_ms(), &told, e);
	say_lines(&told);
	return bad;
}

/* What was open when the index was opened is asked about at once. */
static void open_owners(struct live_lines *x, struct stages *stages)
{
	x->names = *pseudonyms_now(&x->keys);
	uint32_t skew_ms = (uint32_t)settings_attribute(x->l->settings)->skew_ms;
	x->live =
	    (struct whose_live){session_store_sessions(x->store), session_store_lines(x->store)};
	x->source = whose_live_source(&x->live);
	x->asker = (struct asker){.v = &x->source, .n = 1};
	x->owners = owners_new(&x->asker, skew_ms, &x->names);
	owners_live(x->owners, session_store_lines(x->store));
	stages_owners(stages, x->owners);
}

int live_lines_open(struct live_lines *x, const struct live *l, const struct seal_key *key,
    struct stages *stages, int64_t clock_ms, struct err *e)
{
	bool turned;
	*x = (struct live_lines){.l = l, .key = key};
	if (!l->sessions)
		return ERR_OK;
	int bad = keys_open(l->folder, key, clock_ms, &x->keys, &turned, e);
	bad = bad ? bad : open_store(x, e);
	if (bad)
		return bad;
	open_owners(x, stages);
	x->syncing = errand_new();
	x->working = errand_new();
	atomic_fetch_add(&l->board->session_turn, 1);
	live_say("%u sessions held", sessions_table(x->live.sessions)->used);
	return ERR_OK;
}

void live_lines_take(
    struct live_lines *x, struct live_clock *c, const struct batch *b, int64_t received_ms)
{
	struct live_board *board = x->l->board;
	for (size_t i = 0; x->store && i < b->session_n; i++) {
		const struct session *s = &b->sessions[i];
		if (session_check(s) != ERR_OK) {
			live_add(&board->refused, 1);
			continue;
		}
		if (!live_clock_session(c, s, received_ms))
			continue;
		session_store_event(x->store, s);
		live_add(&board->sessions_taken, 1);
		unsynced(x);
	}
	if (x->store && b->session_n)
		owners_joined(x->owners);
}

static int sync_it(void *arg)
{
	const struct live_lines *x = arg;
	return fdatasync(x->fd);
}

static void trouble(struct live_lines *x, const char *what)
{
	if (!x->failing)
		live_say("sessions: %s", what);
	x->failing = true;
	x->again_ms = live_now_ms() + AGAIN_MS;
	live_add(&x->l->board->session_troubles, 1);
}

static void published(struct live_lines *x)
{
	if (x->failing)
		live_say("sessions: they are kept again");
	x->failing = false;
	atomic_store(&x->l->board->sessions_logged, x->flight_at);
}

/* wait: until nothing is being synchronised. */
static void end_sync(struct live_lines *x, bool wait)
{
	int result;
	if (!errand_over(x->syncing, wait, &result))
		return;
	session_store_written(x->store, result == 0);
	if (result == 0)
		published(x);
	else
		trouble(x, "the log could not be synchronised");
}

static void begin_sync(struct live_lines *x)
{
	struct err e;
	x->flight_at = ring_taken_at(x->l->sessions);
	if (session_store_write(x->store, &x->fd, &e)) {
		trouble(x, e.msg);
		return;
	}
	x->unsynced = 0;
	if (x->fd >= 0)
		errand_start(x->syncing, sync_it, x);
	else
		published(x);
}

static int work(void *arg)
{
	struct live_lines *x = arg;
	return session_store_work(x->store, x->work_ms, &x->worked_e);
}

static void end_work(struct live_lines *x, bool wait)
{
	struct err e;
	int result;
	if (!errand_over(x->working, wait, &result))
		return;
	if (result)
		trouble(x, x->worked_e.msg);
	owners_joined(x->owners);
	if (session_store_worked(x->store, &e))
		trouble(x, e.msg);
	owners_forget(x->owners);
	x->naming.at = 0; /* numbers are those of others now */
	x->naming.joins_at = 0;
}

/* The log of an hour is over. */
static void begin_work(struct live_lines *x, int64_t now_ms)
{
	struct err e;
	end_sync(x, true);
	if (session_store_turn(x->store, now_ms, &e)) {
		trouble(x, e.msg);
		return;
	}
	x->work_ms = now_ms;
	errand_start(x->working, work, x);
}

static void count(const struct live_lines *x)
{
	const struct sessions *s = x->live.sessions;
	struct live_board *b = x->l->board;
	atomic_store(&b->sessions_held, sessions_table(s)->used);
	atomic_store(&b->sessions_dropped, sessions_counted(s)->dropped);
	atomic_store(&b->joins_refused, lines_counted(x->live.lines)->refused);
}

/* Once in a while, by the wall clock or what stands for it. */
static void pass_time(struct live_lines *x, int64_t wall_ms, int64_t clock_ms)
{
	int64_t now_ms = x->l->o->replay ? clock_ms : wall_ms;
	x->advanced_ms = wall_ms;
	session_store_advance(x->store, now_ms);
	owners_joined(x->owners);
	if (session_store_due(x->store, now_ms) && !errand_busy(x->working) &&
	    wall_ms >= x->again_ms)
		begin_work(x, now_ms);
	count(x);
}

void live_lines_follow(struct live_lines *x, int64_t clock_ms)
{
	if (!x->store || !x->l->o->replay)
		return;
	session_store_advance(x->store, clock_ms);
	owners_joined(x->owners);
}

void live_lines_turn(struct live_lines *x, int64_t clock_ms)
{
	int64_t wall_ms = live_now_ms();
	if (!x->store)
		return;
	end_sync(x, false);
	end_work(x, false);
	if (wall_ms - x->advanced_ms >= ADVANCE_MS || wall_ms < x->advanced_ms)
		pass_time(x, wall_ms, clock_ms);
	bool due =
	    x->unsynced >= SYNC_N || wall_ms - x->since_ms >= SYNC_MS || wall_ms < x->since_ms;
	bool tried = x->failing && wall_ms < x->again_ms;
	if (x->unsynced && due && !tried && !errand_busy(x->syncing))
		begin_sync(x);
}

int live_lines_patience(const struct live_lines *x, int else_ms)
{
	if (!x->store)
		return else_ms;
	int most_ms = x->unsynced && !x->failing ? SYNC_MS : ADVANCE_MS;
	return most_ms < else_ms ? most_ms : else_ms;
}

int64_t live_lines_epoch(const struct live_lines *x)
{
	return x->store ? x->names.epoch : LIVE_LINES_NO_EPOCH;
}

bool live_lines_resume(struct live_lines *x, int64_t epoch, struct renames *r)
{
	const struct pseudonym_key *before = NULL;
	if (!x->store || epoch == LIVE_LINES_NO_EPOCH || epoch == live_lines_epoch(x))
		return false;
	for (size_t i = 0; i < x->keys.n; i++)
		if (x->keys.live[i].epoch == epoch)
			before = &x->keys.live[i];
	if (!before)
		live_say("the keys of the pseudonyms in the state are gone: its lines are "
			 "forgotten");
	for (uint32_t at = 0; before && lines_next_line(x->live.lines, &at);)
		rename_line(x, at, before, &x->names, r);
	r->others_go = true;
	return true;
}

/* The fresh key is on the disk beside the old one before anything is called by it. */
static void begin_naming(struct live_lines *x, int64_t clock_ms)
{
	bool turned;
	struct err e;
	uint32_t to, from;
	struct naming *n = &x->naming;
	if (x->key_failing && live_now_ms() < x->again_ms)
		return;
	x->key_failing = keys_turn(x->l->folder, x->key, clock_ms, &x->keys, &turned, &e) != ERR_OK;
	if (x->key_failing) {
		live_say("lines keep their names of last week: %s", e.msg);
		x->again_ms = live_now_ms() + AGAIN_MS;
		return;
	}
	*n = (struct naming){.on = true, .disputed = lines_counted(x->live.lines)->disputed};
	while (lines_next_union(x->live.lines, &n->joins_at, &to, &from))
		;
}

bool live_lines_prepare(struct live_lines *x, int64_t clock_ms)
{
	struct naming *n = &x->naming;
	uint64_t disputed = lines_counted(x->live.lines)->disputed;
	if (!n->on && pseudonyms_due(&x->keys, clock_ms))
		begin_naming(x, clock_ms);
	if (!n->on)
		return false;
	if (disputed != n->disputed)
		n->at = 0; /* lines became two */
	n->disputed = disputed;
	for (unsigned i = 0; i < NAMES_A_TURN; i++) {
		if (!lines_next_line(x->live.lines, &n->at))
			return true;
		name_line(x, n->at);
	}
	return false;
}

struct renames live_lines_new_names(struct live_lines *x)
{
	struct naming *n = &x->naming;
	uint32_t to, from;
	while (lines_next_union(x->live.lines, &n->joins_at, &to, &from))
		name_line(x, to);
	struct renames r = n->r;
	r.others_go = true;
	*n = (struct naming){0};
	x->names = *pseudonyms_now(&x->keys);
	owners_key(x->owners, &x->names);
	return r;
}

struct renames *live_lines_renamed(struct live_lines *x)
{
	struct renames *r = x->store ? owners_renames(x->owners) : NULL;
	return r && r->n ? r : NULL;
}

void live_lines_close(struct live_lines *x)
{
	if (x->syncing) {
		end_sync(x, true);
		end_work(x, true);
		begin_sync(x);
		end_sync(x, true);
		count(x);
	}
	errand_free(x->syncing);
	errand_free(x->working);
	owners_free(x->owners);
	whose_fini(&x->asker);
	session_store_close(x->store);
	renames_fini(&x->naming.r);
	keys_wipe(&x->keys);
	seal_wipe(&x->names, sizeof x->names);
	*x = (struct live_lines){0};
}
