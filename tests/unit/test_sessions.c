/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session events -> intervals -> answers: the rules of attribute/sessions.h and whose.h, one story
 * each. */
#include "base/mem.h"
#include "base/rand.h"
#include "script.h"
#include <stdio.h>

#define IP   "100.64.1.20"
#define OUT  "203.0.113.5"
#define NAS1 .nas = "nas1"
#define A    .key = "a", .user = "alice"
#define B    .key = "b", .user = "bob"

#define ASK(a, p, t, ...)                                                                          \
	{                                                                                          \
		.addr = (a), .port = (p), .at_s = (t), .kind = __VA_ARGS__                         \
	}

enum { EVENTS = 8, QUESTIONS = 10 };
struct story {
	const char *what;
	struct script_event event[EVENTS];
	struct script_question ask[QUESTIONS];
};

static const struct story stories[] = {
    {"start and stop", {{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_STOP, 20, IP, NAS1, A}},
	{ASK(IP, 0, 9, WHOSE_UNKNOWN), ASK(IP, 0, 10, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 19.9, WHOSE_EXACT, .lines = "user:alice"), ASK(IP, 0, 20, WHOSE_UNKNOWN),
	    ASK(IP, 80, 15, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 15, WHOSE_UNKNOWN, .realm = 1), ASK("100.64.1.21", 0, 15, WHOSE_UNKNOWN),
	    ASK(IP, 0, 8.5, WHOSE_EXACT, .lines = "user:alice", .skew_s = 2)}},
    {"a handover in the window is ambiguous",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_STOP, 20, IP, NAS1, A},
	    {SCRIPT_START, 20, IP, NAS1, B}},
	{ASK(IP, 0, 19, WHOSE_AMBIGUOUS, .lines = "user:bob user:alice", .skew_s = 2),
	    ASK(IP, 0, 18, WHOSE_AMBIGUOUS, .lines = "user:bob user:alice", .skew_s = 2),
	    ASK(IP, 0, 17.9, WHOSE_EXACT, .lines = "user:alice", .skew_s = 2),
	    ASK(IP, 0, 22, WHOSE_EXACT, .lines = "user:bob", .skew_s = 2)}},
    {"a lost stop is inferred from the next start",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 30, IP, NAS1, B}},
	{ASK(IP, 0, 29.9, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 30, WHOSE_EXACT, .lines = "user:bob")}},
    {"not by a start on another NAS",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 30, IP, .nas = "nas2", B}},
	{ASK(IP, 0, 29.9, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 30, WHOSE_AMBIGUOUS, .lines = "user:bob user:alice")}},
    {"the stop that comes after all puts the inferred end right",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 30, IP, NAS1, B},
	    {SCRIPT_STOP, 33, IP, NAS1, A}},
	{ASK(IP, 0, 29, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 32, WHOSE_AMBIGUOUS, .lines = "user:bob user:alice"),
	    ASK(IP, 0, 33, WHOSE_EXACT, .lines = "user:bob")}},
    {"what was seen after the start is not ended by it",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 30, IP, NAS1, B},
	    {SCRIPT_INTERIM, 40, IP, NAS1, A, .for_s = 30}},
	{ASK(IP, 0, 29, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 35, WHOSE_AMBIGUOUS, .lines = "user:alice user:bob")}},
    {"two that begin at once cannot be put in order",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 10, IP, NAS1, B},
	    {SCRIPT_STOP, 20, IP, NAS1, B}},
	{ASK(IP, 0, 25, WHOSE_EXACT, .lines = "user:alice")}},
    {"an interim of an unknown session opens it at its begin",
	{{SCRIPT_INTERIM, 100, IP, NAS1, A, .for_s = 60}},
	{ASK(IP, 0, 39, WHOSE_UNKNOWN), ASK(IP, 0, 40, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 100, WHOSE_EXACT, .lines = "user:alice")}},
    {"an address that joins a session later is held from then on",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_INTERIM, 100, IP, NAS1, A, .for_s = 90},
	    {SCRIPT_INTERIM, 100, "2001:db8:1::/56", NAS1, A, .for_s = 90}},
	{ASK("2001:db8:1::1", 0, 50, WHOSE_UNKNOWN),
	    ASK("2001:db8:1::1", 0, 100, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 50, WHOSE_EXACT, .lines = "user:alice")}},
    {"all that an interim of an unknown session names, from its begin",
	{{SCRIPT_INTERIM, 100, IP, NAS1, A, .for_s = 90},
	    {SCRIPT_INTERIM, 100, "2001:db8:1::/56", NAS1, A, .for_s = 90}},
	{ASK("2001:db8:1::1", 0, 50, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 50, WHOSE_EXACT, .lines = "user:alice")}},
    {"a stop tells the begin of a session whose start was lost",
	{{SCRIPT_STOP, 100, IP, NAS1, A, .for_s = 60}, {SCRIPT_STOP, 200, IP, NAS1, B}},
	{ASK(IP, 0, 50, WHOSE_EXACT, .lines = "user:alice"), ASK(IP, 0, 100, WHOSE_UNKNOWN),
	    ASK(IP, 0, 150, WHOSE_UNKNOWN)}},
    {"three interims missed: stale, not closed",
	{{SCRIPT_START, 0, IP, NAS1, A}, {SCRIPT_INTERIM, 600, IP, NAS1, A, .for_s = 600}},
	{ASK(IP, 0, 2399, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(IP, 0, 2400, WHOSE_AMBIGUOUS, .lines = "user:alice")}},
    {"accounting on ends all of its NAS",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 10, "100.64.1.21", .nas = "nas2", B},
	    {SCRIPT_RESET, 50, NULL, NAS1},
	    {SCRIPT_START, 50, "100.64.1.22", NAS1, .key = "c", .user = "carol"}},
	{ASK(IP, 0, 49, WHOSE_EXACT, .lines = "user:alice"), ASK(IP, 0, 50, WHOSE_UNKNOWN),
	    ASK("100.64.1.21", 0, 60, WHOSE_EXACT, .lines = "user:bob"),
	    ASK("100.64.1.22", 0, 60, WHOSE_EXACT, .lines = "user:carol")}},
    {"a stop without addresses ends all of its session",
	{{SCRIPT_START, 10, IP, NAS1, A}, {SCRIPT_START, 10, "2001:db8:aa00::/56", NAS1, A},
	    {SCRIPT_STOP, 50, NULL, NAS1, A}},
	{ASK(IP, 0, 49, WHOSE_EXACT, .lines = "user:alice"), ASK(IP, 0, 50, WHOSE_UNKNOWN),
	    ASK("2001:db8:aa00:12::99", 0, 49, WHOSE_EXACT, .lines = "user:alice"),
	    ASK("2001:db8:aa00:12::99", 0, 51, WHOSE_UNKNOWN)}},
    {"a lease is renewed, and ends at its time",
	{{SCRIPT_LEASE, 0, IP, .mac = "\x02\1\1\1\1\1", .for_s = 60},
	    {SCRIPT_LEASE, 30, IP, .mac = "\x02\1\1\1\1\1", .for_s = 60}},
	{ASK(IP, 0, 89, WHOSE_EXACT, .lines = "mac:02:01:01:01:01:01"),
	    ASK(IP, 0, 90, WHOSE_UNKNOWN)}},
    {"a deletion ends a lease, a new holder too",
	{{SCRIPT_LEASE, 0, IP, .mac = "\x02\1\1\1\1\1", .for_s = 600},
	    {SCRIPT_GONE, 30, IP, .mac = "\x02\1\1\1\1\1"},
	    {SCRIPT_LEASE, 100, IP, .mac = "\x02\1\1\1\1\2", .for_s = 600},
	    {SCRIPT_LEASE, 200, IP, .mac = "\x02\1\1\1\1\3", .for_s = 600}},
	{ASK(IP, 0, 29, WHOSE_EXACT, .lines = "mac:02:01:01:01:01:01"),
	    ASK(IP, 0, 30, WHOSE_UNKNOWN),
	    ASK(IP, 0, 199, WHOSE_EXACT, .lines = "mac:02:01:01:01:01:02"),
	    ASK(IP, 0, 200, WHOSE_EXACT, .lines = "mac:02:01:01:01:01:03")}},
    {"a declined address is nobody's, whichever session had it",
	{{SCRIPT_LEASE, 0, IP, .key = "7", .mac = "\x02\1\1\1\1\1", .for_s = 600},
	    {SCRIPT_GONE, 30, IP, .nas = NULL}},
	{ASK(IP, 0, 29, WHOSE_EXACT, .lines = "mac:02:01:01:01:01:01"),
	    ASK(IP, 0, 30, WHOSE_UNKNOWN)}},
    {"a block leads to the inside address and its line",
	{{SCRIPT_START, 0, IP, NAS1, A},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 32768, .last = 33279},
	    {SCRIPT_ALLOC, 10, OUT, .inside = "100.64.1.21", .first = 33280, .last = 33791},
	    {SCRIPT_RELEASE, 50, OUT, .inside = IP, .first = 32768, .last = 33279}},
	{ASK(OUT, 33001, 20, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(OUT, 33279, 20, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(OUT, 33280, 20, WHOSE_UNKNOWN, .lines = "-"), ASK(OUT, 32767, 20, WHOSE_UNKNOWN),
	    ASK(OUT, 40000, 20, WHOSE_UNKNOWN),
	    ASK(OUT, 0, 20, WHOSE_AMBIGUOUS, .lines = "user:alice -"),
	    ASK(OUT, 33001, 50, WHOSE_UNKNOWN), ASK(OUT, 33001, 9, WHOSE_UNKNOWN)}},
    {"one block known, no port: ambiguous",
	{{SCRIPT_START, 0, IP, NAS1, A},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 32768, .last = 33279}},
	{ASK(OUT, 0, 20, WHOSE_AMBIGUOUS, .lines = "user:alice")}},
    {"a block that overlaps ends the older one",
	{{SCRIPT_START, 0, IP, NAS1, A}, {SCRIPT_START, 0, "100.64.1.21", NAS1, B},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 1024, .last = 1535},
	    {SCRIPT_ALLOC, 20, OUT, .inside = "100.64.1.21", .first = 1300, .last = 1400}},
	{ASK(OUT, 1300, 19, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(OUT, 1300, 20, WHOSE_EXACT, .lines = "user:bob"),
	    ASK(OUT, 1024, 20, WHOSE_UNKNOWN)}},
    {"single ports, and a block of most of them",
	{{SCRIPT_START, 0, IP, NAS1, A},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 5000, .last = 5000, .proto = 6},
	    {SCRIPT_ALLOC, 10, "203.0.113.6", .inside = IP, .first = 1024, .last = 65535}},
	{ASK(OUT, 5000, 11, WHOSE_EXACT, .lines = "user:alice", .proto = 6),
	    ASK(OUT, 5000, 11, WHOSE_UNKNOWN, .proto = 17),
	    ASK(OUT, 5000, 11, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(OUT, 5001, 11, WHOSE_UNKNOWN),
	    ASK("203.0.113.6", 65535, 11, WHOSE_EXACT, .lines = "user:alice"),
	    ASK("203.0.113.6", 1023, 11, WHOSE_UNKNOWN)}},
    {"a block said to be active: begun before, sure from then on",
	{{SCRIPT_START, 0, IP, NAS1, A}, {SCRIPT_START, 0, "100.64.1.21", NAS1, B},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 1024, .last = 1535},
	    {SCRIPT_ACTIVE, 100, OUT, .inside = "100.64.1.21", .first = 1024, .last = 1535}},
	{ASK(OUT, 1024, 50, WHOSE_AMBIGUOUS, .lines = "user:alice"),
	    ASK(OUT, 1024, 100, WHOSE_EXACT, .lines = "user:bob")}},
    {"realms keep the same inside address apart",
	{{SCRIPT_START, 0, IP, NAS1, A, .realm = 1}, {SCRIPT_START, 0, IP, NAS1, B, .realm = 2},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 1024, .last = 1535, .inside_realm = 1},
	    {SCRIPT_ALLOC, 10, OUT, .inside = IP, .first = 1536, .last = 2047, .inside_realm = 2}},
	{ASK(IP, 0, 5, WHOSE_UNKNOWN), ASK(IP, 0, 5, WHOSE_EXACT, .lines = "user:bob", .realm = 2),
	    ASK(OUT, 1535, 20, WHOSE_EXACT, .lines = "user:alice"),
	    ASK(OUT, 1536, 20, WHOSE_EXACT, .lines = "user:bob")}},
    {"the longest prefix, and the shorter one where it leaves a gap",
	{{SCRIPT_START, 0, "2001:db8::/32", NAS1, .key = "w", .user = "wholesale"},
	    {SCRIPT_START, 10, "2001:db8:1::/48", NAS1, A},
	    {SCRIPT_STOP, 20, "2001:db8:1::/48", NAS1, A}},
	{ASK("2001:db8:1::1", 0, 15, WHOSE_EXACT, .lines = "user:alice"),
	    ASK("2001:db8:1::1", 0, 25, WHOSE_EXACT, .lines = "user:wholesale"),
	    ASK("2001:db8:1::1", 0, 19, WHOSE_AMBIGUOUS, .lines = "user:alice user:wholesale",
		.skew_s = 2),
	    ASK("2001:db8:2::1", 0, 15, WHOSE_EXACT, .lines = "user:wholesale"),
	    ASK("2001:db9::1", 0, 15, WHOSE_UNKNOWN)}},
    {"two sources that tell of one line",
	{{SCRIPT_START, 0, IP, NAS1, A, .mac = "\x02\1\1\1\1\1"},
	    {SCRIPT_LEASE, 5, IP, .nas = "dhcp", .mac = "\x02\1\1\1\1\1", .for_s = 60},
	    {SCRIPT_LEASE, 5, "100.64.1.21", .nas = "dhcp", .mac = "\x02\1\1\1\1\1", .for_s = 60}},
	{ASK(IP, 0, 10, WHOSE_EXACT, .lines = "user:alice"),
	    ASK("100.64.1.21", 0, 10, WHOSE_EXACT, .lines = "user:alice")}},
};

