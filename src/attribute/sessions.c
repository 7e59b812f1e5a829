/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events -> intervals: see sessions.h. */
#include "attribute/sessions.h"
#include "base/mem.h"
#include <stdlib.h>

enum { SWEEP_STEP = 4, FORGET_LOOK = 64, STALE_INTERIMS = 3 };

const struct opt_row sessions_rows[] = {
    {"room", OPT_UINT, offsetof(struct sessions_options, room), 1024, 1 << 28, "sessions",
	"16777216", "sessions and port blocks kept at a time; memory is taken as they come"},
    {"keep", OPT_SPAN, offsetof(struct sessions_options, keep_ms), 60, 86400, "s", "1 h",
	"how long a session that ended stays in memory"},
    {"reorder", OPT_SPAN, offsetof(struct sessions_options, reorder_ms), 0, 600, "s", "2 s",
	"how far session records come out of order"},
    {"interim", OPT_SPAN, offsetof(struct sessions_options, interim_ms), 1, 604800, "s", "1 h",
	"how often a NAS says again that a session lasts; after three of these it is stale"},
};
const size_t sessions_rows_n = sizeof sessions_rows / sizeof *sessions_rows;

struct sessions {
	struct sessions_options o;
	struct hash_key key; /* of sessions and NASes */
	struct lines *lines; /* borrowed */
	struct held_table table;
	struct reorder order;
	struct sessions_counts counts;
	int64_t now_ms; /* of events, never goes back */
	int64_t seen_at_ms;
};

/* One event on its way. */
struct act {
	struct sessions *s;
	const struct session *event;
	struct tolds *out;
	struct interval v; /* what it says */
	uint64_t digest, session;
	uint32_t nas;
	int64_t ms;
};

struct sessions *sessions_new(const struct sessions_options *o, struct lines *lines)
{
	struct sessions *s = mem_new(1, sizeof *s);
	s->o = *o;
	s->lines = lines;
	s->key = hash_key_random();
	s->order.wait_ms = o->reorder_ms;
	held_init(&s->table, o->room);
	return s;
}

void sessions_set_key(struct sessions *s, const struct hash_key *key)
{
	s->key = *key;
}

void sessions_seen_at(struct sessions *s, int64_t ms)
{
	s->seen_at_ms = ms;
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	held_fini(&s->table);
	reorder_fini(&s->order);
	free(s);
}

static void tell(struct tolds *out, const struct held *h, bool fresh)
{
	if (out->n == out->cap) {
		out->cap = out->cap ? out->cap * 2 : 64;
		out->v = mem_grow(out->v, out->cap, sizeof *out->v);
	}
	out->v[out->n++] = (struct told){h->v, h->seen_ms, h->session, h->nas, h->interims, fresh};
}

static void forget(struct sessions *s, uint32_t i)
{
	if (s->table.v[i].v.holder == HOLDER_LINE)
		lines_release(s->lines, s->table.v[i].v.line);
	held_drop(&s->table, i);
}

/* Whether it may still be asked for or put right. */
static bool is_kept(const struct sessions *s, const struct held *h, int64_t ms)
{
	return h->v.t1_ms == INTERVAL_EVER_MS || h->v.t1_ms + s->o.keep_ms >= ms;
}

static uint32_t hand_on(struct held_table *t)
{
	t->hand = t->hand + 1 < t->n ? t->hand + 1 : 1;
	return t->hand;
}

/* A few steps round the table with each event: what ended long ago goes. */
static void sweep(struct sessions *s)
{
	for (unsigned i = 0; i < SWEEP_STEP && s->table.n > 1; i++) {
		uint32_t at = hand_on(&s->table);
		if (s->table.v[at].used && !is_kept(s, &s->table.v[at], s->now_ms))
			forget(s, at);
	}
}

/* The table is full: of the next few the one that was not heard of for longest gives way. */
static void make_room(struct sessions *s)
{
	uint32_t oldest = 0;
	for (unsigned i = 0; i < FORGET_LOOK; i++) {
		uint32_t at = hand_on(&s->table);
		const struct held *h = &s->table.v[at];
		if (h->used && (!oldest || h->seen_ms < s->table.v[oldest].seen_ms))
			oldest = at;
	}
	if (oldest)
		forget(s, oldest);
	s->counts.dropped++;
}

