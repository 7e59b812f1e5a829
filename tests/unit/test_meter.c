/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flow meter's rules: each row is a script of packets and the flows that come of it. */
#include "base/str.h"
#include "decode/meter.h"
#include "unit.h"
#include <string.h>

#define SA (TCP_SYN | TCP_ACK)
#define FA (TCP_FIN | TCP_ACK)
#define RA (TCP_RST | TCP_ACK)
#define T0 1000000

struct step { /* one packet of 100 bytes between two hosts */
	int64_t at_s;
	uint8_t proto, flags_or_type;
	bool back;
	uint32_t seq;
};

enum { STEPS_MAX = 10 };

struct row {
	const char *rule;
	struct step steps[STEPS_MAX]; /* up to the first without a protocol */
	const char *flows; /* "packets/rpackets reason[ !]", ! where src was not seen first; by , */
};

static struct packet packet_of(const struct step *s)
{
	union addr home = addr_v4(0x0a010005), away = addr_v4(0xc6336407);
	struct packet k = {.src = s->back ? away : home,
	    .dst = s->back ? home : away,
	    .bytes = 100,
	    .proto = s->proto,
	    .seq = s->seq};
	if (s->proto == PROTO_ICMP || s->proto == PROTO_ICMP6) {
		k.icmp_type = s->flags_or_type;
	} else {
		k.flags = s->flags_or_type;
		k.sport = s->back ? 443 : 40000;
		k.dport = s->back ? 40000 : 443;
	}
	return k;
}

static void tell(struct text *out, const struct batch *b)
{
	static const char *const reasons[] = {"none", "idle", "active", "fin", "forced", "lack"};
	for (size_t i = 0; i < b->flow_n; i++) {
		const struct flow *f = &b->flows[i];
		assert_int_equal(flow_check(f), 0);
		assert_int_equal(f->bytes, 100 * f->packets);
		text_fmt(out, "%s%llu/%llu %s%s", i ? ", " : "", (unsigned long long)f->packets,
		    (unsigned long long)f->rpackets, reasons[f->reason],
		    f->have & FLOW_SRC_FIRST ? "" : " !");
	}
}

static void run(const struct row *r)
{
	struct meter m;
	struct batch b = {0};
	struct text out = {0};
	meter_init(&m, &(struct meter_opts){.flows = 10, .active_ms = 300000, .idle_ms = 60000});
	for (const struct step *s = r->steps; s < r->steps + STEPS_MAX && s->proto; s++) {
		struct packet k = packet_of(s);
		int64_t now_ms = T0 + s->at_s * 1000;
		assert_false(meter_advance(&m, now_ms > m.now_ms ? now_ms : m.now_ms, &b));
		meter_packet(&m, &k, now_ms, &b);
	}
	assert_false(meter_flush(&m, &b));
	tell(&out, &b);
	if (!out.p || strcmp(out.p, r->flows) != 0)
		fail_msg("%s: %s instead of %s", r->rule, out.p ? out.p : "none", r->flows);
	text_fini(&out);
	batch_fini(&b);
	meter_fini(&m);
}

