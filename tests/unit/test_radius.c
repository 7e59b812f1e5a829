/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RADIUS accounting packets: who is believed, what is answered, what each attribute tells. */
#include "accounting.h"
#include "decode/lease.h"
#include "unit.h"

#define MIDNIGHT_S  1767225600LL /* 2026-01-01T00:00:00Z */
#define MIDNIGHT_MS (MIDNIGHT_S * 1000)

/* A Start of FreeRADIUS's radclient with the secret testing123, and what is to be answered. */
static const char start_hex[] =
    "0401005b8f29669b81493460f93fd693d49764ee2806000000012c0a30303030413142320113616c6963654069"
    "73702e6578616d706c650406c00002010806644001147b0c003820010db8aa00000029060000000337066955b900";
static const char reply_hex[] = "0501001456812c96129132f4be3c2a4a7fc73f12";

struct answer {
	struct batch out;
	struct radius_reply reply;
	const char *refused;
	struct text json; /* the sessions' lines */
};

static void ask(struct answer *a, const uint8_t *p, size_t n, int64_t now_ms)
{
	struct radius_packet in = {.p = p,
	    .n = n,
	    .secret = span_of(ACCOUNTING_SECRET),
	    .from = addr_v4(0xc0000209),
	    .now_ms = now_ms};
	struct json j = json_to(&a->json);
	batch_reset(&a->out);
	text_reset(&a->json);
	text_puts(&a->json, "");
	a->refused = radius_accounting(&in, &a->out, &a->reply);
	for (size_t i = 0; i < a->out.session_n; i++) {
		assert_int_equal(session_check(&a->out.sessions[i]), ERR_OK);
		a->out.sessions[i].received_ms = 0;
		session_json(&a->out.sessions[i], "", &j);
	}
}

static void answer_fini(struct answer *a)
{
	batch_fini(&a->out);
	text_fini(&a->json);
}

static size_t hex(const char *text, uint8_t *p, size_t cap)
{
	size_t n = lease_bytes(span_of(text), p, cap);
	assert_int_equal(n * 2, strlen(text));
	return n;
}

static void a_start_makes_a_session_for_each_address_and_is_answered(void **state)
{
	(void)state;
	uint8_t p[RADIUS_PACKET_MAX], want[64];
	struct answer a = {0};
	size_t n = hex(start_hex, p, sizeof p), m = hex(reply_hex, want, sizeof want);
	for (int again = 0; again < 2; again++) {
		ask(&a, p, n, MIDNIGHT_MS + 3000);
		assert_null(a.refused);
		assert_string_equal(a.json.p,
		    "{\"type\":\"session\",\"kind\":\"lease\",\"start\":\"2026-01-01T00:00:00Z\","
		    "\"start_is\":\"told\",\"addr\":\"100.64.1.20\",\"user\":\"alice@isp.example\","
		    "\"nas\":\"192.0.2.1\",\"session\":\"0000A1B2\"}\n"
		    "{\"type\":\"session\",\"kind\":\"lease\",\"start\":\"2026-01-01T00:00:00Z\","
		    "\"start_is\":\"told\",\"addr\":\"2001:db8:aa00::/56\",\"user\":"
		    "\"alice@isp.example\",\"nas\":\"192.0.2.1\",\"session\":\"0000A1B2\"}\n");
		assert_int_equal(a.reply.n, m);
		assert_memory_equal(a.reply.bytes, want, m);
	}
	memset(p + n, 0, 9); /* padding behind the packet's own length */
	ask(&a, p, n + 9, MIDNIGHT_MS);
	assert_null(a.refused);
	answer_fini(&a);
}

static void refused_packets_say_nothing(void **state)
{
	(void)state;
	enum { CHECKED_BITS = 91 * 8 };
	uint8_t good[RADIUS_PACKET_MAX], p[RADIUS_PACKET_MAX];
	struct answer a = {0};
	size_t n = hex(start_hex, good, sizeof good);
	for (size_t bit = 0; bit < CHECKED_BITS; bit++) {
		memcpy(p, good, n);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ask(&a, p, n, MIDNIGHT_MS);
		if (!a.refused || a.out.session_n || a.reply.n)
			fail_msg("bit %zu changed, and still believed", bit);
	}
	for (size_t less = 0; less < n; less++) {
		ask(&a, good, less, MIDNIGHT_MS);
		assert_non_null(a.refused);
	}
	struct radius_packet in = {.p = good, .n = n, .now_ms = MIDNIGHT_MS};
	assert_non_null(radius_accounting(&in, &a.out, &a.reply)); /* no secret is none */
	in.secret = span_of("testing124");
	assert_non_null(radius_accounting(&in, &a.out, &a.reply));
	answer_fini(&a);
}

