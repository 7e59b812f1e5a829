/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek's words for a connection, and rows of its logs. */
#include "base/when.h"
#include "decode/zeek.h"
#include "decoded.h"

#define CONN_NAMES                                                                                 \
	"#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t" \
	"proto\tduration\torig_bytes\tresp_bytes\tconn_state\thistory\torig_pkts\torig_ip_bytes\t" \
	"resp_pkts\tresp_ip_bytes\n"
#define DNS_NAMES                                                                                  \
	"#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t"  \
	"query\tqtype\tqtype_name\trcode\trcode_name\tanswers\tTTLs\n"

enum { S = TCP_SYN, A = TCP_ACK, F = TCP_FIN, R = TCP_RST, D = TCP_PSH | TCP_ACK };
enum { BOTH = FLOW_FLAGS | FLOW_RFLAGS };

static void history_letters_are_flags(void **state)
{
	(void)state;
	static const struct {
		const char *history;
		uint32_t have;
		uint8_t flags, rflags;
	} rows[] = {{"S", BOTH, S, 0}, {"Sr", BOTH, S, R}, {"Sh", BOTH, S, S | A},
	    {"ShADadfF", BOTH, S | D | F, S | D | F}, {"ShR", BOTH, S | R, S | A},
	    {"SADad^", BOTH, S | D, D}, {"hADad", BOTH, D, S | D}, {"H", BOTH, S | A, 0},
	    {"C", FLOW_RFLAGS, 0, 0}, {"Cr", FLOW_RFLAGS, 0, R},
	    {"ShADadCcfF", BOTH, S | D | F, S | D | F}, {"^d", BOTH, 0, D}, {"Q", BOTH, S, 0},
	    {"TtGgWwXxIi", BOTH, 0, 0}, {"\xff#1", BOTH, 0, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct flow f = {.have = 0};
		zeek_history(span_of(rows[i].history), &f);
		assert_int_equal(f.have, rows[i].have);
		assert_int_equal(f.flags, rows[i].flags);
		assert_int_equal(f.rflags, rows[i].rflags);
	}
}

static void states_are_flags_where_there_is_no_history(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		uint32_t have;
		uint8_t flags, rflags;
	} rows[] = {{"S0", BOTH, S, 0}, {"S1", BOTH, S | A, S | A},
	    {"SF", BOTH, S | A | F, S | A | F}, {"REJ", BOTH, S, R | A},
	    {"S2", BOTH, S | A | F, S | A}, {"S3", BOTH, S | A, S | A | F},
	    {"RSTO", BOTH, S | A | R, S | A}, {"RSTR", BOTH, S | A, S | A | R},
	    {"RSTOS0", BOTH, S | R, 0}, {"RSTRH", BOTH, 0, S | A | R}, {"SH", BOTH, S | F, 0},
	    {"SHR", BOTH, 0, S | A | F}, {"OTH", 0, 0, 0}, {"", 0, 0, 0}, {"s0", 0, 0, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct flow f = {.have = 0};
		zeek_state(span_of(rows[i].word), &f);
		assert_int_equal(f.have, rows[i].have);
		assert_int_equal(f.flags, rows[i].flags);
		assert_int_equal(f.rflags, rows[i].rflags);
	}
}

static void the_first_packet_is_certain_or_not_told(void **state)
{
	(void)state;
	static const struct {
		const char *state, *history;
		bool first;
	} rows[] = {{"S0", "S", true}, {"SF", "Dd", true}, {"SHR", "^d", false},
	    {"S0", "D^", false}, {"SF", "hADad", false}, {"SHR", "-", false}, {"RSTRH", "-", false},
	    {"OTH", "-", true}, {"OTH", "C", true}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		text_fmt(&t,
		    CONN_NAMES "1.5\t10.0.0.1\t1\t10.0.0.2\t2\ttcp\t-\t-\t-\t%s\t%s\t1\t40\t0\t0\n",
		    rows[i].state, rows[i].history);
		struct decoded d = decoded("zeek-tsv", t.p, 0);
		assert_int_equal(d.batch.flow_n, 1);
		assert_int_equal((d.batch.flows->have & FLOW_SRC_FIRST) != 0, rows[i].first);
		assert_true(d.batch.flows->have & FLOW_BOTH_WAYS);
		decoded_fini(&d);
		text_fini(&t);
	}
}

static void times_are_to_the_microsecond(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t us;
	} rows[] = {{"0", true, 0}, {"1.5", true, 1500000},
	    {"1517336042.090842", true, 1517336042090842}, {"0.0000019", true, 1},
	    {"3.", true, 3000000}, {"-1", false, 0}, {"", false, 0}, {"1.5x", false, 0},
	    {"1e5", false, 0}, {"99999999999999", false, 0}, {"XXXXXXXXXX.XXXXXX", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t us = -1;
		assert_int_equal(when_micros(span_of(rows[i].text), &us), rows[i].ok);
		if (rows[i].ok)
			assert_true(us == rows[i].us);
	}
	struct decoded d = decoded("zeek-tsv",
	    CONN_NAMES
	    "10.000900\t10.0.0.1\t1\t10.0.0.2\t2\tudp\t0.000200\t-\t-\tS0\tD\t1\t40\t0\t0\n",
	    0);
	assert_true(d.batch.flows->start_ms == 10000 && d.batch.flows->end_ms == 10001);
	decoded_fini(&d);
}

static void icmp_stands_in_the_ports(void **state)
{
	(void)state;
	static const struct {
		const char *addr, *row;
		uint8_t proto, type, code;
	} rows[] = {{"10.0.0.1", "8\t10.0.0.2\t0", 1, 8, 0},
	    {"10.0.0.1", "3\t10.0.0.2\t1", 1, 3, 1}, {"10.0.0.1", "13\t10.0.0.2\t14", 1, 13, 0},
	    {"fd00::1", "128\tfd00::2\t129", 58, 128, 0}, {"fd00::1", "1\tfd00::2\t4", 58, 1, 4}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		text_fmt(&t, CONN_NAMES "1.5\t%s\t%s\ticmp\t-\t-\t-\tOTH\t-\t1\t40\t0\t0\n",
		    rows[i].addr, rows[i].row);
		struct decoded d = decoded("zeek-tsv", t.p, 0);
		assert_int_equal(d.batch.flow_n, 1);
		const struct flow *f = d.batch.flows;
		assert_true(f->have & FLOW_ICMP);
		assert_int_equal(f->proto, rows[i].proto);
		assert_int_equal(f->icmp_type, rows[i].type);
		assert_int_equal(f->icmp_code, rows[i].code);
		assert_int_equal(f->sport | f->dport, 0);
		decoded_fini(&d);
		text_fini(&t);
	}
}

static void packets_with_bad_checksums_are_not_silence(void **state)
{
	(void)state;
	struct decoded d = decoded("zeek-tsv",
	    CONN_NAMES "1.5\t10.0.0.1\t1\t10.0.0.2\t2\tudp\t-\t-\t-\tSHR\tCd\t0\t0\t1\t99\n", 0);
	assert_int_equal(d.batch.flow_n, 1);
	assert_int_equal(d.batch.flows->have & (FLOW_PACKETS | FLOW_BYTES), 0);
	assert_int_equal(d.batch.flows->rpackets, 1);
	decoded_fini(&d);
}

static void names_keep_their_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *query, *name;
	} rows[] = {{"WWW.Example.COM", "www.example.com"}, {"(empty)", ""}, {"<Root>", ""},
	    {"a b.example", "a\\032b.example"}, {"x\\xffy.example", "x\\255y.example"},
	    {"back\\\\slash", "back\\092slash"}, {"\\x2", "\\092x2"}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		text_fmt(&t, DNS_NAMES "1.5\t10.0.0.1\t999\t10.0.0.2\t53\t%s\t1\tA\t-\t-\t-\t-\n",
		    rows[i].query);
		struct decoded d = decoded("zeek-tsv", t.p, 0);
		assert_int_equal(d.batch.dns_n, 1);
		assert_string_equal(d.batch.dns->name, rows[i].name);
		assert_int_equal(d.batch.dns->rcode, DNS_RCODE_NONE);
		assert_int_equal(d.batch.dns->client_port, 999);
		decoded_fini(&d);
		text_fini(&t);
	}
}

