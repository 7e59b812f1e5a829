/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who opened a contact and how it ended (detection.md 4.1, P3 and P7), by flags, directions,
 * sampling and what the exporter shows; and what Zeek's words for it become. */
#include "attributed.h"
#include "decoded.h"
#include <stdio.h>

#define LINE             "10.0.0.1"
#define PEER             "198.51.100.7"
#define OUT              .src = LINE, .dst = PEER, .sport = 40000, .dport = 23
#define ENDS(a, p, b, q) .src = (a), .sport = (p), .dst = (b), .dport = (q)
#define BACK             .src = PEER, .dst = LINE, .sport = 23, .dport = 40000
enum shown { NEW, BOTH, ONE }; /* what the exporter has shown: nothing yet, both directions, one */

/* Twenty answered TCP contacts make an exporter known (P7). */
static void make_known(struct attributed *x, enum shown shown)
{
	for (uint16_t i = 0; shown != NEW && i < 20; i++) {
		struct packet_row out = {.src = "10.0.9.9",
		    .dst = "203.0.113.9",
		    .sport = (uint16_t)(1000 + i),
		    .dport = 443,
		    .at_s = -100 - i,
		    .flags = SYN | ACK | PSH,
		    .packets = 9};
		struct packet_row back = out;
		back.src = out.dst;
		back.dst = out.src;
		back.sport = out.dport;
		back.dport = out.sport;
		back.at_s += 0.1;
		attributed_add(x, &out);
		if (shown == BOTH)
			attributed_add(x, &back);
	}
	attribute_flush(x->a, &x->out);
	x->out.n = 0;
}

struct judged_row {
	const char *what;
	struct packet_row flow[2];
	enum shown shown;
	enum contact_opener opener;
	enum contact_outcome outcome;
	bool syn_only;
};

