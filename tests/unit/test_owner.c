/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A1 A2 A5: whose line the end of a contact was, asked again and again. */
#include "attribute/attribute.h"
#include "base/rand.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0      INT64_C(1767225600000)
#define SKEW_MS 2000

struct book {
	struct lines *lines;
	struct sessions *sessions;
	struct whose_live live;
	struct whose_source source;
	struct asker asker;
	struct owners *owners;
	struct tolds told;
};

static void book_open(struct book *b, const struct pseudonym_key *key)
{
	struct sessions_options o;
	memset(b, 0, sizeof *b);
	opt_defaults(sessions_rows, sessions_rows_n, &o);
	o.keep_ms = INT64_MAX / 4;
	o.room = 65536;
	o.interim_ms = 120000;
	b->lines = lines_new(4096);
	b->sessions = sessions_new(&o, b->lines);
	b->live = (struct whose_live){b->sessions, b->lines};
	b->source = whose_live_source(&b->live);
	b->asker = (struct asker){.v = &b->source, .n = 1};
	b->owners = owners_new(&b->asker, SKEW_MS, key);
}

static void book_close(struct book *b)
{
	owners_free(b->owners);
	whose_fini(&b->asker);
	sessions_free(b->sessions);
	lines_free(b->lines);
	free(b->told.v);
}

/* user holds the address, or block 0.. of ports of it, between two seconds. */
static void hold(struct book *b, uint32_t addr, uint32_t inside, unsigned first, unsigned last,
    const char *user, int from_s, int to_s)
{
	struct session s = {.held = {addr_v4(addr), 128},
	    .t0_ms = T0 + from_s * 1000,
	    .t1_ms = T0 + to_s * 1000,
	    .begin = SESSION_TOLD,
	    .end = SESSION_TOLD,
	    .port_first = (uint16_t)first,
	    .port_last = (uint16_t)last,
	    .port_step = 1,
	    .kind = inside ? SESSION_BINDING : SESSION_LEASE};
	if (inside)
		s.holder.addr = addr_v4(inside);
	else
		assert_int_equal(session_ids_add(&s.ids, SESSION_USER, span_of(user)), ERR_OK);
	assert_int_equal(session_check(&s), ERR_OK);
	sessions_event(b->sessions, &s, &b->told);
}

static enum whose of(
    struct book *b, uint32_t addr, unsigned port, int64_t from_ms, int64_t to_ms, struct subject *s)
{
	struct question q = {.addr = addr_v4(addr), .port = (uint16_t)port, .proto = PROTO_TCP};
	return owners_of(b->owners, &q, T0 + from_ms, T0 + to_ms, s);
}

static const char *name(const struct book *b, const struct subject *s)
{
	const char *text = owners_name(b->owners, s);
	return text ? text : "";
}

#define HOME    0x0a000001u
#define OUTSIDE 0xcb007105u
#define BEHIND  0x64400114u