static void what_is_sent_again_later_is_refused(void **state)
{
	(void)state;
	static const struct {
		int64_t after_ms;
		bool refused;
	} rows[] = {
	    {303000, false}, {303001, true}, {86400000, true}, {-300000, false}, {-300001, true}};
	uint8_t p[RADIUS_PACKET_MAX];
	struct answer a = {0};
	size_t n = hex(start_hex, p, sizeof p);
	for (size_t i = 0; i < ROWS(rows); i++) {
		ask(&a, p, n, MIDNIGHT_MS + rows[i].after_ms);
		assert_int_equal(a.refused != NULL, rows[i].refused);
		assert_int_equal(
		    a.reply.fault, rows[i].refused ? RADIUS_UNTIMELY : RADIUS_NO_FAULT);
		assert_int_equal(a.reply.n == 0, rows[i].refused);
	}
	answer_fini(&a);
}

/* A packet of this status, session S1 of the NAS bng1. */
static void begin(struct accounting *k, uint32_t status)
{
	accounting_begin(k);
	accounting_number(k, 40, status);
	accounting_text(k, 44, "S1");
	accounting_text(k, 32, "bng1");
}

/* The JSON of what it makes has to hold this; NULL: it makes nothing. */
static void check(struct accounting *k, const char *want)
{
	struct answer a = {0};
	accounting_sign(k);
	ask(&a, k->p, k->n, MIDNIGHT_MS);
	assert_null(a.refused);
	assert_true(a.reply.n >= 20);
	if (want ? !strstr(a.json.p, want) : a.out.session_n != 0)
		fail_msg("%s is not in %s", want ? want : "nothing", a.json.p);
	answer_fini(&a);
}

static size_t sessions_of(struct accounting *k)
{
	struct answer a = {0};
	accounting_sign(k);
	ask(&a, k->p, k->n, MIDNIGHT_MS);
	size_t n = a.out.session_n;
	answer_fini(&a);
	return n;
}

static void attributes_of_impossible_length_are_refused(void **state)
{
	(void)state;
	static const uint8_t lengths[] = {0, 1, 255};
	struct answer a = {0};
	for (size_t i = 0; i < ROWS(lengths); i++) {
		struct accounting k;
		begin(&k, 1);
		accounting_text(&k, 1, "alice");
		k.p[k.n - 6] = lengths[i];
		accounting_sign(&k);
		ask(&a, k.p, k.n, MIDNIGHT_MS);
		assert_string_equal(a.refused, "an attribute of an impossible length");
	}
	answer_fini(&a);
}

static void a_message_authenticator_has_to_be_right(void **state)
{
	(void)state;
	struct accounting k;
	struct answer a = {0};
	uint8_t none[MD5_BYTES] = {0};
	begin(&k, 1);
	size_t at = k.n;
	accounting_put(&k, 80, none, sizeof none);
	accounting_text(&k, 1, "alice");
	accounting_sign_message(&k, at);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_null(a.refused);
	k.p[at + 17] ^= 1;
	accounting_sign(&k);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_string_equal(a.refused, "a wrong Message-Authenticator");
	accounting_put(&k, 80, none, sizeof none);
	accounting_sign(&k);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_string_equal(a.refused, "more than one Message-Authenticator");
	begin(&k, 1);
	accounting_put(&k, 80, none, 3);
	accounting_sign(&k);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_string_equal(a.refused, "a wrong Message-Authenticator");
	answer_fini(&a);
}