static void keep(struct sessions *s, const struct held *h)
{
	uint32_t i = held_add(&s->table, h);
	for (unsigned tries = 0; !i && tries < 4; tries++) {
		make_room(s);
		i = held_add(&s->table, h);
	}
	if (i && h->v.holder == HOLDER_LINE)
		lines_hold(s->lines, h->v.line);
}

/* How long it is sure what an interval says. */
static int64_t sure_of(const struct sessions *s, const struct held *h)
{
	int64_t stale_ms = h->seen_ms + STALE_INTERIMS * s->o.interim_ms;
	bool by_sight = h->interims && h->v.end != SESSION_TOLD && h->v.end != SESSION_UNTIL;
	return by_sight && stale_ms < h->v.t1_ms ? stale_ms : h->v.t1_ms;
}

static void changed(struct act *a, struct held *h, bool fresh)
{
	int64_t sure_ms = sure_of(a->s, h);
	bool unsure = h->v.end == SESSION_INFERRED && h->v.sure_ms < sure_ms; /* see infer_end */
	h->v.sure_ms = unsure ? h->v.sure_ms : sure_ms;
	tell(a->out, h, fresh);
}

static bool is_open(const struct held *h, int64_t ms)
{
	return h->v.t1_ms == INTERVAL_EVER_MS || (h->v.end == SESSION_UNTIL && h->v.t1_ms > ms);
}

static void end(struct act *a, struct held *h, uint8_t edge, int64_t ms)
{
	bool put_right =
	    h->v.end == SESSION_INFERRED; /* files that took it as over do not have it */
	a->s->counts.closed += !put_right;
	a->s->counts.inferred += edge == SESSION_INFERRED;
	h->v.end = edge;
	h->v.t1_ms = ms > h->v.t0_ms ? ms : h->v.t0_ms;
	h->v.ended = a->digest;
	h->v.sure_ms = h->v.t1_ms;
	changed(a, h, put_right);
}

/* Whether a session that goes on elsewhere would end what h holds: a NAS knows its own, and an
 * outside address belongs to one NAT. */
static bool is_rival(const struct act *a, const struct held *h)
{
	bool same_source =
	    a->v.holder == h->v.holder && (a->v.holder == HOLDER_INSIDE || a->nas == h->nas);
	return same_source && a->v.proto == h->v.proto && interval_overlaps(&a->v, &h->v);
}

/* Whether h is of the session, or without one of the holder, that the event speaks of. An end that
 * names nobody speaks of whoever is there. */
static bool is_party(const struct act *a, const struct held *h)
{
	const struct lines *l = a->s->lines;
	bool same_kind = a->v.holder == h->v.holder, same_nas = a->nas == h->nas;
	if (a->v.holder == HOLDER_LINE && !a->v.line && !a->session &&
	    a->event->end == SESSION_TOLD)
		return same_kind && same_nas;
	if (a->session || h->session)
		return a->session == h->session;
	if (!same_kind || a->v.holder == HOLDER_INSIDE)
		return same_kind && interval_same_holder(&a->v, &h->v);
	return same_nas && lines_of(l, a->v.line) == lines_of(l, h->v.line);
}

static bool is_own(const struct act *a, const struct held *h)
{
	return is_party(a, h) && interval_same_held(&a->v, &h->v);
}

/* What stands at the event's address and ports, one after the other: in the cell of the whole
 * address, in those of 256 ports, in those of single ports. */
struct around {
	struct held_walk walk;
	uint32_t cell, next; /* this one, and the one after it; CELL_N: none */
};

static struct around around_of(void)
{
	return (struct around){.cell = CELL_N, .next = CELL_ALL};
}

static uint32_t cell_after(const struct act *a, uint32_t cell)
{
	const struct held_table *t = &a->s->table;
	uint32_t first = a->v.port_first, last = a->v.port_last;
	if (!interval_has_ports(&a->v))
		return CELL_N;
	if (cell == CELL_ALL && held_classes(t, &a->v.addr, a->v.bits)[1])
		return CELL_RANGE + (first >> 8);
	if (cell >= CELL_RANGE && cell < CELL_RANGE + (last >> 8))
		return cell + 1;
	if (cell < CELL_PORT) {
		const struct held_shared *s = held_shared_of(t, a->v.realm, &a->v.addr);
		return s && s->single_n ? CELL_PORT + first : CELL_N;
	}
	return cell < CELL_PORT + last ? cell + 1 : CELL_N;
}

