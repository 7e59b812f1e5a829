/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who held an address: what the decoders of leases share, and that each reads the same whatever the
 * windows in which its file comes (decoded.h cuts it at every place). */
#include "decode/lease.h"
#include "decoded.h"

static void bytes_are_read_in_every_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t n; /* 0: none */
		uint8_t last;
	} rows[] = {{"02:00:00:00:00:0A", 6, 10}, {"02-00-ff", 3, 255}, {"0200.5e10", 4, 16},
	    {"0x0104abcd", 4, 0xcd}, {"2:0:a", 3, 10}, {"7", 1, 7}, {"", 0, 0}, {"0x", 0, 0},
	    {"02:", 0, 0}, {":02", 0, 0}, {"02::03", 0, 0}, {"0g", 0, 0}, {"02 03", 0, 0},
	    {"0102030405060708090a0b0c0d0e0f1011", 0, 0}}; /* more than fit */
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t bytes[16];
		size_t n = lease_bytes(span_of(rows[i].text), bytes, sizeof bytes);
		if (n != rows[i].n || (n && bytes[n - 1] != rows[i].last))
			fail_msg("'%s': %zu", rows[i].text, n);
	}
}

static void relays_options_are_read_as_far_as_they_go(void **state)
{
	(void)state;
	struct session_ids ids = {0};
	lease_relay4(&ids, (struct span){"\1\4olt1\x09\1x\2\x09house", 15}); /* the last is cut */
	assert_true(span_is(session_ids_get(&ids, SESSION_CIRCUIT), "olt1"));
	assert_int_equal(session_ids_get(&ids, SESSION_REMOTE).n, 0);
	ids.n = 0;
	lease_relay6(&ids, (struct span){"\0\x12\0\3pon\0\x25\0\5\0\0\0\1A\0", 17});
	assert_true(span_is(session_ids_get(&ids, SESSION_CIRCUIT), "pon"));
	assert_true(span_is(session_ids_get(&ids, SESSION_REMOTE), "A")); /* less the enterprise */
	ids.n = 0;
	lease_relay6(&ids, (struct span){"\0\x25\0\4\0\0\0\1\0\x25\0\2AB", 14});
	assert_int_equal(session_ids_get(&ids, SESSION_REMOTE).n, 0);
}

static void a_client_may_be_known_by_its_duid(void **state)
{
	(void)state;
	struct session_ids ids = {0};
	lease_id(&ids, SESSION_CLIENT, (struct span){"\xff\0\0\0\2\0\3\0", 8});
	assert_int_equal(session_ids_get(&ids, SESSION_DUID).n, 3);
	ids.n = 0;
	lease_id(&ids, SESSION_CLIENT, (struct span){"\1\2\0\0\0\0\0\1", 8});
	assert_int_equal(session_ids_get(&ids, SESSION_DUID).n, 0);
	assert_int_equal(session_ids_get(&ids, SESSION_CLIENT).n, 8);
}

/* The times and the address of a lease of one hour on New Year's Day. */
#define LEASE                                                                                      \
	"{\"type\":\"session\",\"kind\":\"lease\",\"start\":\"2026-01-01T00:00:00Z\",\"start_"     \
	"is\":"                                                                                    \
	"\"told\",\"end\":\"2026-01-01T01:00:00Z\",\"end_is\":\"until\",\"addr\":\"100.64.1.20\","
#define BINDING                                                                                    \
	"{\"type\":\"session\",\"kind\":\"binding\",\"start\":\"2026-01-01T00:00:00Z\",\"start_"   \
	"is\":"                                                                                    \
	"\"told\",\"addr\":\"203.0.113.5\",\"port_first\":32768,\"port_last\":33279,\"holder\":"   \
	"{\"addr\":\"100.64.1.20\"}}\n"
#define MAC "\"mac\":\"02:00:00:00:00:01\",\"client_id\":\"01:02:00:00:00:00:01\""

static void every_window_gives_the_same(void **state)
{
	(void)state;
	static const struct {
		const char *decoder, *text, *want;
	} rows[] = {
	    {"kea-leases",
		"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,"
		"hostname,state,user_context,pool_id\n100.64.1.20,02:00:00:00:00:01,"
		"01:02:00:00:00:00:01,3600,1767229200,1,0,0,cpe&#x2c1,0,{ \"ISC\": { "
		"\"relay-agent-info\": \"0x0104abcd4142\" } },0\n",
		LEASE MAC ",\"circuit_id\":\"ab:cd:41:42\"}\n"},
	    {"kea-legal",
		"2026-01-01 01:00:00 CET Address: 100.64.1.20 has been assigned for 1 hrs 0 mins 0 "
		"secs to a device with hardware address: hwtype=1 02:00:00:00:00:01, client-id: "
		"01:02:00:00:00:00:01\n",
		LEASE MAC "}\n"},
	    {"dhcpd-leases",
		"lease 100.64.1.20 {\n  starts 4 2026/01/01 00:00:00; ends 4 2026/01/01 01:00:00; "
		"cltt 4 2026/01/01 00:00:00;\n  binding state active; next binding state free;\n  "
		"hardware ethernet 02:00:00:00:00:01; uid "
		"\"\\001\\002\\000\\000\\000\\000\\001\";\n"
		"  option agent.circuit-id \"olt1/1/3:42\"; client-hostname \"cpe\";\n}\n",
		LEASE MAC ",\"circuit_id\":\"olt1/1/3:42\"}\n"},
	    {"assignments",
		"# ours\nprefix,line,valid_from,flags\n192.0.2.0/28,\"L 1\",2026-01-01T00:00:00Z,"
		"business\n",
		"{\"type\":\"session\",\"kind\":\"lease\",\"start\":\"2026-01-01T00:00:00Z\","
		"\"start_is\":\"told\",\"addr\":\"192.0.2.0/28\",\"assigned\":\"L 1\",\"flags\":["
		"\"business\"]}\n"},
	    {"radius-detail",
		"Thu Jan  1 00:00:05 2026\n\tAcct-Status-Type = Start\n\tAcct-Session-Id = \"A1\"\n"
		"\tUser-Name = \"a\\\"b\"\n\tNAS-IP-Address = 192.0.2.1\n\tFramed-IP-Address = "
		"100.64.1.20\n\tEvent-Timestamp = \"Jan  1 2026 00:00:00 UTC\"\n\n",
		"{\"type\":\"session\",\"kind\":\"lease\",\"start\":\"2026-01-01T00:00:00Z\","
		"\"start_is\":\"told\",\"addr\":\"100.64.1.20\",\"user\":\"a\\\"b\",\"nas\":"
		"\"192.0.2.1\",\"session\":\"A1\"}\n"},
	    {"cgn-syslog",
		"Jan  1 00:00:03 mx1 (FPC Slot 2, PIC Slot 0) 2026-01-01 00:00:00 [FWNAT]:"
		"ASP_NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:32768-33279\n",
		BINDING},
	    {"cgn-syslog",
		"2026-01-01T00:00:00Z xr1 [UserbasedA - 100.64.1.20 ivrf1 - 203.0.113.5 - 32768 "
		"33279 - -]",
		BINDING},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text got = decoded_json(rows[i].decoder, rows[i].text);
		if (!got.p || strcmp(got.p, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].decoder, got.p ? got.p : "nothing");
		text_fini(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_read_in_every_spelling),
	    cmocka_unit_test(relays_options_are_read_as_far_as_they_go),
	    cmocka_unit_test(a_client_may_be_known_by_its_duid),
	    cmocka_unit_test(every_window_gives_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
