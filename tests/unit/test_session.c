/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session records, and the NAT events that they are made of. */
#include "wire.h"

static const struct session good = {
    .held = {{.b = {[10] = 255, [11] = 255, [12] = 203, 0, 113, 5}}, 128},
    .holder = {{.b = {[10] = 255, [11] = 255, [12] = 100, 64, 1, 20}}, 0, 0},
    .t0_ms = T0_MS,
    .port_first = 32768,
    .port_last = 33279,
    .port_step = 1,
    .kind = SESSION_BINDING,
    .begin = SESSION_TOLD};

static void impossible_sessions_are_refused(void **state)
{
	(void)state;
	struct session s = good;
	assert_int_equal(session_check(&s), ERR_OK);
	s.kind = 3;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.t0_ms = 0; /* a begin that is told has a time, and something has to be told */
	assert_int_equal(session_check(&s), ERR_INPUT);
	s.begin = SESSION_OPEN;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s.end = SESSION_TOLD;
	s.t1_ms = T0_MS;
	assert_int_equal(session_check(&s), ERR_OK);
	s.begin = SESSION_SEEN;
	s.t0_ms = T0_MS + 1;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.begin = 9;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.port_last = 32767;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.port_step = 0;
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.holder.addr = addr_v4(0);
	assert_int_equal(session_check(&s), ERR_INPUT);
	s = good;
	s.held.bits = 129;
	assert_int_equal(session_check(&s), ERR_INPUT);
}

static void sessions_are_shown_to_programs_and_people(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	session_json(&good, "192.0.2.1", &j);
	assert_string_equal(t.p,
	    "{\"type\":\"session\",\"kind\":\"binding\",\"start\":\"2026-01-02T03:04:05Z\","
	    "\"start_is\":\"told\",\"addr\":\"203.0.113.5\",\"port_first\":32768,"
	    "\"port_last\":33279,\"holder\":{\"addr\":\"100.64.1.20\"},"
	    "\"exporter\":\"192.0.2.1\"}\n");
	text_reset(&t);
	session_words(&good, "", &t);
	assert_string_equal(t.p,
	    "2026-01-02T03:04:05Z     binding 203.0.113.5 ports 32768-33279 from "
	    "now held by 100.64.1.20");
	text_fini(&t);
}

static void what_a_lease_tells_is_shown(void **state)
{
	(void)state;
	struct session s = good;
	struct text t = {0};
	struct json j = json_to(&t);
	s.kind = SESSION_LEASE;
	s.holder = (struct session_holder){0};
	s.port_first = s.port_last = 0;
	s.t1_ms = T0_MS + 3600000;
	s.end = SESSION_UNTIL;
	s.flags = SUBJECT_BUSINESS | SUBJECT_PROTECTED;
	assert_int_equal(session_time_ms(&s), T0_MS); /* an end foreseen has not happened */
	(void)session_ids_add(&s.ids, SESSION_USER, span_of("a b\xc2\x9b"));
	session_words(&s, "", &t);
	assert_string_equal(t.p, "2026-01-02T03:04:05Z     lease 203.0.113.5 from now held by "
				 "user=a%20b%C2%9B until 2026-01-02T04:04:05Z");
	text_reset(&t);
	session_json(&s, "", &j);
	assert_non_null(strstr(t.p, "\"flags\":[\"business\",\"protected\"]"));
	text_reset(&t);
	s.end = SESSION_SEEN;
	session_words(&s, "", &t);
	assert_non_null(strstr(t.p, "04:04:05Z     lease 203.0.113.5 still held by user="));
	text_reset(&t);
	s.ids.n = 0;
	s.end = SESSION_TOLD;
	session_words(&s, "", &t);
	assert_non_null(strstr(t.p, "no longer held by anybody"));
	text_fini(&t);
}

static void flags_are_words(void **state)
{
	(void)state;
	uint8_t f = 9;
	assert_true(subject_flags_of(span_of(""), &f) && f == 0);
	assert_true(subject_flags_of(span_of("Business, hotspot|wholesale"), &f) && f == 7);
	assert_true(subject_flags_of(span_of(" protected "), &f) && f == SUBJECT_PROTECTED);
	assert_false(subject_flags_of(span_of("business vip"), &f));
}

static const uint16_t fields[] = {323, 8, 230, 1, 8, 4, 7, 2, 225, 4, 227, 2, 4, 1, 361, 2, 362, 2,
    229, 1, 226, 4, 228, 2, 12, 4, 11, 2, 234, 4, 465, 4};

struct event {
	uint8_t number;
	uint16_t sport, nat_sport, first, last;
	uint8_t origin;
};

/* The session of one event, or NULL. */
static const struct session *feed_event(struct run *r, const struct event *e)
{
	struct wire w;
	ipfix_begin(&w);
	put_template(&w, 2, 256, fields, ROWS(fields) / 2);
	size_t at = set_begin(&w, 256);
	put(&w, T0_MS, 8);
	put(&w, e->number, 1);
	put(&w, 0x64400114, 4);
	put(&w, e->sport, 2);
	put(&w, 0xcb007105, 4);
	put(&w, e->nat_sport, 2);
	put(&w, e->sport ? 6 : 0, 1);
	put(&w, e->first, 2);
	put(&w, e->last, 2);
	put(&w, e->origin, 1);
	put(&w, 0x64400163, 4);
	put(&w, 8080, 2);
	put(&w, 0xcb007163, 4);
	put(&w, 80, 2);
	put(&w, 7, 4);
	put(&w, 9, 4);
	set_end(&w, at);
	ipfix_end(&w);
	feed(r, &w);
	assert_int_equal(r->out.flow_n, 0);
	return r->out.session_n ? r->out.sessions : NULL;
}