static const struct judged_row tcp_rows[] = {
    {"SYN alone, by flags", {{OUT, .flags = SYN}}, NEW, OPENER_SELF, OUTCOME_UNANSWERED, true},
    {"SYN alone, one-way exporter", {{OUT, .flags = SYN}}, ONE, OPENER_SELF, OUTCOME_UNANSWERED,
	true},
    {"SYN alone, both-way exporter", {{OUT, .flags = SYN, .packets = 3}}, BOTH, OPENER_SELF,
	OUTCOME_UNANSWERED, true},
    {"SYN alone towards the line", {{BACK, .flags = SYN}}, NEW, OPENER_PEER, OUTCOME_UNANSWERED,
	false},
    {"SYN then RST: a half-open scan, what came back is not seen", {{OUT, .flags = SYN | RST}}, NEW,
	OPENER_SELF, OUTCOME_UNKNOWN, false},
    {"SYN, reset back", {{OUT, .flags = SYN}, {BACK, .flags = RST | ACK, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_REFUSED, true},
    {"SYN, bare reset back", {{OUT, .flags = SYN}, {BACK, .flags = RST, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_REFUSED, true},
    {"half-open scan, answered",
	{{OUT, .flags = SYN | RST, .packets = 2}, {BACK, .flags = SYN | ACK, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_ANSWERED, false},
    {"handshake", {{OUT, .flags = SYN | ACK}, {BACK, .flags = SYN | ACK, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_ANSWERED, false},
    {"handshake, exported answer first",
	{{BACK, .flags = SYN | ACK, .at_s = 0.1}, {OUT, .flags = SYN | ACK}}, NEW, OPENER_SELF,
	OUTCOME_ANSWERED, false},
    {"handshake opened by the peer",
	{{BACK, .flags = SYN | ACK}, {OUT, .flags = SYN | ACK, .at_s = 0.1}}, NEW, OPENER_PEER,
	OUTCOME_ANSWERED, false},
    {"both show SYN at one time: the system port answered",
	{{OUT, .flags = SYN | ACK}, {BACK, .flags = SYN | ACK}}, NEW, OPENER_SELF, OUTCOME_ANSWERED,
	false},
    {"both show SYN at one time, the system port is the line's",
	{{ENDS(LINE, 22, PEER, 40000), .flags = SYN | ACK},
	    {ENDS(PEER, 40000, LINE, 22), .flags = SYN | ACK}},
	NEW, OPENER_PEER, OUTCOME_ANSWERED, false},
    {"both show SYN at one time, no system port: nobody knows",
	{{ENDS(LINE, 40000, PEER, 8080), .flags = SYN | ACK},
	    {ENDS(PEER, 8080, LINE, 40000), .flags = SYN | ACK}},
	NEW, OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"both show SYN at one time, two system ports: nobody knows",
	{{ENDS(LINE, 1022, PEER, 514), .flags = SYN | ACK},
	    {ENDS(PEER, 514, LINE, 1022), .flags = SYN | ACK}},
	NEW, OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"both show SYN at one time, FTP data: nobody knows",
	{{ENDS(LINE, 40000, PEER, 20), .flags = SYN | ACK},
	    {ENDS(PEER, 20, LINE, 40000), .flags = SYN | ACK}},
	NEW, OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"answered, then reset by the peer",
	{{OUT, .flags = SYN | ACK}, {BACK, .flags = SYN | ACK | RST, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_ANSWERED, false},
    {"SYN+ACK alone: perhaps an answer", {{OUT, .flags = SYN | ACK}}, ONE, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"SYN+ACK alone, the source says who was first",
	{{OUT, .flags = SYN | ACK, .have = FLOW_SRC_FIRST}}, ONE, OPENER_SELF, OUTCOME_ANSWERED,
	false},
    {"reset alone: backscatter", {{OUT, .flags = RST}}, BOTH, OPENER_UNKNOWN, OUTCOME_UNKNOWN,
	false},
    {"reset and ACK alone: an answer", {{OUT, .flags = RST | ACK}}, BOTH, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"from the middle", {{OUT, .flags = ACK | PSH, .packets = 9}}, BOTH, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"from the middle, both ways", {{OUT, .flags = ACK}, {BACK, .flags = ACK, .at_s = 0.1}}, BOTH,
	OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"flags exported as 0", {{OUT, .flags = 0}}, BOTH, OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"no flags, exporter not yet known", {{OUT, .flags = NOFLAGS}}, NEW, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"no flags, one-way exporter", {{OUT, .flags = NOFLAGS}}, ONE, OPENER_UNKNOWN, OUTCOME_UNKNOWN,
	false},
    {"no flags, both-way exporter", {{OUT, .flags = NOFLAGS}}, BOTH, OPENER_SELF,
	OUTCOME_UNANSWERED, false},
    {"no flags, one packet back: perhaps a reset",
	{{OUT, .flags = NOFLAGS}, {BACK, .flags = NOFLAGS, .at_s = 0.1}}, BOTH, OPENER_SELF,
	OUTCOME_UNKNOWN, false},
    {"no flags, two packets back",
	{{OUT, .flags = NOFLAGS}, {BACK, .flags = NOFLAGS, .at_s = 0.1, .packets = 2}}, BOTH,
	OPENER_SELF, OUTCOME_ANSWERED, false},
    {"SYN alone, sampled", {{OUT, .flags = SYN, .sampling = 1000}}, BOTH, OPENER_SELF,
	OUTCOME_UNKNOWN, true},
    {"reset back, sampled: the answer before it may be missing",
	{{OUT, .flags = SYN, .sampling = 1000}, {BACK, .flags = RST | ACK, .at_s = 0.1}}, BOTH,
	OPENER_SELF, OUTCOME_UNKNOWN, true},
    {"answer back, sampled",
	{{OUT, .flags = SYN, .sampling = 1000}, {BACK, .flags = SYN | ACK, .at_s = 0.1}}, BOTH,
	OPENER_SELF, OUTCOME_ANSWERED, true},
};

static const struct judged_row other_rows[] = {
    {"biflow, nothing back", {{OUT, .flags = SYN, .have = FLOW_BOTH_WAYS}}, NEW, OPENER_SELF,
	OUTCOME_UNANSWERED, true},
    {"biflow, handshake",
	{{OUT, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 3, .rpackets = 2,
	    .have = FLOW_BOTH_WAYS | FLOW_SRC_FIRST}},
	NEW, OPENER_SELF, OUTCOME_ANSWERED, false},
    {"biflow, reset back",
	{{OUT, .flags = SYN, .rflags = RST | ACK, .rpackets = 1,
	    .have = FLOW_BOTH_WAYS | FLOW_SRC_FIRST}},
	NEW, OPENER_SELF, OUTCOME_REFUSED, true},
    {"ICMP said that it is unreachable", {{OUT, .flags = SYN, .state = "refused"}}, NEW,
	OPENER_SELF, OUTCOME_REFUSED, true},
    {"UDP alone, not yet known", {{OUT, .proto = PROTO_UDP}}, NEW, OPENER_UNKNOWN, OUTCOME_UNKNOWN,
	false},
    {"UDP alone, one-way exporter", {{OUT, .proto = PROTO_UDP}}, ONE, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"UDP alone, both-way exporter", {{OUT, .proto = PROTO_UDP}}, BOTH, OPENER_SELF,
	OUTCOME_UNANSWERED, false},
    {"UDP alone from the peer", {{BACK, .proto = PROTO_UDP}}, BOTH, OPENER_PEER, OUTCOME_UNANSWERED,
	false},
    {"UDP alone, sampled", {{OUT, .proto = PROTO_UDP, .sampling = 100}}, BOTH, OPENER_SELF,
	OUTCOME_UNKNOWN, false},
    {"UDP answered", {{OUT, .proto = PROTO_UDP}, {BACK, .proto = PROTO_UDP, .at_s = 0.1}}, NEW,
	OPENER_SELF, OUTCOME_ANSWERED, false},
    {"UDP, the earlier packet opens",
	{{OUT, .proto = PROTO_UDP, .at_s = 0.1}, {BACK, .proto = PROTO_UDP}}, NEW, OPENER_PEER,
	OUTCOME_ANSWERED, false},
    {"UDP at one time: nobody knows", {{OUT, .proto = PROTO_UDP}, {BACK, .proto = PROTO_UDP}}, BOTH,
	OPENER_UNKNOWN, OUTCOME_UNKNOWN, false},
    {"echo request, unanswered",
	{{OUT, .proto = PROTO_ICMP, .icmp_type = 8, .have = FLOW_ICMP | FLOW_BOTH_WAYS}}, BOTH,
	OPENER_SELF, OUTCOME_UNANSWERED, false},
    {"echo request, one-way exporter",
	{{OUT, .proto = PROTO_ICMP, .icmp_type = 8, .have = FLOW_ICMP}}, ONE, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"echo reply: caused by others",
	{{OUT, .proto = PROTO_ICMP, .icmp_type = 0, .have = FLOW_ICMP}}, BOTH, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"unreachable: caused by others",
	{{OUT, .proto = PROTO_ICMP, .icmp_type = 3, .have = FLOW_ICMP}}, BOTH, OPENER_UNKNOWN,
	OUTCOME_UNKNOWN, false},
    {"ICMP without its type", {{OUT, .proto = PROTO_ICMP}}, BOTH, OPENER_UNKNOWN, OUTCOME_UNKNOWN,
	false},
};

static void judged(const struct judged_row *row)
{
	struct attributed x = attributed_new(NULL, 1024);
	make_known(&x, row->shown);
	for (int i = 0; i < 2 && row->flow[i].src; i++)
		attributed_add(&x, &row->flow[i]);
	attribute_flush(x.a, &x.out);
	const struct contact *c = x.out.v;
	if (x.out.n != 1 || c->opener != row->opener || c->outcome != row->outcome ||
	    !(c->marks & CONTACT_SYN_ONLY) == row->syn_only)
		fail_msg("%s: %zu contacts, opener %d, outcome %d, marks %d", row->what, x.out.n,
		    c ? c->opener : -1, c ? c->outcome : -1, c ? c->marks : -1);
	bool out = addr_same(&c->peer, &(union addr){.q = {0, addr_of(row->flow[0].dst).q[1]}});
	assert_int_equal(c->port, out ? row->flow[0].sport : row->flow[0].dport);
	assert_int_equal(c->peer_port, out ? row->flow[0].dport : row->flow[0].sport);
	assert_true(addr_same(&c->peer, &(union addr){.q = {0, addr_of(PEER).q[1]}}));
	attributed_fini(&x);
}

static void tcp_says_who_opened_and_how_it_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(tcp_rows); i++)
		judged(&tcp_rows[i]);
}

static void other_protocols_are_judged_only_where_both_ways_show(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(other_rows); i++)
		judged(&other_rows[i]);
}

static void an_exporter_that_cannot_be_judged_is_named_with_the_reason(void **state)
{
	(void)state;
	const struct {
		struct packet_row flow;
		enum shown shown;
		enum unknown_why why;
	} rows[] = {
	    {{OUT, .proto = PROTO_UDP}, NEW, WHY_FEW},
	    {{OUT, .proto = PROTO_UDP}, ONE, WHY_ONE_WAY},
	    {{OUT, .flags = NOFLAGS}, ONE, WHY_NO_FLAGS},
	    {{OUT, .flags = 0}, BOTH, WHY_NO_FLAGS},
	    {{OUT, .flags = SYN, .sampling = 1000}, BOTH, WHY_SAMPLED},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct attributed x = attributed_new(NULL, 1024);
		make_known(&x, rows[i].shown);
		uint64_t before =
		    rows[i].shown == NEW ? 0 : attribute_ways(x.a, 0)->unknown[rows[i].why];
		attributed_add(&x, &rows[i].flow);
		attribute_flush(x.a, &x.out);
		assert_int_equal(attribute_ways(x.a, 0)->unknown[rows[i].why], before + 1);
		assert_non_null(unknown_why_text(rows[i].why));
		attributed_fini(&x);
	}
}

static void zeeks_words_become_opener_and_outcome(void **state)
{
	(void)state;
	static const struct {
		const char *orig, *resp, *conn_state, *history;
		int opener, outcome;
	} rows[] = {
	    {LINE, PEER, "S0", "S", OPENER_SELF, OUTCOME_UNANSWERED},
	    {LINE, PEER, "SF", "ShADadfF", OPENER_SELF, OUTCOME_ANSWERED},
	    {LINE, PEER, "REJ", "Sr", OPENER_SELF, OUTCOME_REFUSED},
	    {LINE, PEER, "RSTOS0", "SR", OPENER_SELF, OUTCOME_UNKNOWN},
	    {LINE, PEER, "RSTO", "ShADdR", OPENER_SELF, OUTCOME_ANSWERED},
	    {LINE, PEER, "RSTR", "ShADdr", OPENER_SELF, OUTCOME_ANSWERED},
	    {LINE, PEER, "SH", "SF", OPENER_SELF, OUTCOME_UNANSWERED},
	    {LINE, PEER, "OTH", "DdA", OPENER_UNKNOWN, OUTCOME_UNKNOWN},
	    {LINE, PEER, "OTH", "R", OPENER_UNKNOWN, OUTCOME_UNKNOWN},
	    /* turned round by a guess: it saw the answer of LINE, or a stray SYN+ACK */
	    {LINE, PEER, "SHR", "^hf", OPENER_UNKNOWN, OUTCOME_UNKNOWN},
	    {LINE, PEER, "OTH", "^dA", OPENER_UNKNOWN, OUTCOME_UNKNOWN},
	    {PEER, LINE, "S0", "S", OPENER_PEER, OUTCOME_UNANSWERED},
	    {PEER, LINE, "SF", "ShADadfF", OPENER_PEER, OUTCOME_ANSWERED},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[512];
		(void)snprintf(text, sizeof text,
		    "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\t"
		    "id.resp_p\tproto\tduration\tconn_state\thistory\n"
		    "1767323045.0\t%s\t40000\t%s\t23\ttcp\t0.5\t%s\t%s\n",
		    rows[i].orig, rows[i].resp, rows[i].conn_state, rows[i].history);
		struct decoded d = decoded("zeek-tsv", text, 0);
		assert_int_equal(d.batch.flow_n, 1);
		struct attributed x = attributed_new(NULL, 1024);
		attributed_flow(&x, &d.batch.flows[0], T0);
		attribute_flush(x.a, &x.out);
		if (x.out.n != 1 || x.out.v->opener != rows[i].opener ||
		    x.out.v->outcome != rows[i].outcome)
			fail_msg("%s %s: %zu contacts, opener %d, outcome %d", rows[i].conn_state,
			    rows[i].history, x.out.n, x.out.v->opener, x.out.v->outcome);
		attributed_fini(&x);
		decoded_fini(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tcp_says_who_opened_and_how_it_ended),
	    cmocka_unit_test(other_protocols_are_judged_only_where_both_ways_show),
	    cmocka_unit_test(an_exporter_that_cannot_be_judged_is_named_with_the_reason),
	    cmocka_unit_test(zeeks_words_become_opener_and_outcome),
	};
	return cmocka_run_group_tests_name("attribute", tests, NULL, NULL);
}
