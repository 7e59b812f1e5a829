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
	WAITS_BYTES = 256 << 20, /* for a disk that takes nothing */
	NAMES_A_TURN = 1024,     /* some milliseconds */
};
static const char writer_name[] = "sensor";

static void unsynced(struct live_lines *x)
{
	x->since_ms = x->unsynced++ ? x->since_ms : live_now_ms();
}

/* By the identifier's own name: lines_name has said already that it names its line. */
static struct subject called(
    const struct live_lines *x, uint32_t id, const struct pseudonym_key *key)
{
	const struct lines *lines = session_store_lines(x->store);
	char text[LINE_TEXT];
	struct line_id name;
	lines_get(lines, id, &name);
	line_id_text(&name, text);
	return pseudonym_of(key, span_of(text), lines_flags(lines, id));
}

/* What was named by one identifier under a key is named by another under the next one. */
static void rename_line(const struct live_lines *x, uint32_t was,
    const struct pseudonym_key *was_key, uint32_t is, const struct pseudonym_key *is_key,
    struct renames *r)
{
	struct subject s = called(x, was, was_key), t = called(x, is, is_key);
	renames_add(r, &s, &t);
}

static void name_line(struct live_lines *x, uint32_t id)
{
	rename_line(x, id, &x->names, id, pseudonyms_now(&x->keys), &x->naming.r);
}

/* The line may be new, where the naming has been already. */
static void name_holder(struct live_lines *x, uint32_t id)
{
	const struct lines *lines = session_store_lines(x->store);
	struct line_id name;
	lines_name(lines, id, &name);
	uint32_t best = lines_find(lines, &name);
	if (best)
		name_line(x, best);
}

static void heard(void *arg, const struct interval *v)
{
	struct live_lines *x = arg;
	unsynced(x);
	if (x->owners)
		owners_told(x->owners, v);
	if (x->naming.on && v->holder == HOLDER_LINE && v->line)
		name_holder(x, v->line);
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
	struct session_store_options o = {.sessions = *settings_sessions(x->l->settings),
	    .lines = settings_lines(x->l->settings),
	    .state = x->l->folder,
	    .writer = writer_name,
	    .retention_ms = x->l->o->retention_ms,
	    .memory_bytes = SORT_BYTES,
	    .heard = heard,
	    .heard_arg = x};
	struct text told = {0};
	int bad = session_store_open(&x->store, &o, live_now_ms(), &told, e);
	say_lines(&told);
	return bad;
}

/* What was open when the index was opened is asked about at once. */
static void open_owners(struct live_lines *x, struct detnat_sets *nats, struct stages *stages)
{
	x->names = *pseudonyms_now(&x->keys);
	uint32_t skew_ms = (uint32_t)settings_attribute(x->l->settings)->skew_ms;
	x->live =
	    (struct whose_live){session_store_sessions(x->store), session_store_lines(x->store)};
	x->sources[0] = whose_live_source(&x->live);
	x->sources[1] = detnat_sets_source(nats);
	x->asker = (struct asker){.v = x->sources, .n = 2};
	x->owners = owners_new(&x->asker, skew_ms, &x->names);
	owners_live(x->owners, session_store_lines(x->store));
	stages_owners(stages, x->owners);
}

int live_lines_open(struct live_lines *x, const struct live *l, const struct seal_key *key,
    struct detnat_sets *nats, struct stages *stages, int64_t clock_ms, struct err *e)
{
	bool turned;
	*x = (struct live_lines){.l = l, .key = key};
	if (!l->sessions)
		return ERR_OK;
	if (!clock_ms && !l->o->replay)
		clock_ms = live_now_ms();
	int bad = keys_open(l->folder, key, clock_ms, &x->keys, &turned, e);
	bad = bad ? bad : open_store(x, e);
	if (bad)
		return bad;
	open_owners(x, nats, stages);
	x->syncing = errand_new();
	x->working = errand_new();
	atomic_store(&l->board->session_turn_at, ring_taken_at(l->sessions));
	atomic_fetch_add(&l->board->session_turn, 1);
	live_say("%u sessions held", sessions_table(x->live.sessions)->used);
	return ERR_OK;
}

/* Where an event is counted that is not taken: with the source or exporter that told it. */
static _Atomic uint64_t *drop_of(
    struct live_board *b, const struct session *s, enum live_origin origin, enum live_drop why)
{
	size_t i = s->exporter - 1u;
	if (origin == OF_SOURCE && i < LIVE_SOURCES_MAX)
		return &b->source[i].drop[why];
	return origin == OF_EXPORTER && i < LIVE_EXPORTERS_MAX ? &b->exporter[i].drop[why] : NULL;
}

/* LIVE_DROPS: it can be taken. */
static enum live_drop why_not(
    const struct live_lines *x, struct live_clock *c, const struct session *s, int64_t received_ms)
{
	if (session_check(s) != ERR_OK)
		return DROP_REFUSED;
	if (!live_clock_session(c, s, received_ms))
		return DROP_CLOCK;
	bool full = x->failing && session_store_waiting(x->store) > WAITS_BYTES;
	return full ? DROP_LOG : LIVE_DROPS;
}

