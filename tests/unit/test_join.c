/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What exporters split is joined: one conversation exported whole, in slices, in halves, twice, or
 * all of that, gives one contact with the same packets, and updates of it (design.md 1). */
#include "attributed.h"
#include <stdio.h>

#define LINE  "10.0.0.1"
#define PEER  "198.51.100.7"
#define OUT   .src = LINE, .dst = PEER, .sport = 40000, .dport = 443
#define BACK  .src = PEER, .dst = LINE, .sport = 443, .dport = 40000
#define WHOLE .have = FLOW_BOTH_WAYS | FLOW_SRC_FIRST

/* 240 s, 24 packets out and 12 back, however it is exported. */
struct shape {
	const char *what;
	struct packet_row flow[24];
	uint64_t duplicates;
};

static const struct shape shapes[] = {
    {"whole",
	{{OUT, WHOLE, .end_s = 240, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 24,
	    .rpackets = 12}},
	0},
    {"in halves",
	{{OUT, .end_s = 240, .flags = SYN | ACK, .packets = 24},
	    {BACK, .at_s = 0.1, .end_s = 240, .flags = SYN | ACK, .packets = 12}},
	0},
    {"in halves, the answer first",
	{{BACK, .at_s = 0.1, .end_s = 240, .flags = SYN | ACK, .packets = 12},
	    {OUT, .end_s = 240, .flags = SYN | ACK, .packets = 24}},
	0},
    {"in slices",
	{{OUT, WHOLE, .end_s = 60, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 6,
	     .rpackets = 3},
	    {OUT, WHOLE, .at_s = 60, .end_s = 120, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3},
	    {OUT, WHOLE, .at_s = 120, .end_s = 180, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3},
	    {OUT, WHOLE, .at_s = 180, .end_s = 240, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3}},
	0},
    {"in slices and halves",
	{{OUT, .end_s = 60, .flags = SYN | ACK, .packets = 12},
	    {BACK, .at_s = 0.1, .end_s = 60.1, .flags = SYN | ACK, .packets = 6},
	    {OUT, .at_s = 61, .end_s = 121, .flags = ACK, .packets = 6},
	    {BACK, .at_s = 61, .end_s = 121, .flags = ACK, .packets = 3},
	    {OUT, .at_s = 180, .end_s = 240, .flags = ACK, .packets = 6},
	    {BACK, .at_s = 180, .end_s = 240, .flags = ACK, .packets = 3}},
	0},
    {"twice",
	{{OUT, WHOLE, .end_s = 240, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 24,
	     .rpackets = 12},
	    {OUT, WHOLE, .at_s = 0.02, .end_s = 240.03, .flags = SYN | ACK, .rflags = SYN | ACK,
		.packets = 23, .rpackets = 12, .exporter = 1}},
	1},
    {"the same record twice",
	{{OUT, WHOLE, .end_s = 240, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 24,
	     .rpackets = 12},
	    {OUT, WHOLE, .end_s = 240, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 24,
		.rpackets = 12}},
	1},
    {"twice, in halves",
	{{OUT, .end_s = 240, .flags = SYN | ACK, .packets = 24},
	    {OUT, .at_s = 0.02, .end_s = 240.01, .flags = SYN | ACK, .packets = 24, .exporter = 1},
	    {BACK, .at_s = 0.1, .end_s = 240.01, .flags = SYN | ACK, .packets = 12, .exporter = 1},
	    {BACK, .at_s = 0.08, .end_s = 240.02, .flags = SYN | ACK, .packets = 12}},
	2},
    {"twice, in slices, the second exporter a little ahead",
	{{OUT, WHOLE, .end_s = 60, .flags = SYN | ACK, .rflags = SYN | ACK, .packets = 12,
	     .rpackets = 6},
	    {OUT, WHOLE, .at_s = 0.02, .end_s = 59, .flags = SYN | ACK, .rflags = SYN | ACK,
		.packets = 12, .rpackets = 6, .exporter = 1},
	    {OUT, WHOLE, .at_s = 60.5, .end_s = 119, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3, .exporter = 1},
	    {OUT, WHOLE, .at_s = 61, .end_s = 120, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3},
	    {OUT, WHOLE, .at_s = 171, .end_s = 239, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3, .exporter = 1},
	    {OUT, WHOLE, .at_s = 180, .end_s = 240, .flags = ACK, .rflags = ACK, .packets = 6,
		.rpackets = 3}},
	3},
};

