/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept of exporters from datagram to datagram: rules, counts, and the saved state. */
#include "base/hash.h"
#include "base/mem.h"
#include "decode/source.h"
#include "wire.h"
#include <stdio.h>

static void set_number(struct wire *w, uint32_t number)
{
	size_t at = w->b[1] == 9 ? 12 : w->b[1] == 10 ? 8 : 16;
	for (size_t i = 0; i < 4; i++)
		w->b[at + i] = (uint8_t)(number >> 8 * (3 - i));
}

static struct export_counts counts(const struct run *r, uint32_t exporter)
{
	struct export_counts c;
	assert_true(export_counted(r->x, exporter, &c));
	return c;
}

enum { WITH_TEMPLATE = 1, NO_RECORD = 2 };

/* IPFIX with n flows of template 256; returns how many were read. */
static size_t feed_ipfix(struct run *r, uint32_t number, uint32_t n, int how)
{
	struct wire w;
	ipfix_begin(&w);
	if (how & WITH_TEMPLATE)
		put_template(&w, 2, 256, (const uint16_t[]){8, 4, 12, 4, 2, 4}, 3);
	size_t at = how & NO_RECORD ? 0 : set_begin(&w, 256);
	for (uint32_t i = 0; i < n; i++) {
		put(&w, 0x0a010005, 4);
		put(&w, 0xc6336407, 4);
		put(&w, 3, 4);
	}
	if (at)
		set_end(&w, at);
	ipfix_end(&w);
	set_number(&w, number);
	feed(r, &w);
	return r->out.flow_n;
}

static void announce(struct run *r, uint32_t interval)
{
	struct wire w;
	ipfix_begin(&w);
	size_t at = set_begin(&w, 3);
	put_all(&w, 7, (const uint16_t[]){300, 2, 1, 149, 4, 34, 4});
	set_end(&w, at);
	at = set_begin(&w, 300);
	put(&w, 7, 4);
	put(&w, interval, 4);
	set_end(&w, at);
	ipfix_end(&w);
	feed(r, &w);
	assert_int_equal(r->out.ignored_n, 1);
}

static void ipfix_numbers_records_of_every_kind(void **state)
{
	(void)state;
	struct run r = run_new();
	assert_int_equal(feed_ipfix(&r, 1000, 10, WITH_TEMPLATE), 10);
	feed_ipfix(&r, 1010, 0, WITH_TEMPLATE | NO_RECORD); /* templates do not count */
	feed_ipfix(&r, 1010, 10, 0);
	feed_ipfix(&r, 1050, 10, 0);
	struct export_counts c = counts(&r, r.out.flows->exporter);
	assert_true(c.datagrams == 4 && c.records == 30 && c.waiting == 30 && c.lost == 0);
	assert_true(c.bad == 0 && c.resets == 0 && c.last_ms == T0_MS + 5);
	for (uint32_t i = 0; i < 40; i++)
		feed_ipfix(&r, 1060 + 10 * i, 10, 0);
	c = counts(&r, r.out.flows->exporter);
	assert_true(c.lost == 30 && c.waiting == 0);
	run_fini(&r);
}

static void netflow5_numbers_flows(void **state)
{
	(void)state;
	struct run r = run_new();
	static const uint32_t numbers[] = {100, 102, 104, 114};
	for (size_t i = 0; i < ROWS(numbers); i++) {
		struct wire w;
		put_v5_header(&w, 2);
		put_v5_record(&w, PROTO_TCP, 443);
		put_v5_record(&w, PROTO_TCP, 80);
		set_number(&w, numbers[i]);
		feed(&r, &w);
	}
	struct export_counts c = counts(&r, 1);
	assert_true(c.records == 8 && c.waiting == 8 && c.sampling == 100);
	run_fini(&r);
}

static void data_before_its_template_is_counted_apart(void **state)
{
	(void)state;
	struct run r = run_new();
	assert_int_equal(feed_ipfix(&r, 0, 10, 0), 0);
	assert_int_equal(feed_ipfix(&r, 10, 10, WITH_TEMPLATE), 10);
	struct export_counts c = counts(&r, 1);
	assert_true(c.no_template == 1 && c.bad == 0 && c.lost == 0 && c.waiting == 0);
	struct wire w = {.b = {0, 9, 0, 1}, .n = 4};
	feed(&r, &w);
	assert_int_equal(counts(&r, 1).bad, 1);
	assert_false(export_counted(r.x, 100000, &c));
	run_fini(&r);
}

static void templates_changed_in_use_are_counted(void **state)
{
	(void)state;
	struct run r = run_new();
	feed_ipfix(&r, 0, 10, WITH_TEMPLATE);
	feed_ipfix(&r, 10, 10, WITH_TEMPLATE);
	assert_int_equal(counts(&r, 1).redefined, 0);
	struct wire w;
	ipfix_begin(&w);
	put_template(&w, 2, 256, (const uint16_t[]){8, 0, 12, 0}, 2); /* no such record */
	ipfix_end(&w);
	feed(&r, &w);
	assert_int_equal(r.out.bad_n, 1);
	assert_int_equal(feed_ipfix(&r, 20, 10, 0), 10); /* the old one is in force */
	assert_int_equal(counts(&r, 1).redefined, 0);
	ipfix_begin(&w);
	put_template(&w, 2, 256, (const uint16_t[]){8, 4, 12, 4, 1, 4}, 3);
	ipfix_end(&w);
	feed(&r, &w);
	assert_int_equal(counts(&r, 1).redefined, 1);
	run_fini(&r);
}