static void refuse(
    struct live_lines *x, const struct session *s, enum live_origin origin, enum live_drop why)
{
	struct live_board *b = x->l->board;
	_Atomic uint64_t *const all[LIVE_DROPS] = {[DROP_REFUSED] = &b->refused,
	    [DROP_CLOCK] = &b->wrong_clock,
	    [DROP_LOG] = &b->log_drops};
	_Atomic uint64_t *one = drop_of(b, s, origin, why);
	live_add(all[why], 1);
	if (one)
		live_add(one, 1);
}

void live_lines_take(struct live_lines *x, struct live_clock *c, const struct batch *b,
    int64_t received_ms, enum live_origin origin)
{
	for (size_t i = 0; x->store && i < b->session_n; i++) {
		const struct session *s = &b->sessions[i];
		enum live_drop why = why_not(x, c, s, received_ms);
		if (why != LIVE_DROPS) {
			refuse(x, s, origin, why);
			continue;
		}
		session_store_event(x->store, s);
		live_add(&x->l->board->sessions_taken, 1);
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
	unsynced(x); /* what was written waits once more */
	live_add(&x->l->board->session_troubles, 1);
}

/* The clock may have been set back meanwhile. */
static bool is_again(const struct live_lines *x, int64_t wall_ms)
{
	return wall_ms >= x->again_ms || x->again_ms - wall_ms > AGAIN_MS;
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
	x->unsynced = 0;
	if (session_store_write(x->store, &x->fd, &e)) {
		trouble(x, e.msg);
		return;
	}
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
	x->naming.changes_at = 0;
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
	if (session_store_due(x->store, now_ms) && !errand_busy(x->working) && is_again(x, wall_ms))
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

/* Also where no event of those that came was taken: whoever sent them waits all the same. */
static bool is_sync_due(const struct live_lines *x, int64_t wall_ms)
{
	bool waits = x->unsynced || ring_taken_at(x->l->sessions) != x->flight_at;
	bool due =
	    x->unsynced >= SYNC_N || wall_ms - x->since_ms >= SYNC_MS || wall_ms < x->since_ms;
	return waits && due && (!x->failing || is_again(x, wall_ms));
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
	if (is_sync_due(x, wall_ms) && !errand_busy(x->syncing))
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
	const struct lines *lines = x->live.lines;
	struct line_change c;
	if (!x->store || epoch == LIVE_LINES_NO_EPOCH)
		return false;
	for (size_t i = 0; i < x->keys.n; i++)
		if (x->keys.live[i].epoch == epoch)
			before = &x->keys.live[i];
	if (!before)
		live_say("the keys of the pseudonyms in the state are gone: its lines are "
			 "forgotten");
	r->others_go = epoch != live_lines_epoch(x);
	for (uint32_t at = 0; before && r->others_go && lines_next_line(lines, &at);)
		rename_line(x, at, before, at, &x->names, r);
	for (size_t at = 0; before && lines_next_change(lines, &at, &c);)
		rename_line(x, c.was, before, c.is, &x->names, r);
	return r->others_go || r->n;
}

/* The fresh key is on the disk beside the old one before anything is called by it. */
static void begin_naming(struct live_lines *x, int64_t clock_ms)
{
	bool turned;
	struct err e;
	struct line_change c;
	struct naming *n = &x->naming;
	if (x->key_failing && !is_again(x, live_now_ms()))
		return;
	x->key_failing = keys_turn(x->l->folder, x->key, clock_ms, &x->keys, &turned, &e) != ERR_OK;
	if (x->key_failing) {
		live_say("lines keep their names of last week: %s", e.msg);
		x->again_ms = live_now_ms() + AGAIN_MS;
		return;
	}
	*n = (struct naming){.on = true, .disputed = lines_counted(x->live.lines)->disputed};
	while (lines_next_change(x->live.lines, &n->changes_at, &c))
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
	struct line_change c;
	while (lines_next_change(x->live.lines, &n->changes_at, &c))
		name_line(x, c.is);
	struct renames r = n->r;
	r.others_go = true;
	*n = (struct naming){0};
	x->names = *pseudonyms_now(&x->keys);
	owners_key(x->owners, &x->names);
	return r;
}

struct renames *live_lines_renamed(struct live_lines *x, int64_t every_ms)
{
	struct renames *r = x->store ? owners_renames(x->owners) : NULL;
	if (!r || !r->n)
		return NULL;
	int64_t now_ms = live_now_ms();
	uint64_t disputed = lines_counted(x->live.lines)->disputed;
	if (disputed == x->disputed && now_ms >= x->renamed_ms && now_ms - x->renamed_ms < every_ms)
		return NULL;
	x->disputed = disputed;
	x->renamed_ms = now_ms;
	return r;
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