static void who_held_it_then_and_all_the_time(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	book_open(&b, NULL);
	hold(&b, HOME, 0, 0, 0, "alice", 0, 3600);
	hold(&b, HOME, 0, 0, 0, "bob", 3700, 7200);
	sessions_flush(b.sessions, &b.told);
	const struct {
		int64_t from_ms, to_ms;
		enum whose kind;
		const char *line;
	} rows[] = {
	    {600000, 601000, WHOSE_EXACT, "user:alice"},
	    {600500, 600500, WHOSE_EXACT, "user:alice"}, /* remembered */
	    {4000000, 4001000, WHOSE_EXACT, "user:bob"},
	    {2900000, 3500000, WHOSE_EXACT, "user:alice"}, /* longer than is remembered */
	    {3650000, 3650000, WHOSE_UNKNOWN, ""},         /* between the two */
	    {3590000, 3650000, WHOSE_AMBIGUOUS, ""},       /* goes on when nobody holds it */
	    {3500000, 3800000, WHOSE_AMBIGUOUS, ""},       /* spans the handover */
	    {9000000, 9000000, WHOSE_UNKNOWN, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum whose kind = of(&b, HOME, 443, rows[i].from_ms, rows[i].to_ms, &s);
		assert_int_equal(kind, rows[i].kind);
		if (kind == WHOSE_EXACT)
			assert_string_equal(name(&b, &s), rows[i].line);
	}
	book_close(&b);
}

static void ports_of_a_shared_address_are_told_apart(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	book_open(&b, NULL);
	hold(&b, BEHIND, 0, 0, 0, "alice", 0, 7200);
	hold(&b, BEHIND + 1, 0, 0, 0, "bob", 0, 7200);
	hold(&b, OUTSIDE, BEHIND, 1024, 1151, NULL, 0, 7200); /* half a group that is remembered */
	hold(&b, OUTSIDE, BEHIND + 1, 1152, 2047, NULL, 0, 7200);
	sessions_flush(b.sessions, &b.told);
	for (int again = 0; again < 2; again++)
		for (unsigned port = 1020; port < 2052; port++) {
			enum whose kind = of(&b, OUTSIDE, port, 600000, 601000, &s);
			bool held = port >= 1024 && port <= 2047;
			assert_int_equal(kind, held ? WHOSE_EXACT : WHOSE_UNKNOWN);
			if (held)
				assert_string_equal(
				    name(&b, &s), port < 1152 ? "user:alice" : "user:bob");
		}
	assert_int_equal(of(&b, OUTSIDE, 0, 600000, 601000, &s), WHOSE_AMBIGUOUS);
	book_close(&b);
}

/* What is remembered never differs from what is asked anew. */
static void memory_changes_no_answer(void **state)
{
	(void)state;
	enum { ADDRS = 8, HANDOVERS = 40, ASKED = TRIALS(20000) };
	struct book b;
	struct rand r = rand_of(7, 1);
	book_open(&b, NULL);
	for (uint32_t i = 0; i < ADDRS; i++)
		for (int k = 0, at_s = 0; k < HANDOVERS; k++) {
			char user[16];
			int to_s = at_s + 30 + (int)(rand_u64(&r) % 900);
			(void)snprintf(user, sizeof user, "u%u", (unsigned)(rand_u64(&r) % 50));
			hold(&b, HOME + i, 0, 0, 0, user, at_s, to_s);
			at_s = to_s + (int)(rand_u64(&r) % 3) * 20;
		}
	sessions_flush(b.sessions, &b.told);
	for (int i = 0; i < ASKED; i++) {
		uint32_t addr = HOME + (uint32_t)(rand_u64(&r) % ADDRS);
		int64_t from_ms = (int64_t)(rand_u64(&r) % 20000000),
			to_ms = from_ms + (int64_t)(rand_u64(&r) % 5000);
		struct subject s, fresh_s;
		struct owners *fresh = owners_new(&b.asker, SKEW_MS, NULL);
		struct question q = {.addr = addr_v4(addr), .proto = PROTO_UDP};
		enum whose kind = of(&b, addr, 0, from_ms, to_ms, &s);
		struct answer a;
		q.at_ms = T0 + from_ms;
		q.skew_ms = 0;
		whose_ask(&b.asker, &q, &a);
		if (kind == WHOSE_EXACT) { /* at its begin somebody held it, and was that line */
			char text[LINE_TEXT];
			assert_int_equal(a.kind, WHOSE_EXACT);
			whose_name(&b.asker, &a, 0, text);
			assert_string_equal(text, name(&b, &s));
			assert_int_equal(
			    owners_of(fresh, &q, T0 + from_ms, T0 + to_ms, &fresh_s), WHOSE_EXACT);
			assert_memory_equal(&s.id, &fresh_s.id, sizeof s.id);
		}
		owners_free(fresh);
	}
	book_close(&b);
}

static void pseudonyms_name_nobody(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	struct pseudonym_key key = {.k = {1, 2, 3}};
	book_open(&b, &key);
	hold(&b, HOME, 0, 0, 0, "alice", 0, 3600);
	sessions_flush(b.sessions, &b.told);
	assert_int_equal(of(&b, HOME, 0, 600000, 601000, &s), WHOSE_EXACT);
	assert_null(owners_name(b.owners, &s));
	struct subject want = pseudonym_of(&key, span_of("user:alice"), 0);
	assert_true(subject_same(&s, &want));
	book_close(&b);
}

static const struct pseudonym_key week = {2900, {1, 2, 3}};

/* An event at a second; mac may be NULL. What became of it is told to the owners. */
static void event(struct book *b, struct session *s, const char *user, const char *mac)
{
	if (user)
		assert_int_equal(session_ids_add(&s->ids, SESSION_USER, span_of(user)), ERR_OK);
	if (mac)
		assert_int_equal(session_ids_add(&s->ids, SESSION_MAC, span_of(mac)), ERR_OK);
	assert_int_equal(session_ids_add(&s->ids, SESSION_NAS, span_of("nas")), ERR_OK);
	assert_int_equal(session_check(s), ERR_OK);
	sessions_event(b->sessions, s, &b->told);
	sessions_flush(b->sessions, &b->told);
	for (size_t i = 0; i < b->told.n; i++)
		owners_told(b->owners, &b->told.v[i].v);
	b->told.n = 0;
	owners_joined(b->owners);
}

static struct session lease(uint32_t addr, int at_s, bool ends)
{
	struct session s = {.held = {addr_v4(addr), 128}, .kind = SESSION_LEASE, .port_step = 1};
	s.begin = ends ? SESSION_OPEN : SESSION_TOLD;
	s.end = ends ? SESSION_TOLD : SESSION_OPEN;
	s.t0_ms = ends ? 0 : T0 + at_s * 1000;
	s.t1_ms = ends ? T0 + at_s * 1000 : 0;
	return s;
}

static void book_live(struct book *b)
{
	book_open(b, &week);
	owners_live(b->owners, b->lines);
}

static bool is_user(const struct subject *s, const char *line)
{
	struct subject want = pseudonym_of(&week, span_of(line), s->flags);
	return subject_same(s, &want);
}

/* The five minutes are remembered as alice's when she leaves in the middle of them. */
static void a_handover_corrects_what_is_remembered(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	book_live(&b);
	struct session start = lease(HOME, 0, false), stop = lease(HOME, 700, true),
		       next = lease(HOME, 705, false);
	event(&b, &start, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:alice"));
	event(&b, &stop, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_UNKNOWN);
	event(&b, &next, "bob", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:bob"));
	assert_int_equal(of(&b, HOME, 0, 650000, 651000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:alice"));
	assert_int_equal(of(&b, HOME, 0, 690000, 710000, &s), WHOSE_AMBIGUOUS);
	assert_int_equal(owners_renames(b.owners)->n, 0);
	book_close(&b);
}

/* Ports of a NAT are those of whoever has the address behind it. */
static void a_handover_behind_a_nat_counts_in_front_of_it(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	struct session block = {.held = {addr_v4(OUTSIDE), 128},
	    .holder.addr = addr_v4(BEHIND),
	    .port_first = 1024,
	    .port_last = 2047,
	    .port_step = 1,
	    .kind = SESSION_BINDING,
	    .begin = SESSION_TOLD,
	    .t0_ms = T0 + 5000};
	book_live(&b);
	struct session start = lease(BEHIND, 0, false), stop = lease(BEHIND, 700, true),
		       next = lease(BEHIND, 705, false);
	event(&b, &start, "alice", NULL);
	assert_int_equal(session_check(&block), ERR_OK);
	sessions_event(b.sessions, &block, &b.told);
	sessions_flush(b.sessions, &b.told);
	assert_int_equal(of(&b, OUTSIDE, 1500, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:alice"));
	event(&b, &stop, "alice", NULL);
	event(&b, &next, "bob", NULL);
	assert_int_equal(of(&b, OUTSIDE, 1500, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:bob"));
	book_close(&b);
}

/* A line that was known by a MAC address only is that of an account as soon as both are seen. */
static void a_line_that_is_joined_gets_another_name(void **state)
{
	(void)state;
	struct book b;
	struct subject was, s;
	book_live(&b);
	struct session start = lease(HOME, 0, false), other = lease(HOME + 1, 0, false),
		       both = lease(HOME + 2, 20, false);
	event(&b, &start, NULL, "\2\1\1\1\1\1");
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &was), WHOSE_EXACT);
	assert_true(is_user(&was, "mac:02:01:01:01:01:01"));
	event(&b, &other, "alice", NULL);
	assert_int_equal(of(&b, HOME + 1, 0, 800000, 801000, &s), WHOSE_EXACT);
	event(&b, &both, "alice", "\2\1\1\1\1\1");
	struct renames *r = owners_renames(b.owners);
	assert_int_equal(r->n, 1);
	assert_true(renames_apply(r, &was) && subject_same(&was, &s));
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(of(&b, HOME + i, 0, 800000, 801000, &s), WHOSE_EXACT);
		assert_true(is_user(&s, "user:alice"));
	}
	book_close(&b);
}

/* What is kept of lines elsewhere lasts longer than what is remembered here. */
static void a_join_is_told_of_lines_that_were_forgotten(void **state)
{
	(void)state;
	struct book b;
	struct subject was, s;
	book_live(&b);
	struct session start = lease(HOME, 0, false), first = lease(HOME + 1, 10, false),
		       both = lease(HOME + 2, 20, false), other = lease(HOME + 3, 30, false);
	event(&b, &start, NULL, "\2\1\1\1\1\1");
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &was), WHOSE_EXACT);
	owners_forget(b.owners);
	event(&b, &first, "alice", NULL);
	event(&b, &both, "alice", "\2\1\1\1\1\1");
	event(&b, &other, "bob", "\2\1\1\1\1\1"); /* disputes it, so that all is forgotten */
	assert_true(renames_apply(owners_renames(b.owners), &was));
	assert_true(is_user(&was, "user:alice"));
	assert_int_equal(of(&b, HOME + 2, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(subject_same(&was, &s));
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "mac:02:01:01:01:01:01"));
	book_close(&b);
}

/* Two that seem to hold an address turn out to be one. */
static void what_was_ambiguous_may_be_joined(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	book_live(&b);
	struct session one = lease(HOME, 0, false), two = lease(HOME, 1, false),
		       both = lease(HOME + 2, 20, false);
	assert_int_equal(session_ids_add(&two.ids, SESSION_KEY, span_of("other")), ERR_OK);
	one.end = SESSION_TOLD;
	one.t1_ms = T0 + 3600000;
	event(&b, &one, NULL, "\2\1\1\1\1\1");
	event(&b, &two, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_AMBIGUOUS);
	event(&b, &both, "alice", "\2\1\1\1\1\1");
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_true(is_user(&s, "user:alice"));
	book_close(&b);
}

static void flags_that_are_told_later_are_a_new_name(void **state)
{
	(void)state;
	struct book b;
	struct subject was, s;
	book_live(&b);
	struct session start = lease(HOME, 0, false), again = lease(HOME, 30, false);
	event(&b, &start, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &was), WHOSE_EXACT);
	again.flags = SUBJECT_BUSINESS;
	event(&b, &again, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	assert_int_equal(s.flags, SUBJECT_BUSINESS);
	assert_true(renames_apply(owners_renames(b.owners), &was) && subject_same(&was, &s));
	book_close(&b);
}

static void another_key_names_all_anew(void **state)
{
	(void)state;
	struct book b;
	struct subject s;
	const struct pseudonym_key next = {2901, {4, 5, 6}};
	book_live(&b);
	struct session start = lease(HOME, 0, false);
	event(&b, &start, "alice", NULL);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	owners_key(b.owners, &next);
	assert_int_equal(of(&b, HOME, 0, 800000, 801000, &s), WHOSE_EXACT);
	struct subject want = pseudonym_of(&next, span_of("user:alice"), 0);
	assert_true(subject_same(&s, &want));
	book_close(&b);
}

/* Between events, what is remembered is what would be asked anew: leases, blocks of a NAT before
 * them, a /56, the one after the other. */
static void live_memory_is_always_the_answer_of_now(void **state)
{
	(void)state;
	enum { STEPS = TRIALS(3000), ADDRS = 6 };
	struct book b;
	struct rand r = rand_of(11, 3);
	bool held[ADDRS] = {false};
	unsigned exact = 0;
	book_live(&b);
	for (int k = 0; k < STEPS; k++) {
		uint32_t i = (uint32_t)rand_below(&r, ADDRS);
		char user[16];
		struct session s = lease(BEHIND + i, k * 7, held[i]);
		(void)snprintf(user, sizeof user, "u%u", (unsigned)rand_below(&r, 9));
		if (i == 0) { /* of a prefix */
			s.held.addr = (union addr){.b = {0x20, 1, 0xd, 0xb8, 0, 0, 1}};
			s.held.bits = 56;
		}
		event(&b, &s, held[i] ? NULL : user, NULL);
		held[i] = !held[i];
		if (rand_below(&r, 4) == 0) {
			struct session n = lease(OUTSIDE, k * 7 + 1, rand_below(&r, 3) == 0);
			uint16_t first = (uint16_t)(1024 + rand_below(&r, 4) * 128);
			n.kind = SESSION_BINDING;
			n.holder.addr = addr_v4(BEHIND + 1 + (uint32_t)rand_below(&r, ADDRS - 1));
			n.port_first = first;
			n.port_last = (uint16_t)(first + 127);
			n.port_step = 1;
			sessions_event(b.sessions, &n, &b.told);
			sessions_flush(b.sessions, &b.told);
			for (size_t t = 0; t < b.told.n; t++)
				owners_told(b.owners, &b.told.v[t].v);
			b.told.n = 0;
		}
		struct owners *fresh = owners_new(&b.asker, SKEW_MS, &week);
		for (int n = 0; n < 8; n++) {
			struct question q = {.addr = addr_v4(BEHIND + (uint32_t)n),
			    .port = (uint16_t)(n > 5 ? 1024 + rand_below(&r, 512) : 0),
			    .proto = PROTO_TCP};
			struct subject x, y;
			int64_t at_ms = T0 + k * 7000 - (int64_t)rand_below(&r, 60000);
			if (n > 5)
				q.addr = addr_v4(OUTSIDE);
			if (n == 0) {
				q.addr = (union addr){.b = {0x20, 1, 0xd, 0xb8, 0, 0, 1, 9}};
				q.addr.b[15] = (uint8_t)rand_below(&r, 3);
			}
			enum whose kind = owners_of(b.owners, &q, at_ms, at_ms + 100, &x);
			assert_int_equal(kind, owners_of(fresh, &q, at_ms, at_ms + 100, &y));
			assert_true(kind != WHOSE_EXACT || subject_same(&x, &y));
			exact += kind == WHOSE_EXACT;
		}
		owners_free(fresh);
	}
	assert_true(exact > STEPS);
	book_close(&b);
}

/* The rule of owner.h without any memory. */
static enum whose asked_anew(
    struct book *b, struct question q, int64_t from_ms, int64_t to_ms, char line[LINE_TEXT])
{
	struct answer a;
	q.at_ms = from_ms + (to_ms - from_ms) / 2;
	q.skew_ms = (uint32_t)((to_ms - from_ms + 1) / 2) + SKEW_MS;
	whose_ask(&b->asker, &q, &a);
	line[0] = '\0';
	if (a.kind != WHOSE_EXACT)
		return a.kind;
	for (size_t i = 0; i < a.record_n; i++) {
		const struct interval *v = &a.records[i].v;
		if (v->t0_ms > from_ms || v->t1_ms <= to_ms || v->sure_ms <= to_ms)
			return WHOSE_AMBIGUOUS;
	}
	whose_name(&b->asker, &a, 0, line);
	return WHOSE_EXACT;
}

enum { FEW = 5 };
static union addr v6_at(unsigned net, unsigned host)
{
	union addr a = {.b = {0x20, 1, 0xd, 0xb8, 0, 0, 1, (uint8_t)net}};
	a.b[15] = (uint8_t)host;
	return a;
}

/* Leases of addresses and of prefixes in each other, bindings of blocks, odd ranges and single
 * ports, some of one protocol: begun, said again, ended, with and without the holder's name. */
static struct session any_event(struct rand *r, int at_s)
{
	static const uint16_t widths[] = {512, 256, 256, 100, 1};
	struct session s =
	    lease(BEHIND + (uint32_t)rand_below(r, FEW), at_s, rand_below(r, 3) == 0);
	unsigned what = (unsigned)rand_below(r, 4);
	if (what == 0) {
		s.held.bits = rand_below(r, 2) ? 56 : rand_below(r, 2) ? 64 : 128;
		s.held.addr = addr_mask(
		    &(union addr){.q = {v6_at(1, 1).q[0], v6_at(1, 1).q[1]}}, s.held.bits);
	} else if (what == 1) {
		unsigned width = widths[rand_below(r, 5)];
		s.kind = SESSION_BINDING;
		s.holder.addr = addr_v4(BEHIND + (uint32_t)rand_below(r, FEW));
		s.held.addr = addr_v4(OUTSIDE + (uint32_t)rand_below(r, 2));
		s.port_first = (uint16_t)(1024 + rand_below(r, 8) * (width > 1 ? width : 13));
		s.port_last = (uint16_t)(s.port_first + width - 1);
		s.proto = rand_below(r, 3) ? 0 : PROTO_TCP;
	} else if (what == 2 && s.end == SESSION_OPEN) {
		s.begin = SESSION_OPEN; /* an interim record */
		s.end = SESSION_SEEN;
		s.t0_ms = 0;
		s.t1_ms = T0 + at_s * 1000;
	}
	return s;
}

static void happen(struct book *b, struct rand *r, int at_s, bool live)
{
	struct session s = any_event(r, at_s);
	char user[16];
	(void)snprintf(user, sizeof user, "u%u", (unsigned)rand_below(r, 4));
	if (s.kind != SESSION_BINDING && rand_below(r, 3))
		assert_int_equal(session_ids_add(&s.ids, SESSION_USER, span_of(user)), ERR_OK);
	if (s.kind != SESSION_BINDING && rand_below(r, 5) == 0)
		assert_int_equal(session_ids_add(&s.ids, SESSION_MAC,
				     span_of(rand_below(r, 2) ? "\2\1\1\1\1\1" : "\2\1\1\1\1\2")),
		    ERR_OK);
	if (session_check(&s) != ERR_OK)
		return;
	sessions_event(b->sessions, &s, &b->told);
	sessions_flush(b->sessions, &b->told);
	for (size_t i = 0; live && i < b->told.n; i++)
		owners_told(b->owners, &b->told.v[i].v);
	b->told.n = 0;
	if (live)
		owners_joined(b->owners);
}

static struct question any_question(struct rand *r)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP};
	struct question q = {.proto = protos[rand_below(r, 3)]};
	unsigned what = (unsigned)rand_below(r, 3);
	if (what == 0)
		q.addr = v6_at(1 + (unsigned)rand_below(r, 2), (unsigned)rand_below(r, 3));
	else
		q.addr = addr_v4(what == 1 ? BEHIND + (uint32_t)rand_below(r, FEW)
					   : OUTSIDE + (uint32_t)rand_below(r, 2));
	if (rand_below(r, 4))
		q.port = (uint16_t)(1000 + rand_below(r, 5000 >> rand_below(r, 5)));
	return q;
}

static void compare(struct book *b, struct rand *r, int now_s, bool live, size_t kinds[4])
{
	struct question q = any_question(r);
	char line[LINE_TEXT];
	struct subject s;
	int64_t from_ms = T0 + now_s * INT64_C(1000) - (int64_t)rand_below(r, 400000),
		to_ms = from_ms + (int64_t)rand_below(r, rand_below(r, 8) ? 900 : 120000);
	enum whose want = asked_anew(b, q, from_ms, to_ms, line);
	assert_int_equal(owners_of(b->owners, &q, from_ms, to_ms, &s), want);
	kinds[want]++;
	if (want == WHOSE_EXACT && live)
		assert_true(is_user(&s, line));
	else if (want == WHOSE_EXACT)
		assert_string_equal(name(b, &s), line);
}

/* Over everything that can be held, whatever the order of questions. */
static void memory_is_the_same_as_asking_anew(void **state)
{
	(void)state;
	enum { SEEDS = 10, EVENTS = 600, STEP_S = 25, ASKED = 12 };
	size_t kinds[4] = {0};
	for (int seed = 0; seed < SEEDS; seed++) {
		struct book b;
		struct rand r = rand_of((uint64_t)seed, 4);
		bool live = seed % 2;
		if (live)
			book_live(&b);
		else
			book_open(&b, NULL);
		for (int k = 1; k <= EVENTS; k++) {
			happen(&b, &r, k * STEP_S, live);
			for (int i = 0; live && i < ASKED; i++)
				compare(&b, &r, k * STEP_S, live, kinds);
		}
		for (int i = 0; !live && i < EVENTS * ASKED; i++)
			compare(&b, &r, (int)rand_below(&r, EVENTS * STEP_S), live, kinds);
		book_close(&b);
	}
	size_t all = (size_t)SEEDS * EVENTS * ASKED;
	assert_true(kinds[WHOSE_EXACT] > all / 5 && kinds[WHOSE_AMBIGUOUS] > all / 50 &&
		    kinds[WHOSE_UNKNOWN] > all / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_held_it_then_and_all_the_time),
	    cmocka_unit_test(ports_of_a_shared_address_are_told_apart),
	    cmocka_unit_test(memory_changes_no_answer),
	    cmocka_unit_test(pseudonyms_name_nobody),
	    cmocka_unit_test(a_handover_corrects_what_is_remembered),
	    cmocka_unit_test(a_handover_behind_a_nat_counts_in_front_of_it),
	    cmocka_unit_test(a_line_that_is_joined_gets_another_name),
	    cmocka_unit_test(a_join_is_told_of_lines_that_were_forgotten),
	    cmocka_unit_test(what_was_ambiguous_may_be_joined),
	    cmocka_unit_test(flags_that_are_told_later_are_a_new_name),
	    cmocka_unit_test(another_key_names_all_anew),
	    cmocka_unit_test(live_memory_is_always_the_answer_of_now),
	    cmocka_unit_test(memory_is_the_same_as_asking_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