static void a_name_too_long_loses_its_front(void **state)
{
	(void)state;
	struct text t = {0};
	text_puts(&t, DNS_NAMES "1.5\t10.0.0.1\t999\t10.0.0.2\t53\t");
	for (int i = 0; i < 100; i++)
		text_puts(&t, "\\xff");
	text_puts(&t, ".example.com\t1\tA\t-\t-\t-\t-\n");
	struct decoded d = decoded("zeek-tsv", t.p, 0);
	assert_int_equal(d.batch.dns_n, 1);
	const struct dns *r = d.batch.dns;
	assert_int_equal(r->name_n, 60 * 4 + 12); /* whole bytes only */
	assert_string_equal(r->name + r->name_n - 12, ".example.com");
	assert_memory_equal(r->name, "\\255", 4);
	decoded_fini(&d);
	text_fini(&t);
}

static void answers_are_addresses_or_text(void **state)
{
	(void)state;
	struct decoded d = decoded("zeek-tsv",
	    DNS_NAMES
	    "1.5\t10.0.0.1\t999\t10.0.0.2\t53\ta.example\t16\tTXT\t0\tNOERROR\t192.0.2.1,"
	    "cdn.example,TXT 3 A\\x00b TXT 2 no,TXT 9 cut,TXT x,2001:db8::1\t60.0,5.9,-\n",
	    0);
	static const char want[] = "cdn.example\0A\\000b\0cut\0TXT x";
	assert_int_equal(d.batch.dns_n, 1);
	assert_int_equal(d.batch.dns->addr_n, 2);
	assert_int_equal(d.batch.dns->other_n, sizeof want);
	assert_memory_equal(d.batch.dns->other, want, sizeof want);
	assert_true(d.batch.dns->has_ttl);
	assert_int_equal(d.batch.dns->ttl_s, 5);
	decoded_fini(&d);
}