static void proxies_get_their_state_back(void **state)
{
	(void)state;
	struct accounting k;
	struct answer a = {0};
	begin(&k, 3);
	accounting_text(&k, 33, "one");
	accounting_text(&k, 1, "alice");
	accounting_text(&k, 33, "two");
	accounting_sign(&k);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_null(a.refused);
	assert_int_equal(a.reply.n, 30);
	assert_memory_equal(a.reply.bytes + 20, "\x21\x05one\x21\x05two", 10);
	answer_fini(&a);
}

static void times_are_those_of_the_event(void **state)
{
	(void)state;
	struct accounting k;
	begin(&k, 1);
	accounting_number(&k, 41, 5);
	check(&k, "\"start\":\"2025-12-31T23:59:55Z\",\"start_is\":\"told\"");
	begin(&k, 3);
	accounting_number(&k, 55, MIDNIGHT_S - 10);
	check(&k, "\"start\":\"2025-12-31T23:59:50Z\",\"start_is\":\"seen\"");
	accounting_number(&k, 46, 3600);
	check(&k, "\"start\":\"2025-12-31T22:59:50Z\",\"start_is\":\"told\",\"end\":"
		  "\"2025-12-31T23:59:50Z\",\"end_is\":\"seen\"");
	begin(&k, 2);
	check(&k, "\"kind\":\"lease\",\"end\":\"2026-01-01T00:00:00Z\",\"end_is\":\"told\",\"nas\":"
		  "\"bng1\",\"session\":\"S1\"");
	accounting_number(&k, 46, 60);
	check(&k, "\"start\":\"2025-12-31T23:59:00Z\",\"start_is\":\"told\",\"end\":"
		  "\"2026-01-01T00:00:00Z\",\"end_is\":\"told\"");
	accounting_number(&k, 46, UINT32_MAX); /* longer than there is time */
	check(&k, "\"kind\":\"lease\",\"end\"");
}

static void a_nas_that_starts_afresh_is_a_reset(void **state)
{
	(void)state;
	struct accounting k;
	for (uint32_t status = 7; status <= 8; status++) {
		accounting_begin(&k);
		accounting_number(&k, 40, status);
		check(&k, "\"kind\":\"reset\",\"end\":\"2026-01-01T00:00:00Z\",\"end_is\":\"told\","
			  "\"nas\":\"192.0.2.9\"}"); /* who sent it */
	}
	begin(&k, 15);
	check(&k, NULL);
	accounting_begin(&k);
	accounting_number(&k, 40, 1); /* without a session's name it is answered, and no more */
	check(&k, NULL);
}

static void identifiers_are_kept(void **state)
{
	(void)state;
	static const uint8_t nas6[16] = {0x20, 1, 13, 0xb8, [15] = 9};
	struct accounting k;
	begin(&k, 1);
	accounting_text(&k, 1, "alice");
	accounting_text(&k, 31, "02-00-00-00-00-0A");
	accounting_put(&k, 89, "\1\2", 2);
	accounting_vendor(&k, 3561, 1, "olt1 eth 1/1:42", 15);
	accounting_vendor(&k, 3561, 2, "house 7", 7);
	check(&k,
	    "\"user\":\"alice\",\"mac\":\"02:00:00:00:00:0a\",\"cui\":\"01:02\",\"circuit_id\":"
	    "\"olt1 eth 1/1:42\",\"remote_id\":\"house 7\",\"nas\":\"bng1\",\"session\":\"S1\"");
	accounting_begin(&k);
	accounting_number(&k, 40, 1);
	accounting_text(&k, 44, "S1");
	accounting_text(&k, 31, "491701234567"); /* a telephone, not a MAC */
	accounting_put(&k, 95, nas6, sizeof nas6);
	check(&k, "\"start_is\":\"told\",\"nas\":\"2001:db8::9\",\"session\":\"S1\"");
}