/* An interval over several cells is met in the first one only. */
static bool is_first_meeting(const struct act *a, const struct around *r, const struct held *h)
{
	if (r->cell < CELL_RANGE || r->cell >= CELL_PORT)
		return true;
	uint32_t own = h->v.port_first >> 8, from = a->v.port_first >> 8;
	return r->cell - CELL_RANGE == (own > from ? own : from);
}

static struct held *next_around(const struct act *a, struct around *r)
{
	struct held_table *t = &a->s->table;
	for (;;) {
		uint32_t i = held_next(t, &r->walk);
		if (!i && r->next == CELL_N)
			return NULL;
		if (!i) {
			r->cell = r->next;
			r->next = cell_after(a, r->cell);
			r->walk = held_first(
			    t, held_cell_hash(t, a->v.realm, &a->v.addr, a->v.bits, r->cell));
			continue;
		}
		struct held *h = &t->v[i];
		uint32_t cells[INTERVAL_CELLS];
		if (!interval_same_place(&h->v, &a->v) || !is_kept(a->s, h, a->ms))
			continue;
		size_t n = interval_cells(&h->v, cells);
		if (r->cell >= cells[0] && r->cell <= cells[n - 1] && is_first_meeting(a, r, h))
			return h;
	}
}

/* The event's session goes on from v.t0: what others of its kind held there before is over, what
 * begins later ends it. last_ms: when it was surely held for the last time. */
static void settle(struct act *a, int64_t last_ms)
{
	struct held *h;
	for (struct around r = around_of(); (h = next_around(a, &r));) {
		if (is_own(a, h) || !is_rival(a, h) || h->v.t1_ms <= a->v.t0_ms)
			continue;
		bool open_ended = h->v.end != SESSION_TOLD;
		if (h->v.t0_ms < a->v.t0_ms && open_ended && h->seen_ms <= a->v.t0_ms) {
			int64_t seen_ms = h->seen_ms;
			end(a, h, SESSION_INFERRED, a->v.t0_ms);
			if (a->v.begin == SESSION_SEEN) {
				h->v.sure_ms = seen_ms;
				a->out->v[a->out->n - 1].v.sure_ms = seen_ms;
			}
		} else if (h->v.t0_ms > a->v.t0_ms && a->v.end != SESSION_TOLD &&
			   last_ms <= h->v.t0_ms && h->v.t0_ms < a->v.t1_ms) {
			a->v.end = SESSION_INFERRED;
			a->v.t1_ms = h->v.t0_ms;
			a->v.ended = h->v.began;
		} else if (h->v.t0_ms < a->v.t1_ms) {
			a->s->counts.unclear++;
		}
	}
}

static void open_new(struct act *a, bool interims)
{
	settle(a, interims ? a->ms : a->v.t0_ms);
	struct held h = {.v = a->v,
	    .seen_ms = interims ? a->ms : a->v.t0_ms,
	    .known_ms = a->ms,
	    .session = a->session,
	    .nas = a->nas,
	    .interims = interims};
	h.v.began = a->digest;
	if (h.v.end == SESSION_TOLD)
		h.v.ended = a->digest;
	if (a->v.end == SESSION_OPEN && interims)
		h.v.end = SESSION_SEEN;
	h.v.sure_ms = sure_of(a->s, &h);
	a->s->counts.opened++;
	a->s->counts.closed += h.v.t1_ms != INTERVAL_EVER_MS && h.v.end != SESSION_UNTIL;
	a->s->counts.inferred += h.v.end == SESSION_INFERRED;
	keep(a->s, &h);
	tell(a->out, &h, true);
}

/* It is said again, or renewed. */
static void go_on(struct act *a, struct held *h, bool interims)
{
	h->seen_ms = a->ms > h->seen_ms ? a->ms : h->seen_ms;
	h->interims |= interims;
	if (h->v.end == SESSION_OPEN && interims)
		h->v.end = SESSION_SEEN;
	if (a->v.end == SESSION_UNTIL && a->v.t1_ms > h->v.t1_ms)
		h->v.t1_ms = a->v.t1_ms;
	changed(a, h, false);
}

/* Of the event's own session: the one that is open, else the one that ended last. */
struct own {
	struct held *open, *over;
};

static void meet_own(const struct act *a, struct held *h, struct own *own)
{
	if (!is_kept(a->s, h, a->ms))
		return;
	if (is_open(h, a->ms))
		own->open = h;
	else if (!own->over || h->v.t1_ms > own->over->v.t1_ms)
		own->over = h;
}