static void rules(void **state)
{
	(void)state;
	static const struct row rows[] = {
	    {"both directions are one flow", {{0, 17, 0, 0, 0}, {1, 17, 0, 1, 0}}, "1/1 forced"},
	    {"silence ends a flow", {{0, 17, 0, 0, 0}, {61, 17, 0, 1, 0}}, "1/0 idle, 1/0 forced"},
	    {"silence as long as allowed", {{0, 17, 0, 0, 0}, {60, 17, 0, 1, 0}}, "1/1 forced"},
	    {"long flows are cut",
		{{0, 17, 0, 0, 0}, {60, 17, 0, 0, 0}, {120, 17, 0, 0, 0}, {180, 17, 0, 0, 0},
		    {240, 17, 0, 0, 0}, {300, 17, 0, 1, 0}},
		"5/0 active, 0/1 forced"},
	    {"FIN from both sides, then the last ACK",
		{{0, 6, TCP_SYN, 0, 0}, {0, 6, SA, 1, 0}, {1, 6, FA, 0, 0}, {1, 6, FA, 1, 0},
		    {2, 6, TCP_ACK, 0, 0}},
		"3/2 fin"},
	    {"FIN from one side", {{0, 6, TCP_SYN, 0, 0}, {0, 6, SA, 1, 0}, {1, 6, FA, 0, 0}},
		"2/1 forced"},
	    {"a closed flow lingers, then goes",
		{{0, 6, TCP_SYN, 0, 0}, {0, 6, RA, 1, 0}, {5, 6, TCP_ACK, 0, 0},
		    {6, 6, TCP_ACK, 0, 0}},
		"2/1 fin, 1/0 forced"},
	    {"the same SYN again", {{0, 6, TCP_SYN, 0, 7}, {0, 6, RA, 1, 0}, {1, 6, TCP_SYN, 0, 7}},
		"2/1 fin"},
	    {"a new SYN", {{0, 6, TCP_SYN, 0, 7}, {0, 6, RA, 1, 0}, {1, 6, TCP_SYN, 0, 8}},
		"1/1 fin, 1/0 forced"},
	    {"a FIN in one slice and one in the next",
		{{0, 6, TCP_SYN, 0, 0}, {50, 6, SA, 1, 0}, {100, 6, FA, 1, 0},
		    {150, 6, TCP_ACK, 0, 0}, {200, 6, TCP_ACK, 0, 0}, {250, 6, TCP_ACK, 0, 0},
		    {300, 6, FA, 0, 0}},
		"4/2 active, 1/0 fin"},
	    {"SYN+ACK first", {{0, 6, SA, 1, 0}, {0, 6, TCP_ACK, 0, 0}}, "1/1 forced !"},
	    {"RST first", {{0, 6, RA, 1, 0}}, "0/1 fin !"},
	    {"middle of a connection first", {{0, 6, TCP_ACK, 1, 0}, {0, 6, TCP_ACK, 0, 0}},
		"1/1 forced"},
	    {"ping and answer", {{0, 1, 8, 0, 0}, {0, 1, 0, 1, 0}}, "1/1 forced"},
	    {"answer of a ping first", {{0, 1, 0, 1, 0}, {0, 1, 8, 0, 0}}, "1/1 forced !"},
	    {"both ping", {{0, 1, 8, 0, 0}, {0, 1, 0, 1, 0}, {1, 1, 8, 1, 0}, {1, 1, 0, 0, 0}},
		"2/2 forced"},
	    {"errors each way are two flows", {{0, 1, 3, 0, 0}, {0, 1, 3, 1, 0}},
		"1/0 forced, 1/0 forced"},
	    {"ICMPv6 echo", {{0, 58, 128, 0, 0}, {0, 58, 129, 1, 0}}, "1/1 forced"},
	    {"a packet from long before", {{100, 17, 0, 0, 0}, {0, 17, 0, 0, 0}},
		"1/0 idle, 1/0 forced"},
	};
	for (size_t i = 0; i < ROWS(rows); i++)
		run(&rows[i]);
}

static void a_full_table_ends_its_oldest_flow(void **state)
{
	(void)state;
	struct meter m;
	struct batch b = {0};
	meter_init(&m, &(struct meter_opts){.flows = 2, .active_ms = 300000, .idle_ms = 60000});
	for (uint16_t i = 1; i <= 3; i++) {
		struct packet k = packet_of(&(struct step){.proto = PROTO_UDP});
		k.sport = i;
		assert_false(meter_advance(&m, T0 + i, &b));
		meter_packet(&m, &k, T0 + i, &b);
	}
	assert_int_equal(b.flow_n, 1);
	assert_int_equal(b.flows[0].sport, 1);
	assert_int_equal(b.flows[0].reason, FLOW_REASON_LACK);
	batch_fini(&b);
	meter_fini(&m);
}

static void a_full_batch_is_no_end(void **state)
{
	(void)state;
	enum { FLOWS = 3 * BATCH_FULL };
	struct meter m;
	struct batch b = {0};
	size_t n = 0;
	meter_init(&m, &(struct meter_opts){.flows = FLOWS, .active_ms = 300000, .idle_ms = 60000});
	for (uint16_t i = 0; i < FLOWS; i++) {
		struct packet k = packet_of(&(struct step){.proto = PROTO_UDP});
		k.sport = i;
		assert_false(meter_advance(&m, T0, &b));
		meter_packet(&m, &k, T0, &b);
	}
	for (bool more = true; more; batch_reset(&b)) {
		more = n < FLOWS / 2 ? meter_advance(&m, T0 + 100000, &b) : meter_flush(&m, &b);
		assert_true(b.flow_n <= BATCH_FULL);
		n += b.flow_n;
	}
	assert_int_equal(n, FLOWS);
	batch_fini(&b);
	meter_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules),
	    cmocka_unit_test(a_full_table_ends_its_oldest_flow),
	    cmocka_unit_test(a_full_batch_is_no_end),
	};
	return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