static void addresses_of_both_families_are_kept(void **state)
{
	(void)state;
	static const uint8_t prefix[] = {0, 62, 0x20, 1, 13, 0xb8, 0xaa, 0, 0, 0xff};
	static const uint8_t addr[16] = {0x20, 1, 13, 0xb8, [15] = 7};
	static const uint8_t all[] = {0, 0};
	static const uint8_t short_of[] = {0, 64, 0x20};
	struct accounting k;
	begin(&k, 1);
	accounting_put(&k, 97, prefix, sizeof prefix);
	check(&k, "\"addr\":\"2001:db8:aa00:fc::/62\"");
	begin(&k, 1);
	accounting_put(&k, 168, addr, sizeof addr);
	accounting_vendor(&k, 2011, 158, addr, sizeof addr);
	check(&k, "\"addr\":\"2001:db8::7\"");
	begin(&k, 1); /* all of the world; a damaged one; the client's own choice */
	accounting_put(&k, 123, all, sizeof all);
	accounting_put(&k, 123, short_of, sizeof short_of);
	accounting_number(&k, 8, 0xfffffffe);
	check(&k, "\"start_is\":\"told\",\"nas\"");
	begin(&k, 1);
	for (uint32_t i = 0; i < 40; i++)
		accounting_number(&k, 8, 0x64400100 + i);
	check(&k, "\"addr\":\"100.64.1.31\"");
	assert_int_equal(sessions_of(&k), 32);
}

static void put_range(struct accounting *k, bool outside, uint8_t given)
{
	uint8_t b[] = {6, 3, 6, 203, 0, 113, 5, 8, 6, 0, 0, 0, given, 9, 6, 0, 0, 0x80, 0, 10, 6, 0,
	    0, 0x81, 0xff};
	if (!outside)
		b[1] = 11; /* a local id instead */
	accounting_put(k, 241, b, sizeof b);
}

static void blocks_of_ports_are_bindings_of_the_inside_address(void **state)
{
	(void)state;
	static const char block[] =
	    "\"addr\":\"203.0.113.5\",\"port_first\":32768,\"port_last\":33279";
	struct accounting k;
	begin(&k, 1);
	put_range(&k, true, 1);
	check(&k, block); /* the inside is not told: a lease of those ports */
	check(&k, "33279,\"nas\":\"bng1\"");
	accounting_number(&k, 8, 0x64400114);
	check(&k, "33279,\"holder\":{\"addr\":\"100.64.1.20\"}");
	begin(&k, 3);
	accounting_number(&k, 8, 0x64400114);
	put_range(&k, true, 2);
	put_range(&k, true, 0);
	check(&k, "\"binding\",\"end\":\"2026-01-01T00:00:00Z\",\"end_is\":\"told\"");
	check(&k, "\"binding\",\"start\":\"2026-01-01T00:00:00Z\",\"start_is\":\"seen\"");
	begin(&k, 1);
	put_range(&k, false, 1); /* ports of an address that is not told */
	check(&k, "\"start_is\":\"told\",\"nas\"");
}

static void vendors_tell_blocks_in_their_own_way(void **state)
{
	(void)state;
	static const uint8_t addr[] = {203, 0, 113, 5}, first[] = {0, 0, 4, 0},
			     last[] = {0, 0, 5, 0xff};
	static const struct {
		uint32_t vendor;
		uint8_t types[3];
	} rows[] = {{2011, {161, 162, 163}}, {18681, {16, 28, 29}}, {25506, {32, 33, 34}}};
	struct accounting k;
	for (size_t i = 0; i < ROWS(rows); i++) {
		begin(&k, 1);
		accounting_number(&k, 8, 0x64400114);
		accounting_vendor(&k, rows[i].vendor, rows[i].types[0], addr, 4);
		assert_int_equal(sessions_of(&k), 1); /* what others share, too, says nothing */
		accounting_vendor(&k, rows[i].vendor, rows[i].types[1], first, 4);
		accounting_vendor(&k, rows[i].vendor, rows[i].types[2], last, 4);
		check(&k, "\"addr\":\"203.0.113.5\",\"port_first\":1024,\"port_last\":1535,"
			  "\"holder\":{\"addr\":\"100.64.1.20\"}");
	}
	begin(&k, 3); /* an update whose meaning is not published */
	accounting_vendor(&k, 2011, 161, addr, 4);
	accounting_vendor(&k, 2011, 163, last, 4);
	accounting_vendor(&k, 2011, 165, first, 4);
	assert_int_equal(sessions_of(&k), 1);
	begin(&k, 2);
	accounting_vendor(&k, 6527, 121, "203.0.113.5 1024-1535 router Base", 33);
	accounting_vendor(&k, 6527, 121, "203.0.113.6 2048-2559", 21);
	check(&k, "\"addr\":\"203.0.113.5\",\"port_first\":1024,\"port_last\":1535,\"nas\"");
	check(&k, "\"addr\":\"203.0.113.6\",\"port_first\":2048,\"port_last\":2559,\"nas\"");
}