static struct own find_own(const struct act *a)
{
	struct held_table *t = &a->s->table;
	struct own own = {0};
	struct held *h;
	if (a->session) {
		for (uint32_t i = held_of_session(t, a->session); i; i = t->v[i].session_next)
			if (is_own(a, &t->v[i]))
				meet_own(a, &t->v[i], &own);
		return own;
	}
	for (struct around r = around_of(); (h = next_around(a, &r));)
		if (is_own(a, h))
			meet_own(a, h, &own);
	return own;
}

static void begin(struct act *a)
{
	struct own own = find_own(a);
	if (own.open && a->v.t0_ms <= own.open->v.t0_ms && a->v.end != SESSION_UNTIL) {
		a->s->counts.again++;
	} else if (own.open) {
		a->s->counts.again += a->v.end != SESSION_UNTIL;
		go_on(a, own.open, false);
	} else if (own.over && own.over->v.t0_ms == a->v.t0_ms) {
		a->s->counts.again++;
	} else {
		open_new(a, false);
	}
}

/* Whether the session was known before this event, though not to hold this. When it came to hold
 * it is then not known: the session's own begin says nothing of that. */
static bool joined_later(const struct act *a)
{
	const struct held_table *t = &a->s->table;
	for (uint32_t i = a->session ? held_of_session(t, a->session) : 0; i;
	     i = t->v[i].session_next)
		if (t->v[i].session == a->session && t->v[i].known_ms < a->ms &&
		    is_kept(a->s, &t->v[i], a->ms))
			return true;
	return false;
}

static void still_held(struct act *a)
{
	struct own own = find_own(a);
	if (own.open) {
		a->s->counts.again++;
		go_on(a, own.open, true);
		return;
	}
	if (own.over && own.over->v.t1_ms > a->ms) { /* it came late */
		a->s->counts.again++;
		return;
	}
	a->v.t1_ms = a->v.sure_ms = INTERVAL_EVER_MS;
	a->v.end = SESSION_OPEN;
	if (own.over && own.over->v.end != SESSION_UNTIL) {
		a->v.t0_ms = own.over->v.t1_ms;
		a->v.begin = SESSION_INFERRED;
	} else if (!a->v.t0_ms || a->v.begin == SESSION_SEEN || joined_later(a)) {
		a->v.t0_ms = a->ms;
		a->v.begin = SESSION_SEEN;
	}
	open_new(a, true);
}

/* An end closes its own session, and of a NAT all that lies within its ports. Which session ended
 * before, if none was open, is for the caller to judge. */
static size_t close_own(struct act *a, struct held **over)
{
	size_t n = 0;
	struct held *h;
	for (struct around r = around_of(); (h = next_around(a, &r));) {
		if (!is_party(a, h) || !interval_within(&h->v, &a->v) || h->v.t0_ms > a->ms)
			continue;
		if (is_open(h, a->ms)) {
			end(a, h, SESSION_TOLD, a->ms);
			n++;
		} else if (!*over || h->v.t1_ms > (*over)->v.t1_ms) {
			*over = h;
		}
	}
	return n;
}

static void ended(struct act *a)
{
	struct held *over = NULL;
	if (close_own(a, &over))
		return;
	if (over && over->v.end == SESSION_INFERRED)
		end(a, over, SESSION_TOLD, a->ms);
	else if (over)
		a->s->counts.again++;
	else if (a->v.t0_ms && !joined_later(a))
		open_new(a, false);
	else
		a->s->counts.unknown_ends++;
}

/* An event without an address speaks of all that its session holds. */
static void all_of_session(struct act *a)
{
	struct held_table *t = &a->s->table;
	for (uint32_t i = held_of_session(t, a->session), next; i; i = next) {
		struct held *h = &t->v[i];
		next = h->session_next;
		if (h->session != a->session || h->v.t0_ms > a->ms)
			continue;
		bool ends = a->event->end == SESSION_TOLD;
		if (ends && (is_open(h, a->ms) || h->v.end == SESSION_INFERRED))
			end(a, h, SESSION_TOLD, a->ms);
		else if (!ends && is_open(h, a->ms))
			go_on(a, h, a->event->end == SESSION_SEEN);
	}
}

static void all_of_nas(struct act *a)
{
	struct held_table *t = &a->s->table;
	for (uint32_t i = held_of_nas(t, a->nas); i; i = t->v[i].nas_next) {
		struct held *h = &t->v[i];
		if (h->nas == a->nas && is_open(h, a->ms) && h->v.t0_ms < a->ms)
			end(a, h, SESSION_INFERRED, a->ms);
	}
}