static void a_records_own_sampling_does_not_hide_what_was_announced(void **state)
{
	(void)state;
	static const struct {
		uint32_t announced;
		uint64_t own;
		uint32_t taken;
	} rows[] = {{1000, 500, 500}, {1000, 1, 1000}, {1000, 100000, 1000}, {0, 7, 7},
	    {0, 1ull << 30, 0}, {0, 0, 0}};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct source s = {.whole.interval = rows[i].announced};
		const uint64_t extra[EXTRA_N] = {[EXTRA_INTERVAL] = rows[i].own};
		assert_int_equal(source_sampling(&s, 1u << EXTRA_INTERVAL, extra), rows[i].taken);
	}
}

static void options_that_lie_about_sampling_are_not_believed(void **state)
{
	(void)state;
	struct run r = run_new();
	announce(&r, 1000);
	feed_ipfix(&r, 1, 1, WITH_TEMPLATE);
	assert_int_equal(r.out.flows->sampling, 1000);
	announce(&r, 0);
	announce(&r, 1);
	feed_ipfix(&r, 1, 1, 0);
	assert_int_equal(r.out.flows->sampling, 1000);
	struct export_counts c = counts(&r, 1);
	assert_true(c.wrong_sampling == 2 && c.sampling == 1000);
	r.from = addr_v4(0xc0000202); /* somebody else says something about himself only */
	announce(&r, 5);
	r.from = addr_v4(0xc0000201);
	feed_ipfix(&r, 1, 1, 0);
	assert_int_equal(r.out.flows->sampling, 1000);
	assert_int_equal(counts(&r, 2).wrong_sampling, 0);
	run_fini(&r);
}

static struct prefix prefix(const char *word)
{
	struct prefix p;
	assert_int_equal(prefix_parse(span_of(word), &p, NULL), ERR_OK);
	return p;
}

static void the_longest_prefix_rules(void **state)
{
	(void)state;
	struct run r = run_new();
	const struct export_rule rules[] = {{.from = prefix("192.0.2.0/24"), .sampling = 10},
	    {.from = prefix("192.0.2.1"), .sampling = 20},
	    {.from = prefix("0.0.0.0/0"), .sampling = 30},
	    {.from = prefix("192.0.2.3"), .sampling = 0}};
	static const struct {
		uint32_t from, sampling;
	} rows[] = {{0xc0000201, 20}, {0xc0000202, 10}, {0xc6336401, 30}, {0xc0000203, 1000}};
	feed_ipfix(&r, 0, 1, WITH_TEMPLATE); /* known before the rules are */
	assert_false(r.out.flows->have & FLOW_SAMPLING);
	export_rules(r.x, rules, ROWS(rules));
	for (size_t i = 0; i < ROWS(rows); i++) {
		r.from = addr_v4(rows[i].from);
		announce(&r, 1000);
		assert_int_equal(feed_ipfix(&r, 0, 1, WITH_TEMPLATE), 1);
		assert_true(r.out.flows->have & FLOW_SAMPLING);
		assert_int_equal(r.out.flows->sampling, rows[i].sampling);
	}
	export_rules(r.x, NULL, 0);
	assert_int_equal(feed_ipfix(&r, 0, 1, 0), 1);
	assert_int_equal(r.out.flows->sampling, 1000);
	run_fini(&r);
}

static void saved_exporters_go_on(void **state)
{
	(void)state;
	struct run before = run_new(), after = run_new();
	struct text saved = {0}, again = {0};
	struct err e;
	announce(&before, 1000);
	feed_ipfix(&before, 5000, 10, WITH_TEMPLATE);
	before.from = addr_v4(0xc0000202);
	feed_ipfix(&before, 0, 10, WITH_TEMPLATE);
	struct wire w; /* withdrawn: not saved */
	ipfix_begin(&w);
	put_template(&w, 2, 2, NULL, 0);
	ipfix_end(&w);
	feed(&before, &w);
	export_save(before.x, &saved);
	assert_int_equal(export_load(after.x, (struct span){saved.p, saved.n}, &e), ERR_OK);
	export_save(after.x, &again);
	assert_true(saved.n == again.n && memcmp(saved.p, again.p, saved.n) == 0);
	assert_int_equal(feed_ipfix(&after, 5025, 10, 0), 10);
	assert_int_equal(after.out.flows->sampling, 1000);
	assert_int_equal(counts(&after, after.out.flows->exporter).waiting, 15);
	assert_string_equal(exporter_name(after.names, after.out.flows->exporter), "192.0.2.1");
	after.from = before.from;
	assert_int_equal(feed_ipfix(&after, 10, 10, 0), 0);
	text_fini(&saved);
	text_fini(&again);
	run_fini(&before);
	run_fini(&after);
}