struct sums {
	size_t contacts, updates;
	uint64_t out, in, last_ms;
};

static struct sums sums_of(const struct contacts *c)
{
	struct sums s = {0};
	for (size_t i = 0; i < c->n; i++) {
		s.contacts += !(c->v[i].marks & CONTACT_UPDATE);
		s.updates += (c->v[i].marks & CONTACT_UPDATE) != 0;
		s.out += c->v[i].packets_out;
		s.in += c->v[i].packets_in;
		if ((uint64_t)c->v[i].end_ms > s.last_ms)
			s.last_ms = (uint64_t)c->v[i].end_ms;
	}
	return s;
}

static void each_shape_gives_one_contact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(shapes); i++) {
		struct attributed x = attributed_new(NULL, 1024);
		for (size_t k = 0; k < ROWS(shapes[i].flow) && shapes[i].flow[k].src; k++)
			attributed_add(&x, &shapes[i].flow[k]);
		attribute_flush(x.a, &x.out);
		struct sums s = sums_of(&x.out);
		const struct attribute_counts *n = attribute_counted(x.a);
		if (s.contacts != 1 || s.out != 24 || s.in != 12 ||
		    n->duplicates != shapes[i].duplicates)
			fail_msg("%s: %zu contacts, %zu updates, %llu packets out, %llu in, %llu "
				 "duplicates",
			    shapes[i].what, s.contacts, s.updates, (unsigned long long)s.out,
			    (unsigned long long)s.in, (unsigned long long)n->duplicates);
		assert_int_equal(x.out.v[0].opener, OPENER_SELF);
		assert_int_equal(x.out.v[0].outcome, OUTCOME_ANSWERED);
		assert_true(s.last_ms / 1000 == T0 / 1000 + 240);
		attributed_fini(&x);
	}
}

/* Two records with the same ends: one contact, or two. */
static void only_what_belongs_together_is_joined(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct packet_row flow[2];
		size_t contacts, updates;
	} rows[] = {
	    {"a new SYN is a new contact",
		{{OUT, .flags = SYN | ACK, .end_s = 1}, {OUT, .flags = SYN | ACK, .at_s = 3}}, 2,
		0},
	    {"no SYN within the idle timeout: a slice",
		{{OUT, WHOLE, .flags = SYN | ACK, .end_s = 60, .rpackets = 1},
		    {OUT, WHOLE, .flags = ACK, .at_s = 119, .rpackets = 1}},
		1, 1},
	    {"no SYN past the idle timeout: a new contact",
		{{OUT, WHOLE, .flags = SYN | ACK, .end_s = 60, .rpackets = 1},
		    {OUT, WHOLE, .flags = ACK, .at_s = 122, .rpackets = 1}},
		2, 0},
	    {"the answer 4 s later belongs to it",
		{{OUT, .flags = SYN}, {BACK, .flags = SYN | ACK, .at_s = 4}}, 1, 0},
	    {"what comes back 6 s later does not",
		{{OUT, .flags = SYN}, {BACK, .flags = SYN | ACK, .at_s = 6}}, 2, 0},
	    {"another port is another contact",
		{{OUT, .flags = SYN},
		    {.src = LINE, .dst = PEER, .sport = 40001, .dport = 443, .flags = SYN}},
		2, 0},
	    {"another protocol is another contact",
		{{OUT, .flags = SYN}, {OUT, .proto = PROTO_UDP}}, 2, 0},
	    {"UDP goes on", {{OUT, .proto = PROTO_UDP}, {OUT, .proto = PROTO_UDP, .at_s = 10}}, 1,
		0},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct attributed x = attributed_new(NULL, 1024);
		attributed_add(&x, &rows[i].flow[0]);
		attributed_add(&x, &rows[i].flow[1]);
		attribute_flush(x.a, &x.out);
		struct sums s = sums_of(&x.out);
		if (s.contacts != rows[i].contacts || s.updates != rows[i].updates)
			fail_msg(
			    "%s: %zu contacts, %zu updates", rows[i].what, s.contacts, s.updates);
		attributed_fini(&x);
	}
}