static uint64_t key_of(
    const struct sessions *s, const enum session_id *kinds, size_t n, const struct session_ids *ids)
{
	uint8_t room[SESSION_IDS_MAX];
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		struct span v = session_ids_get(ids, kinds[i]);
		room[at++] = (uint8_t)v.n;
		if (v.n)
			memcpy(room + at, v.p, v.n);
		at += v.n;
	}
	uint64_t h = hash_bytes(&s->key, room, at).a;
	return h ? h : 1;
}

/* Which session and NAS, and whose line. */
static void read_ids(struct act *a)
{
	static const enum session_id session[] = {SESSION_NAS, SESSION_KEY, SESSION_DUID};
	const struct session_ids *ids = &a->event->ids;
	if (session_ids_get(ids, SESSION_KEY).n)
		a->session = key_of(a->s, session, 3, ids);
	if (session_ids_get(ids, SESSION_NAS).n)
		a->nas = (uint32_t)key_of(a->s, session, 1, ids) | 1;
	if (a->v.holder == HOLDER_LINE)
		a->v.line = lines_enter(a->s->lines, ids, a->event->flags,
		    a->ms > a->s->seen_at_ms ? a->ms : a->s->seen_at_ms);
}

static void apply(struct sessions *s, const struct session *event, struct tolds *out)
{
	struct act a = {.s = s, .event = event, .out = out, .v = interval_of(event)};
	a.ms = session_event_ms(event);
	a.digest = session_digest(event);
	s->counts.events++;
	s->now_ms = a.ms > s->now_ms ? a.ms : s->now_ms;
	read_ids(&a);
	bool seen = event->end == SESSION_SEEN ||
		    (event->begin == SESSION_SEEN && event->end == SESSION_OPEN);
	if (event->kind == SESSION_RESET)
		all_of_nas(&a);
	else if (addr_is_zero(&event->held.addr))
		all_of_session(&a);
	else if (seen)
		still_held(&a);
	else if (event->end == SESSION_TOLD)
		ended(&a);
	else
		begin(&a);
	sweep(s);
}

static void drain(struct sessions *s, bool all, struct tolds *out)
{
	const struct session *event;
	while ((event = reorder_take(&s->order, all)))
		apply(s, event, out);
}

void sessions_event(struct sessions *s, const struct session *event, struct tolds *out)
{
	reorder_put(&s->order, event);
	drain(s, false, out);
}

void sessions_advance(struct sessions *s, int64_t now_ms, struct tolds *out)
{
	reorder_advance(&s->order, now_ms);
	drain(s, false, out);
	s->now_ms = now_ms > s->now_ms ? now_ms : s->now_ms;
	sweep(s);
}

void sessions_flush(struct sessions *s, struct tolds *out)
{
	drain(s, true, out);
}

void sessions_forget(struct sessions *s, int64_t before_ms)
{
	for (uint32_t i = 1; i < s->table.n; i++)
		if (s->table.v[i].used && s->table.v[i].v.t1_ms <= before_ms)
			forget(s, i);
}

void sessions_restore(struct sessions *s, const struct told *t)
{
	struct act a = {.s = s, .v = t->v, .ms = INT64_MIN};
	struct held h = {.v = t->v,
	    .seen_ms = t->seen_ms,
	    .known_ms = t->v.t0_ms,
	    .session = t->session,
	    .nas = t->nas,
	    .interims = t->interims};
	struct held *known;
	for (struct around r = around_of(); (known = next_around(&a, &r));) {
		if (!interval_is(&known->v, &t->v))
			continue;
		if (interval_newer(&t->v, &known->v))
			known->v = t->v;
		known->seen_ms = t->seen_ms > known->seen_ms ? t->seen_ms : known->seen_ms;
		known->interims |= t->interims;
		return;
	}
	keep(s, &h);
}

bool sessions_next_open(const struct sessions *s, uint32_t *at, int64_t now_ms, struct told *t)
{
	while (++*at < s->table.n) {
		const struct held *h = &s->table.v[*at];
		if (!h->used || !is_open(h, now_ms))
			continue;
		*t = (struct told){h->v, h->seen_ms, h->session, h->nas, h->interims, false};
		return true;
	}
	return false;
}

const struct reorder *sessions_waiting(const struct sessions *s)
{
	return &s->order;
}

const struct sessions_counts *sessions_counted(const struct sessions *s)
{
	return &s->counts;
}

const struct held_table *sessions_table(const struct sessions *s)
{
	return &s->table;
}