static void stories_end_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(stories); i++) {
		const struct story *t = &stories[i];
		struct script s;
		size_t n = 0;
		script_open(&s, 0);
		while (n < EVENTS && (t->event[n].at_s > 0 || t->event[n].what || t->event[n].addr))
			n++;
		script_run(&s, t->event, n);
		sessions_flush(s.sessions, &s.told);
		for (size_t k = 0; k < QUESTIONS && t->ask[k].addr; k++)
			script_ask(&s, &t->ask[k], t->what);
		script_close(&s);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct told *x = a, *y = b;
	int order = interval_order(&x->v, &y->v);
	if (order)
		return order;
	return x->v.t0_ms != y->v.t0_ms ? (x->v.t0_ms < y->v.t0_ms ? -1 : 1)
					: (x->v.began > y->v.began) - (x->v.began < y->v.began);
}

/* What stands in the end, without numbers that depend on nothing but chance. */
static struct tolds outcome(const struct session *events, size_t n)
{
	struct script s;
	struct tolds last = {0};
	script_open(&s, 2000);
	for (size_t i = 0; i < n; i++)
		sessions_event(s.sessions, &events[i], &s.told);
	sessions_flush(s.sessions, &s.told);
	last.v = mem_new(s.told.n, sizeof *last.v);
	for (size_t i = 0; i < s.told.n; i++) {
		size_t k = 0;
		while (k < last.n && !interval_is(&last.v[k].v, &s.told.v[i].v))
			k++;
		last.n += k == last.n;
		last.v[k] = s.told.v[i];
		last.v[k].session = last.v[k].nas = 0;
	}
	qsort(last.v, last.n, sizeof *last.v, by_place);
	script_close(&s);
	return last;
}