/* The answer comes through another exporter, as where a provider routes asymmetrically. */
static void ways_through_two_exporters_are_one_contact(void **state)
{
	(void)state;
	static const struct packet_row flows[] = {
	    {OUT, .flags = SYN | ACK, .end_s = 60, .packets = 3},
	    {BACK, .flags = SYN | ACK, .at_s = 0.1, .end_s = 60, .packets = 2, .exporter = 1},
	    {BACK, .flags = ACK, .at_s = 60.1, .end_s = 120, .packets = 2, .exporter = 1},
	};
	struct attributed x = attributed_new(NULL, 1024);
	for (size_t i = 0; i < ROWS(flows); i++)
		attributed_add(&x, &flows[i]);
	struct sums s = sums_of(&x.out);
	assert_int_equal(s.contacts, 1);
	assert_int_equal(s.out, 3);
	assert_int_equal(s.in, 4);
	assert_int_equal(attribute_counted(x.a)->duplicates, 0);
	attributed_fini(&x);
}

static void a_lone_way_waits_and_then_passes_on(void **state)
{
	(void)state;
	struct attributed x = attributed_new(NULL, 1024);
	attributed_add(&x, &(struct packet_row){OUT, .flags = SYN});
	assert_int_equal(x.out.n, 0);
	attribute_advance(x.a, T0 + 15000, &x.out);
	assert_int_equal(x.out.n, 0);
	attribute_advance(x.a, T0 + 15001, &x.out);
	assert_int_equal(x.out.n, 1);
	attribute_flush(x.a, &x.out);
	assert_int_equal(x.out.n, 1);
	attributed_fini(&x);
}

static void a_full_table_passes_on_what_waited_longest(void **state)
{
	(void)state;
	enum { ROOM = 1024, MORE = 100 };
	struct attributed x = attributed_new(NULL, ROOM);
	for (uint16_t i = 0; i < ROOM + MORE; i++)
		attributed_add(&x, &(struct packet_row){.src = LINE,
				       .dst = PEER,
				       .sport = (uint16_t)(1000 + i),
				       .dport = 23,
				       .at_s = i / 1000.0,
				       .flags = SYN});
	assert_int_equal(x.out.n, MORE);
	assert_int_equal(x.out.v[0].port, 1000);
	assert_int_equal(attribute_counted(x.a)->dropped, MORE);
	attribute_flush(x.a, &x.out);
	assert_int_equal(x.out.n, ROOM + MORE);
	attributed_fini(&x);
}

static void late_flows_are_not_joined(void **state)
{
	(void)state;
	struct attributed x = attributed_new(NULL, 1024);
	struct flow f = flow_of(&(struct packet_row){OUT, .flags = SYN});
	attributed_flow(&x, &f, T0);
	attribute_late(x.a, &f, &x.out);
	assert_int_equal(x.out.n, 1);
	attributed_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_shape_gives_one_contact),
	    cmocka_unit_test(only_what_belongs_together_is_joined),
	    cmocka_unit_test(ways_through_two_exporters_are_one_contact),
	    cmocka_unit_test(a_lone_way_waits_and_then_passes_on),
	    cmocka_unit_test(a_full_table_passes_on_what_waited_longest),
	    cmocka_unit_test(late_flows_are_not_joined),
	};
	return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