/* The saved bytes with one of them changed, and the hash made to fit where `sealed`. */
static int load_changed(const struct text *saved, size_t at, uint8_t byte, size_t n, bool sealed)
{
	struct run r = run_new();
	struct err e;
	char *p = mem_new(1, n);
	memcpy(p, saved->p, n);
	p[at] = (char)byte;
	if (sealed) {
		struct hash h = hash_bytes(&hash_key_offline, p, n - 16);
		uint64_t big[2] = {htobe64(h.a), htobe64(h.b)};
		memcpy(p + n - 16, big, sizeof big);
	}
	int bad = export_load(r.x, (struct span){p, n}, &e);
	if (bad) /* as new: no template is left */
		assert_int_equal(feed_ipfix(&r, 0, 10, 0), 0);
	feed_ipfix(&r, 0, 10, WITH_TEMPLATE);
	free(p);
	run_fini(&r);
	return bad;
}

static void damaged_saved_exporters_are_refused(void **state)
{
	(void)state;
	struct run r = run_new();
	struct text saved = {0};
	announce(&r, 1000);
	feed_ipfix(&r, 5000, 10, WITH_TEMPLATE);
	export_save(r.x, &saved);
	for (size_t i = 0; i < saved.n; i++) {
		assert_int_equal(
		    load_changed(&saved, i, (uint8_t)~saved.p[i], saved.n, false), ERR_INPUT);
		(void)load_changed(&saved, i, (uint8_t)~saved.p[i], saved.n, true);
		(void)load_changed(&saved, i, 0, saved.n, true);
	}
	for (size_t n = 1; n < saved.n; n++) {
		assert_int_equal(load_changed(&saved, 0, (uint8_t)saved.p[0], n, false), ERR_INPUT);
		if (n >= 16)
			assert_int_equal(
			    load_changed(&saved, 0, (uint8_t)saved.p[0], n, true), ERR_INPUT);
	}
	text_fini(&saved);
	run_fini(&r);
}

/* An exporter that makes up domains fills the table once, and then pushes out its own. */
static void made_up_domains_push_out_nobody_else(void **state)
{
	(void)state;
	struct sources t;
	bool fresh;
	sources_init(&t);
	for (uint32_t i = 0; i < 100; i++) {
		struct source_key quiet = {.exporter = addr_v4(0xc0000200 + i), .version = 10};
		source_of(&t, &quiet, &fresh)->whole.interval = 1000;
	}
	for (uint32_t i = 0; i < 100 * SOURCES_MAX; i++) {
		struct source_key loud = {
		    .exporter = addr_v4(0xc6336401), .domain = i, .version = 9};
		(void)source_of(&t, &loud, &fresh);
	}
	for (uint32_t i = 0; i < 100; i++) {
		struct source_key quiet = {.exporter = addr_v4(0xc0000200 + i), .version = 10};
		assert_non_null(source_find(&t, &quiet));
	}
	sources_fini(&t);
}

static void exporters_have_one_number_each(void **state)
{
	(void)state;
	struct exporters *x = exporters_new();
	char word[16];
	assert_int_equal(exporter_number(x, ""), 0);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 1; i < 65536; i++) {
			(void)snprintf(word, sizeof word, "%u", i);
			assert_int_equal(exporter_number(x, word), i);
		}
	assert_string_equal(exporter_name(x, 65535), "65535");
	assert_int_equal(exporter_number(x, "one too many"), 0);
	assert_string_equal(exporter_name(x, 65536), "");
	exporters_free(x);
}

static void messages_in_a_stream_have_a_length(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n, want;
	} rows[] = {{"", 0, 0}, {"\0", 1, 0}, {"\0\x0a", 2, 0}, {"\0\x0a\0", 3, 0},
	    {"\0\x0a\0\x10", 4, 0}, {"\0\x0a\0\x10\0\0\0\0\0\0\0\0\0\0\0\0x", 17, 16},
	    {"\0\x0a\0\x0f", 4, SIZE_MAX}, {"\0\x09", 2, SIZE_MAX}, {"GET /", 5, SIZE_MAX}};
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_true(export_message_bytes((const uint8_t *)rows[i].bytes, rows[i].n) ==
			    rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ipfix_numbers_records_of_every_kind),
	    cmocka_unit_test(netflow5_numbers_flows),
	    cmocka_unit_test(data_before_its_template_is_counted_apart),
	    cmocka_unit_test(templates_changed_in_use_are_counted),
	    cmocka_unit_test(options_that_lie_about_sampling_are_not_believed),
	    cmocka_unit_test(a_records_own_sampling_does_not_hide_what_was_announced),
	    cmocka_unit_test(the_longest_prefix_rules),
	    cmocka_unit_test(saved_exporters_go_on),
	    cmocka_unit_test(damaged_saved_exporters_are_refused),
	    cmocka_unit_test(made_up_domains_push_out_nobody_else),
	    cmocka_unit_test(exporters_have_one_number_each),
	    cmocka_unit_test(messages_in_a_stream_have_a_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
