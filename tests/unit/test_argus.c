/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Argus's words, and rows of its tables. */
#include "decode/argus.h"
#include "decoded.h"

#define NAMES                                                                                      \
	"StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,"    \
	"SrcBytes,Label\n"

enum { S = TCP_SYN, A = TCP_ACK, F = TCP_FIN, R = TCP_RST, P = TCP_PSH };

static void states_hold_the_flags_of_both_ends(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		bool ok;
		uint8_t flags, rflags;
	} rows[] = {{"S_", true, S, 0}, {"S_RA", true, S, R | A},
	    {"FSPA_FSPA", true, F | S | P | A, F | S | P | A}, {"_FSPA", true, 0, F | S | P | A},
	    {"SEC_", true, S | 64 | 128, 0}, {"_", true, 0, 0},
	    {"FSRPAC_U", true, F | S | R | P | A | 128, 32}, {"CON", false, 0, 0},
	    {"S0", false, 0, 0}, {"S_A_", false, 0, 0}, {"s_a", false, 0, 0}, {"", false, 0, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t flags[2];
		assert_int_equal(argus_flags(span_of(rows[i].word), flags), rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(flags[0], rows[i].flags);
			assert_int_equal(flags[1], rows[i].rflags);
		}
	}
}

static void arrows_say_who_began(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		struct argus_dir dir;
	} rows[] = {{"->", {false, true, true}}, {"<->", {false, false, true}},
	    {"<-", {true, false, true}}, {"?>", {false, true, false}},
	    {"<?>", {false, false, false}}, {"<?", {true, false, false}},
	    {"who", {false, false, false}}, {"", {false, false, false}}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct argus_dir d = argus_dir(span_of(rows[i].word));
		assert_int_equal(d.swap, rows[i].dir.swap);
		assert_int_equal(d.right, rows[i].dir.right);
		assert_int_equal(d.sure, rows[i].dir.sure);
	}
}