/* Sessions re-dialled over few addresses, some stops lost, whole seconds. */
static size_t make_events(struct session *v, size_t max)
{
	struct rand r = rand_of(4, 1);
	size_t n = 0;
	for (unsigned t = 1; n + 2 < max; t += (unsigned)rand_below(&r, 2)) {
		char key[16], user[16], addr[32];
		(void)snprintf(key, sizeof key, "s%zu", n);
		(void)snprintf(user, sizeof user, "u%u", (unsigned)rand_below(&r, 20));
		(void)snprintf(addr, sizeof addr, "100.64.0.%u", (unsigned)rand_below(&r, 8));
		struct script_event e = {SCRIPT_START, t, addr, NAS1, .key = key, .user = user};
		v[n++] = script_session(&e);
		e.what = SCRIPT_STOP;
		e.at_s += 1 + (double)rand_below(&r, 10);
		if (rand_below(&r, 10))
			v[n++] = script_session(&e);
	}
	return n;
}

struct keyed {
	struct session s;
	int64_t ms;
};

static int by_ms(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	return (x->ms > y->ms) - (x->ms < y->ms);
}

static void order_within_the_skew_does_not_matter(void **state)
{
	enum { N = 2000 };
	struct session *v = mem_new(N, sizeof *v);
	struct keyed *k = mem_new(N, sizeof *k);
	size_t n = make_events(v, N);
	struct tolds want = {0};
	(void)state;
	for (unsigned turn = 0; turn < 4; turn++) {
		struct rand r = rand_of(5, turn);
		for (size_t i = 0; i < n; i++)
			k[i] = (struct keyed){v[i],
			    session_event_ms(&v[i]) + (turn ? (int64_t)rand_below(&r, 2000) : 0)};
		qsort(k, n, sizeof *k, by_ms);
		for (size_t i = 0; i < n; i++)
			v[i] = k[i].s;
		struct tolds got = outcome(v, n);
		if (!turn) {
			want = got;
			continue;
		}
		assert_int_equal(got.n, want.n);
		for (size_t i = 0; i < got.n; i++) {
			got.v[i].v.line = want.v[i].v.line = 0;
			assert_memory_equal(&got.v[i].v, &want.v[i].v, sizeof got.v[i].v);
		}
		free(got.v);
	}
	free(want.v);
	free(v);
	free(k);
}

/* A full table forgets the oldest, counts, and goes on. */
static void full_table_drops_and_counts(void **state)
{
	struct script s;
	(void)state;
	script_open(&s, 0);
	for (unsigned i = 0; i < 10000; i++) {
		char addr[32], key[16];
		(void)snprintf(addr, sizeof addr, "10.0.%u.%u", i >> 8, i & 255);
		(void)snprintf(key, sizeof key, "k%u", i);
		struct script_event e = {SCRIPT_START, i, addr, NAS1, .key = key, .user = "u"};
		script_run(&s, &e, 1);
	}
	sessions_flush(s.sessions, &s.told);
	assert_true(sessions_counted(s.sessions)->dropped >= 10000 - 4096);
	script_ask(&s,
	    &(struct script_question)ASK("10.0.39.15", 0, 10001, WHOSE_EXACT, .lines = "user:u"),
	    "newest");
	script_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stories_end_as_told),
	    cmocka_unit_test(order_within_the_skew_does_not_matter),
	    cmocka_unit_test(full_table_drops_and_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