/* What is beyond the last that is kept does not mix with it. */
static void blocks_that_are_too_many_are_left_out(void **state)
{
	(void)state;
	enum { KEPT = 16 };
	static const uint8_t cut[] = {6, 3, 6, 203, 0, 113, 6, 9, 6, 0, 0, 0x10, 0};
	struct accounting k;
	struct answer a = {0};
	begin(&k, 1);
	for (int i = 0; i < KEPT; i++)
		put_range(&k, true, 1);
	assert_int_equal(sessions_of(&k), 1 + KEPT);
	accounting_put(&k, 241, cut, sizeof cut);
	accounting_sign(&k);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_int_equal(a.out.session_n, 1 + KEPT);
	assert_null(strstr(a.json.p, "203.0.113.6"));
	answer_fini(&a);
	begin(&k, 1);
	for (int i = 0; i < KEPT; i++)
		accounting_vendor(&k, 6527, 121, "203.0.113.5 1024-1535", 21);
	assert_int_equal(sessions_of(&k), 1 + KEPT);
	accounting_vendor(&k, 6527, 121, "203.0.113.6 1024-1535", 21);
	assert_int_equal(sessions_of(&k), 1 + KEPT);
}

static void whoever_asks_for_the_state_is_answered_if_he_signed(void **state)
{
	(void)state;
	struct accounting k;
	struct answer a = {0};
	accounting_begin(&k);
	k.p[0] = 12;
	accounting_put(&k, 80, "0123456789abcdef", 16);
	accounting_put(&k, 33, "via", 3);
	k.p[3] = (uint8_t)k.n;
	memcpy(k.p + 4, "any random bytes", 16);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_int_equal(a.reply.fault, RADIUS_FORGED);
	memset(k.p + ACCOUNTING_HEAD + 2, 0, 16);
	struct span all = {(const char *)k.p, k.n};
	uint8_t sum[MD5_BYTES];
	md5_keyed(sum, span_of(ACCOUNTING_SECRET), &all, 1);
	memcpy(k.p + ACCOUNTING_HEAD + 2, sum, sizeof sum);
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_null(a.refused);
	assert_int_equal(a.reply.fault, RADIUS_NO_FAULT);
	assert_int_equal(a.out.session_n, 0);
	assert_int_equal(a.reply.n, 25);
	assert_int_equal(a.reply.bytes[0], 5);
	k.p[4] ^= 1; /* its authenticator is signed, too */
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_int_equal(a.reply.fault, RADIUS_FORGED);
	accounting_begin(&k);
	k.p[0] = 12;
	accounting_sign(&k); /* without a Message-Authenticator */
	ask(&a, k.p, k.n, MIDNIGHT_MS);
	assert_int_equal(a.reply.fault, RADIUS_FORGED);
	answer_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_start_makes_a_session_for_each_address_and_is_answered),
	    cmocka_unit_test(refused_packets_say_nothing),
	    cmocka_unit_test(what_is_sent_again_later_is_refused),
	    cmocka_unit_test(attributes_of_impossible_length_are_refused),
	    cmocka_unit_test(a_message_authenticator_has_to_be_right),
	    cmocka_unit_test(proxies_get_their_state_back),
	    cmocka_unit_test(whoever_asks_for_the_state_is_answered_if_he_signed),
	    cmocka_unit_test(times_are_those_of_the_event),
	    cmocka_unit_test(a_nas_that_starts_afresh_is_a_reset),
	    cmocka_unit_test(identifiers_are_kept),
	    cmocka_unit_test(addresses_of_both_families_are_kept),
	    cmocka_unit_test(blocks_of_ports_are_bindings_of_the_inside_address),
	    cmocka_unit_test(vendors_tell_blocks_in_their_own_way),
	    cmocka_unit_test(blocks_that_are_too_many_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