static void ports_are_numbers_or_names(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		bool ok;
		uint16_t port;
	} rows[] = {{"443", true, 443}, {"0x0016", true, 22}, {"", true, 0}, {"https", true, 443},
	    {"domain", true, 53}, {"65536", false, 0}, {"0x10000", false, 0}, {"0x", false, 0},
	    {"0xzz", false, 0}, {"0x11112222333344445555", false, 0}, {"nobody", false, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint16_t port;
		assert_int_equal(argus_port(span_of(rows[i].word), &port), rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(port, rows[i].port);
	}
}

static void icmp_stands_in_the_ports_or_in_the_state(void **state)
{
	(void)state;
	static const struct {
		const char *sport, *dport, *state;
		bool ok;
		uint8_t type, code;
	} rows[] = {{"0x0008", "0x2d34", "ECO", true, 8, 0},
	    {"0x0303", "0xf735", "URP", true, 3, 3}, {"0x0103", "", "URH", true, 3, 1},
	    {"0x03", "0x03", "URP", true, 3, 3}, {"135", "0", "NNS", true, 135, 0},
	    {"", "0x0002", "ECR", true, 0, 0}, {"", "0x7952", "RED", true, 5, 1},
	    {"", "", "?", false, 0, 0}, {"300", "", "", false, 0, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t type, code;
		assert_int_equal(argus_icmp(span_of(rows[i].sport), span_of(rows[i].dport),
				     span_of(rows[i].state), &type, &code),
		    rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(type, rows[i].type);
			assert_int_equal(code, rows[i].code);
		}
	}
}

enum {
	COUNTS = FLOW_PACKETS | FLOW_BYTES | FLOW_RPACKETS | FLOW_RBYTES,
	BYTES = FLOW_BYTES | FLOW_RBYTES,
	FLAGS = FLOW_FLAGS | FLOW_RFLAGS,
	ALWAYS = FLOW_START | FLOW_END | FLOW_BOTH_WAYS
};

static void only_what_follows_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *row; /* Proto to SrcBytes, without addresses */
		uint32_t have;
		uint16_t sport;
		uint64_t packets, bytes, rpackets, rbytes;
	} rows[] = {
	    {"tcp|1|->|2|S_|3|180|180", COUNTS | FLAGS | FLOW_SRC_FIRST, 1, 3, 180, 0, 0},
	    {"tcp|1|->|2|S_RA|2|134|70", COUNTS | FLAGS | FLOW_SRC_FIRST, 1, 1, 70, 1, 64},
	    {"tcp|1|->|2|FSPA_FSPA|9|900|300", BYTES | FLAGS | FLOW_SRC_FIRST, 1, 0, 300, 0, 600},
	    {"tcp|1|<?>|2|RA_|2|120|60", COUNTS | FLOW_FLAGS, 1, 1, 60, 1, 60},
	    {"tcp|1|<?|2|_RA|2|120|0", COUNTS | FLAGS, 2, 2, 120, 0, 0},
	    {"tcp|1|->|2|_FSPA|2|120|0", COUNTS | FLAGS, 1, 0, 0, 2, 120},
	    {"tcp|1|->|2|REQ|3|180|180", COUNTS | FLAGS | FLOW_SRC_FIRST, 1, 3, 180, 0, 0},
	    {"tcp|1|->|2|RST|9|900|300", BYTES | FLOW_SRC_FIRST, 1, 0, 300, 0, 600},
	    {"tcp|1|->|2|SPA_SPA|9|900|", FLAGS | FLOW_SRC_FIRST, 1, 0, 0, 0, 0},
	    {"tcp|1|->|2|S_|3|180|", COUNTS | FLAGS | FLOW_SRC_FIRST, 1, 3, 180, 0, 0},
	    {"udp|1|<->|2|CON|2|200|80", COUNTS | FLOW_SRC_FIRST, 1, 1, 80, 1, 120},
	    {"udp|1|->|2|INT|4|200|200", COUNTS | FLOW_SRC_FIRST, 1, 4, 200, 0, 0},
	    {"icmp||<-|0x2|ECR|2|196|0", COUNTS | FLOW_ICMP | FLOW_SRC_FIRST, 0, 2, 196, 0, 0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		struct span rest = span_of(rows[i].row), w[8];
		for (size_t k = 0; k < 8; k++)
			w[k] = span_cut(&rest, '|');
#define W(k) (int)w[k].n, w[k].p
		text_fmt(&t,
		    NAMES
		    "2026/01/02 03:04:05.5,0.25,%.*s,10.0.0.1,%.*s,  %.*s,192.0.2.1,%.*s,%.*s,0,0,"
		    "%.*s,%.*s,%.*s,x\n",
		    W(0), W(1), W(2), W(3), W(4), W(5), W(6), W(7));
#undef W
		struct decoded d = decoded("argus", t.p, 0);
		assert_int_equal(d.batch.flow_n, 1);
		const struct flow *f = d.batch.flows;
		assert_int_equal(f->have, rows[i].have | ALWAYS);
		assert_int_equal(f->sport, rows[i].sport);
		assert_int_equal(f->packets, rows[i].packets);
		assert_int_equal(f->bytes, rows[i].bytes);
		assert_int_equal(f->rpackets, rows[i].rpackets);
		assert_int_equal(f->rbytes, rows[i].rbytes);
		decoded_fini(&d);
		text_fini(&t);
	}
}

static void times_without_a_zone_are_local(void **state)
{
	(void)state;
	static const struct {
		const char *start;
		int64_t ms;
	} rows[] = {
	    {"2026/01/02 03:04:05.5", 1767323045500 - 3600000}, {"1767323045.5", 1767323045500}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct text t = {0};
		text_fmt(&t, NAMES "%s,0.25,tcp,10.0.0.1,1,->,192.0.2.1,2,S_,0,0,1,60,60,x\n",
		    rows[i].start);
		struct decoded d = decoded("argus", t.p, 3600000);
		assert_int_equal(d.batch.flow_n, 1);
		assert_true(d.batch.flows->start_ms == rows[i].ms);
		assert_true(d.batch.flows->end_ms == rows[i].ms + 250);
		decoded_fini(&d);
		text_fini(&t);
	}
}

static void every_form_gives_the_same_records(void **state)
{
	(void)state;
	static const char *const forms[] = {NAMES
	    "2026/01/02 03:04:05.5,0.25,tcp,10.0.0.1,1,  ->,192.0.2.1,2,S_RA,0,0,2,134,70,bot\n",
	    "2026/01/02 03:04:05.5,0.25,tcp,10.0.0.1,1,  ->,192.0.2.1,2,S_RA,0,0,2,134,70,no bot\n",
	    "Label\tState\tDport\tDstAddr\tDir\tSport\tSrcAddr\tProto\tDur\tStartTime\tSrcBytes\tTo"
	    "tBytes\t"
	    "TotPkts\n12\tS_RA\t2\t192.0.2.1\t->\t1\t10.0.0.1\ttcp\t0.25\t2026/01/02 "
	    "03:04:05.5\t70\t134\t2\r\n",
	    NAMES NAMES
	    "\n2026/01/02 03:04:05.5,0.25,tcp,10.0.0.1,1,->,192.0.2.1,2,S_RA,,,2,134,70,"};
	struct text first = decoded_json("argus", forms[0]);
	assert_true(first.n > 0);
	for (size_t i = 1; i < ROWS(forms); i++) {
		struct text t = decoded_json("argus", forms[i]);
		assert_string_equal(t.p, first.p);
		text_fini(&t);
	}
	text_fini(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states_hold_the_flags_of_both_ends),
	    cmocka_unit_test(arrows_say_who_began),
	    cmocka_unit_test(ports_are_numbers_or_names),
	    cmocka_unit_test(icmp_stands_in_the_ports_or_in_the_state),
	    cmocka_unit_test(only_what_follows_is_told),
	    cmocka_unit_test(times_without_a_zone_are_local),
	    cmocka_unit_test(every_form_gives_the_same_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
