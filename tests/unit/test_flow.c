/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flow records. */
#include "base/when.h"
#include "rec/flow.h"
#include "unit.h"
#include <string.h>

static void impossible_times_are_bad(void **state)
{
	(void)state;
	static const struct {
		struct flow flow;
		int want;
	} rows[] = {
	    {{.start_ms = 1, .end_ms = 2, .have = FLOW_START | FLOW_END}, ERR_OK},
	    {{.exported_ms = 5}, ERR_OK},
	    {{.received_ms = 5}, ERR_OK},
	    {{.start_ms = 5}, ERR_INPUT},
	    {{.start_ms = 3, .end_ms = 2, .have = FLOW_START | FLOW_END}, ERR_INPUT},
	    {{.end_ms = -1}, ERR_INPUT},
	    {{.end_ms = WHEN_MAX_MS + 1}, ERR_INPUT},
	};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(flow_check(&rows[i].flow), rows[i].want);
}

static void the_export_time_counts_first(void **state)
{
	(void)state;
	struct flow f = {.end_ms = 1, .received_ms = 2, .exported_ms = 3};
	assert_true(flow_time_ms(&f) == 3);
	f.exported_ms = 0;
	assert_true(flow_time_ms(&f) == 2);
	f.received_ms = 0;
	assert_true(flow_time_ms(&f) == 1);
}

static void json_has_only_what_was_exported(void **state)
{
	(void)state;
	struct text t = {0};
	struct json j = json_to(&t);
	struct flow f = {.src = addr_v4(0x0a000001),
	    .dst = addr_v4(0xc0000201),
	    .sport = 1025,
	    .dport = 23,
	    .proto = PROTO_TCP,
	    .end_ms = 1000,
	    .have = FLOW_END | FLOW_PACKETS,
	    .packets = 3};
	flow_json(&f, "", &j);
	assert_string_equal(t.p,
	    "{\"type\":\"flow\",\"end\":\"1970-01-01T00:00:01Z\",\"src\":\"10.0.0.1\","
	    "\"sport\":1025,\"dst\":\"192.0.2.1\",\"dport\":23,\"proto\":6,\"packets\":3}\n");
	text_reset(&t);
	f.proto = PROTO_ICMP;
	f.sport = f.dport = 0;
	f.icmp_type = 8;
	f.have |= FLOW_ICMP | FLOW_SAMPLING;
	f.sampling = 100;
	f.reason = FLOW_REASON_IDLE;
	flow_json(&f, "exporter", &j);
	assert_string_equal(t.p,
	    "{\"type\":\"flow\",\"end\":\"1970-01-01T00:00:01Z\",\"src\":\"10.0.0.1\","
	    "\"dst\":\"192.0.2.1\",\"proto\":1,\"packets\":3,\"reason\":\"idle\",\"icmp\":\"8/0\","
	    "\"sampling\":100,\"exporter\":\"exporter\"}\n");
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(impossible_times_are_bad),
	    cmocka_unit_test(the_export_time_counts_first),
	    cmocka_unit_test(json_has_only_what_was_exported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