static void junos(struct run *r, bool on)
{
	struct export_rule rule = {.dialect = EXPORT_DIALECT_JUNOS, .from = {r->from, 128}};
	export_rules(r->x, &rule, on);
}

static void each_dialect_numbers_events_its_own_way(void **state)
{
	(void)state;
	enum { NO, TO, FRO, IS };
	static const uint8_t want[][20] = {
	    {NO, TO, FRO, NO, TO, FRO, TO, FRO, TO, FRO, TO, FRO, NO, NO, TO, FRO, TO, FRO, NO, NO},
	    {NO, TO, FRO, NO, TO, FRO, TO, FRO, TO, FRO, NO, NO, TO, FRO, TO, FRO, IS, NO, NO, NO}};
	struct run r = run_new();
	for (uint8_t dialect = 0; dialect < 2; dialect++)
		for (uint8_t number = 0; number < 20; number++) {
			junos(&r, dialect);
			const struct session *s = feed_event(
			    &r, &(struct event){.number = number, .first = 1024, .last = 2047});
			uint8_t what = want[dialect][number];
			assert_int_equal(s != NULL, what != NO);
			assert_int_equal(r.out.ignored_n, what == NO);
			if (!s)
				continue;
			assert_int_equal(s->begin, what == TO   ? SESSION_TOLD
						   : what == IS ? SESSION_SEEN
								: SESSION_OPEN);
			assert_int_equal(s->end, what == FRO ? SESSION_TOLD : SESSION_OPEN);
			assert_true((what == FRO ? s->t1_ms : s->t0_ms) == T0_MS);
			assert_true((what == FRO ? s->t0_ms : s->t1_ms) == 0);
		}
	run_fini(&r);
}

static void fields_say_what_is_bound(void **state)
{
	(void)state;
	struct run r = run_new();
	const struct session *s = feed_event(&r, &(struct event){4, 40000, 33001, 0, 0, 1});
	assert_non_null(s); /* one port */
	assert_int_equal(addr_v4_of(&s->held.addr), 0xcb007105);
	assert_int_equal(addr_v4_of(&s->holder.addr), 0x64400114);
	assert_int_equal(s->port_first, 33001);
	assert_int_equal(s->port_last, 33001);
	assert_int_equal(s->holder.port, 40000);
	assert_int_equal(s->proto, 6);
	assert_int_equal(s->holder.realm, 7);
	assert_int_equal(s->realm, 9);
	assert_string_equal(exporter_name(r.names, s->exporter), "192.0.2.1");
	s = feed_event(&r, &(struct event){14, 0, 0, 0, 0, 0}); /* an address */
	assert_non_null(s);
	assert_true(s->port_first == 0 && s->port_last == 0);
	s = feed_event(&r, &(struct event){16, 0, 0, 32768, 33279, 0}); /* a block */
	assert_non_null(s);
	assert_true(s->port_first == 32768 && s->port_last == 33279 && s->holder.port == 0);
	assert_null(feed_event(&r, &(struct event){16, 0, 0, 33279, 32768, 0}));
	assert_int_equal(r.out.bad_n, 1);
	s = feed_event(&r, &(struct event){4, 40000, 33001, 0, 0, 2}); /* opened from outside */
	assert_non_null(s);
	assert_int_equal(addr_v4_of(&s->holder.addr), 0x64400163);
	assert_int_equal(s->holder.port, 8080);
	assert_int_equal(addr_v4_of(&s->held.addr), 0xcb007163);
	assert_int_equal(s->port_first, 80);
	run_fini(&r);
}

/* A block told by its first port, its size and its step. */
static void blocks_with_a_step(void **state)
{
	(void)state;
	static const struct {
		uint16_t first, step, n, last;
		bool ok;
	} rows[] = {{1024, 0, 512, 1535, true}, {1024, 4, 128, 1532, true},
	    {65000, 8, 128, 0, false}, {1024, 1, 1, 1024, true}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct run r = run_new();
		struct wire w;
		v9_begin(&w, 60000);
		put_template(&w, 0, 256,
		    (const uint16_t[]){230, 1, 8, 4, 225, 4, 361, 2, 363, 2, 364, 2}, 6);
		size_t at = set_begin(&w, 256);
		put(&w, 16, 1);
		put(&w, 0x64400114, 4);
		put(&w, 0xcb007105, 4);
		put(&w, rows[i].first, 2);
		put(&w, rows[i].step, 2);
		put(&w, rows[i].n, 2);
		set_end(&w, at);
		feed(&r, &w);
		assert_int_equal(r.out.session_n, rows[i].ok);
		assert_int_equal(r.out.bad_n, !rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(r.out.sessions->port_first, rows[i].first);
			assert_int_equal(r.out.sessions->port_last, rows[i].last);
			assert_true(r.out.sessions->t0_ms == T0_MS); /* of the datagram */
		}
		run_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(impossible_sessions_are_refused),
	    cmocka_unit_test(sessions_are_shown_to_programs_and_people),
	    cmocka_unit_test(what_a_lease_tells_is_shown),
	    cmocka_unit_test(flags_are_words),
	    cmocka_unit_test(each_dialect_numbers_events_its_own_way),
	    cmocka_unit_test(fields_say_what_is_bound),
	    cmocka_unit_test(blocks_with_a_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
