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
	enum { ADDRS = 8, HANDOVERS = 40, ASKED = 20000 };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_held_it_then_and_all_the_time),
	    cmocka_unit_test(ports_of_a_shared_address_are_told_apart),
	    cmocka_unit_test(memory_changes_no_answer),
	    cmocka_unit_test(pseudonyms_name_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