static void both_forms_give_the_same_records(void **state)
{
	(void)state;
	static const char tsv[] = CONN_NAMES "1517336042.090842\t10.0.0.1\t14291\t192.0.2."
					     "5\t80\ttcp\t3.000158\t0\t0\tS0\tS\t2\t104\t0\t0\n";
	static const char json[] =
	    "{\"ts\":1517336042.090842,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":14291,"
	    "\"id.resp_h\":\"192.0.2.5\",\"id.resp_p\":80,\"proto\":\"tcp\",\"duration\":3.000158,"
	    "\"orig_bytes\":0,\"resp_bytes\":0,\"conn_state\":\"S0\",\"history\":\"S\",\"orig_"
	    "pkts\":2,"
	    "\"orig_ip_bytes\":104,\"resp_pkts\":0,\"resp_ip_bytes\":0,\"label\":\"x\"}\n";
	static const char nested[] =
	    "{\"_path\":\"conn\",\"ts\":\"2018-01-30T18:14:02.090842Z\",\"id\":{\"orig_h\":\"10.0."
	    "0.1\","
	    "\"orig_p\":14291,\"resp_h\":\"192.0.2.5\",\"resp_p\":80},\"proto\":\"tcp\","
	    "\"duration\":3.000158,\"orig_bytes\":0,\"resp_bytes\":0,\"conn_state\":\"S0\","
	    "\"history\":\"S\",\"orig_pkts\":2,\"orig_ip_bytes\":104,\"resp_pkts\":0,\"resp_ip_"
	    "bytes\":0}\n";
	struct text a = decoded_json("zeek-tsv", tsv), b = decoded_json("zeek-json", json),
		    c = decoded_json("zeek-json", nested);
	assert_true(a.n > 0);
	assert_string_equal(a.p, b.p);
	assert_string_equal(strstr(a.p, "\"src\""), strstr(c.p, "\"src\""));
	text_fini(&a);
	text_fini(&b);
	text_fini(&c);
}

static void labels_change_nothing(void **state)
{
	(void)state;
	static const char head[] =
	    "#fields\tlabel\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t"
	    "proto\tconn_state\tdetailed-label\ttunnel_parents\n";
	static const char *const labels[] = {"Malicious", "Benign"};
	struct text out[2];
	for (size_t i = 0; i < 2; i++) {
		struct text t = {0};
		text_fmt(&t, "%s%s\t1.5\tC1\t10.0.0.1\t1\t192.0.2.1\t23\ttcp\tS0\t%s\t(empty)\n",
		    head, labels[i], labels[!i]);
		out[i] = decoded_json("zeek-tsv", t.p);
		text_fini(&t);
	}
	assert_true(out[0].n > 0);
	assert_string_equal(out[0].p, out[1].p);
	text_fini(&out[0]);
	text_fini(&out[1]);
}

static void formats_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *text, *decoder;
	} rows[] = {{"#separator \\x09\n", "zeek-tsv"},
	    {"### made by a test\n#separator \\x09\n", "zeek-tsv"},
	    {"\t#separator \\x09\n", "zeek-tsv"}, {"ts\tuid\tid.orig_h\tx\n", "zeek-tsv"},
	    {"{\"ts\":1.5,\"uid\":\"C1\"}\n", "zeek-json"},
	    {"{\"ts\": 1.5, \"peer\": \"zeek\"}\n", "zeek-json"},
	    {"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport\n", "argus"},
	    {"2016/01/08 10:52:51.985777,0.6,tcp,10.0.0.1,5,   "
	     "->,10.0.0.2,443,SPA_SPA,0,0,56,25265,\n",
		"argus"},
	    {"{\"timestamp\":\"x\",\"event_type\":\"flow\",\"ts\":1}\n", "eve"},
	    {"{\"type\":\"flow\"}\n", NULL}, {"# a list of names\nexample.com\n", NULL}, {"", NULL},
	    {"ts,te,td,sa,da,sp,dp,pr\n2026-01-01 00:00:00,x,1,10.0.0.1,10.0.0.2,1,2,TCP\n", NULL},
	    {"Read me, please, before, you, start, ->, a, b, c, d, e, f, g, h\n", NULL}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct decoder *d =
		    decoder_sniff((const uint8_t *)rows[i].text, strlen(rows[i].text));
		assert_string_equal(
		    d ? d->name : "none", rows[i].decoder ? rows[i].decoder : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(history_letters_are_flags),
	    cmocka_unit_test(states_are_flags_where_there_is_no_history),
	    cmocka_unit_test(the_first_packet_is_certain_or_not_told),
	    cmocka_unit_test(times_are_to_the_microsecond),
	    cmocka_unit_test(icmp_stands_in_the_ports),
	    cmocka_unit_test(packets_with_bad_checksums_are_not_silence),
	    cmocka_unit_test(names_keep_their_bytes),
	    cmocka_unit_test(a_name_too_long_loses_its_front),
	    cmocka_unit_test(answers_are_addresses_or_text),
	    cmocka_unit_test(both_forms_give_the_same_records),
	    cmocka_unit_test(labels_change_nothing),
	    cmocka_unit_test(formats_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
