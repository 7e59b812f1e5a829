/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of nfdump files, and: files of flow exports read the same however they are cut. */
#include "base/mem.h"
#include "decode/nffile.h"
#include "decode/nfflow.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>

#define T0_MS  1767323045000LL /* 2026-01-02T03:04:05Z */
#define DAY_MS 86400000LL

struct wire {
	uint8_t b[512];
	size_t n;
};

static void put(struct wire *w, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		w->b[w->n++] = (uint8_t)(v >> 8 * i);
}

struct nf_times {
	int64_t start_ms, end_ms, received_ms;
};

static void put_flow(struct wire *w, uint8_t version, uint8_t flags, const struct nf_times *t,
    uint64_t packets, uint64_t bytes)
{
	w->n = 0;
	put(w, NF_FLOW, 2);
	put(w, 0, 2); /* the size, see finished() */
	put(w, 2, 2);
	put(w, 0, 2);
	put(w, 1, 2);
	put(w, flags, 1);
	put(w, version, 1);
	put(w, NF_GENERIC | 52 << 16, 4);
	put(w, (uint64_t)t->start_ms, 8);
	put(w, (uint64_t)t->end_ms, 8);
	put(w, (uint64_t)t->received_ms, 8);
	put(w, packets, 8);
	put(w, bytes, 8);
	put(w, 40000 | 443u << 16, 4);
	put(w, PROTO_TCP | 2 << 8, 4);
	put(w, NF_IPV4 | 12 << 16, 4);
	put(w, 0x0a010005, 4);
	put(w, 0xc6336407, 4);
}

static void put_counters(struct wire *w, uint64_t flows, uint64_t packets, uint64_t bytes)
{
	w->b[NF_FLOW_ELEMENTS]++;
	put(w, NF_COUNTERS | 28 << 16, 4);
	put(w, flows, 8);
	put(w, packets, 8);
	put(w, bytes, 8);
}

static const char *read_one(struct nf_exporters *x, struct wire *w, struct batch *out)
{
	w->b[2] = (uint8_t)w->n;
	w->b[3] = (uint8_t)(w->n >> 8);
	uint8_t *p = mem_new(1, w->n); /* so that a read behind the end is seen */
	memcpy(p, w->b, w->n);
	batch_reset(out);
	const char *wrong = nf_record(x, p, w->n, out);
	free(p);
	return wrong;
}

static struct nf_exporters exporters(void)
{
	return (struct nf_exporters){
	    exporters_new(), mem_new(NF_EXPORTERS, sizeof(struct nf_exporter))};
}

static void exporters_fini(struct nf_exporters *x)
{
	exporters_free(x->names);
	free(x->slots);
}

static void counters_out_are_the_way_back_or_not(void **state)
{
	(void)state;
	static const struct {
		uint8_t version;
		uint64_t flows, in, in_bytes, out, out_bytes;
		bool biflow;
		uint64_t packets;
	} rows[] = {
	    {9, 1, 6, 748, 6, 748, false, 6}, /* FortiGate: the same behind it */
	    {9, 1, 6, 748, 5, 700, false, 6}, /* one was dropped there */
	    {9, 1, 0, 0, 1, 32, false, 1},    /* metered where packets leave */
	    {9, 2, 7, 883, 5, 4823, true, 7}, /* nfdump -b */
	    {9, 2, 7, 883, 0, 0, false, 7},   /* nfdump -a */
	    {10, 1, 2, 140, 2, 156, true, 2}, /* RFC 5103 */
	    {10, 1, 1, 40, 0, 0, false, 1},   /* silence, or no such counter */
	    {9, 1, 2, 140, 3, 156, true, 2},  /* more than came: biflows, from here on */
	    {9, 1, 1, 40, 0, 0, true, 1},     /* so this is silence */
	    {9, 1, 1, 40, 1, 40, true, 1},
	};
	struct nf_exporters x = exporters();
	struct batch out = {0};
	static const struct nf_times times = {T0_MS - 10, T0_MS, T0_MS};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire w;
		put_flow(&w, rows[i].version, 0, &times, rows[i].in, rows[i].in_bytes);
		put_counters(&w, rows[i].flows, rows[i].out, rows[i].out_bytes);
		assert_null(read_one(&x, &w, &out));
		const struct flow *f = out.flows;
		assert_true(f->packets == rows[i].packets);
		assert_int_equal((f->have & FLOW_BOTH_WAYS) != 0, rows[i].biflow);
		assert_int_equal((f->have & FLOW_RPACKETS) != 0, rows[i].biflow);
		assert_true(f->rpackets == (rows[i].biflow ? rows[i].out : 0));
	}
	batch_fini(&out);
	exporters_fini(&x);
}

static void times_of_a_record(void **state)
{
	(void)state;
	static const struct {
		struct nf_times in, want;
		uint32_t have;
	} rows[] = {
	    {{T0_MS - 9, T0_MS, T0_MS + 60000}, {T0_MS - 9, T0_MS, T0_MS + 60000},
		FLOW_START | FLOW_END},
	    {{T0_MS, T0_MS - 9, T0_MS}, {T0_MS - 9, T0_MS, T0_MS}, FLOW_START | FLOW_END},
	    {{T0_MS - 9, T0_MS, T0_MS + DAY_MS + 1}, {T0_MS - 9, T0_MS, 0}, FLOW_START | FLOW_END},
	    {{0, 0, T0_MS}, {0, 0, T0_MS}, 0},
	};
	struct nf_exporters x = exporters();
	struct batch out = {0};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire w;
		put_flow(&w, 9, 0, &rows[i].in, 3, 180);
		assert_null(read_one(&x, &w, &out));
		const struct flow *f = out.flows;
		assert_true(f->start_ms == rows[i].want.start_ms);
		assert_true(f->end_ms == rows[i].want.end_ms);
		assert_true(f->received_ms == rows[i].want.received_ms);
		assert_int_equal(f->have & (FLOW_START | FLOW_END), rows[i].have);
	}
	batch_fini(&out);
	exporters_fini(&x);
}

static void put_sampler(struct wire *w, uint32_t interval)
{
	w->n = 0;
	put(w, NF_SAMPLER | NF_SAMPLER_BYTES << 16, 4);
	put(w, 1, 4);
	put(w, UINT64_MAX, 8);
	put(w, 1, 4);
	put(w, interval - 1, 4);
}

static void sampling_is_undone_where_it_is_known(void **state)
{
	(void)state;
	static const struct {
		uint32_t announced; /* before this record; 0: nothing new */
		uint8_t flags;
		uint32_t sampling;
		uint64_t packets;
	} rows[] = {
	    {0, NF_FLAG_SAMPLED, 0, 2000}, {1000, NF_FLAG_SAMPLED, 1000, 2},
	    {0, 0, 0, 2000},                /* sampled by somebody else, or not */
	    {500, NF_FLAG_SAMPLED, 500, 4}, /* the same sampler, from here on */
	};
	struct nf_exporters x = exporters();
	struct batch out = {0};
	static const struct nf_times times = {T0_MS - 10, T0_MS, T0_MS};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct wire w;
		if (rows[i].announced) {
			put_sampler(&w, rows[i].announced);
			assert_null(read_one(&x, &w, &out));
		}
		put_flow(&w, 9, rows[i].flags, &times, 2000, 2000);
		assert_null(read_one(&x, &w, &out));
		assert_int_equal(out.flows->sampling, rows[i].sampling);
		assert_true(out.flows->packets == rows[i].packets);
	}
	batch_fini(&out);
	exporters_fini(&x);
}

/* All records of a file as text and the number of complaints, shown `step` more bytes at a time. */
static struct text read_file(const char *decoder, const uint8_t *p, size_t n, size_t step)
{
	const struct decoder *d = decoder_find(decoder);
	struct decode_env env = {.exporters = exporters_new()};
	void *state = mem_new(1, d->state_bytes);
	struct batch b = {0};
	struct text out = {0};
	struct json j = json_to(&out);
	size_t at = 0, held = step;
	uint64_t bad_n = 0;
	d->open(state, &env);
	for (bool more = true; more;) {
		size_t left = n - at, shown = held < left ? held : left;
		size_t used = d->decode(state, p + at, shown, at, shown == left, &b);
		assert_true(used <= shown);
		more = shown < left || used < left;
		held = used || batch_full(&b) ? step : held + step;
		at += used;
		for (size_t i = 0; i < b.flow_n; i++)
			flow_json(
			    &b.flows[i], exporter_name(env.exporters, b.flows[i].exporter), &j);
		bad_n += b.bad_n;
		batch_reset(&b);
	}
	text_fmt(&out, "%llu bad\n", (unsigned long long)bad_n);
	d->close(state);
	free(state);
	batch_fini(&b);
	exporters_free(env.exporters);
	return out;
}

static void windows_make_no_difference(void **state)
{
	(void)state;
	static const struct {
		const char *decoder, *file;
	} rows[] = {
	    {"netflow", "netflow-fires/mixed.bin"},
	    {"netflow", "netflow-templates/life.bin"},
	    {"netflow", "netflow-hostile/lengths.bin"},
	    {"nfcapd", "nfcapd-fires/plain.nfcapd"},
	    {"nfcapd", "nfcapd-compressed/lzo.nfcapd"},
	    {"nfcapd", "nfcapd-compressed/zstd.nfcapd"},
	    {"nfcapd", "nfcapd-hostile/lz4.nfcapd"},
	};
	static const size_t steps[] = {1, 7, 100, 1000};
	const char *root = getenv("THERIAC_SOURCE_ROOT");
	for (size_t i = 0; i < ROWS(rows); i++) {
		char path[4096];
		static uint8_t bytes[65536];
		(void)snprintf(path, sizeof path, "%s/tests/golden/decode/%s", root ? root : ".",
		    rows[i].file);
		FILE *f = fopen(path, "rb");
		assert_non_null(f);
		size_t n = fread(bytes, 1, sizeof bytes, f);
		(void)fclose(f);
		struct text whole = read_file(rows[i].decoder, bytes, n, n);
		assert_true(whole.n > 0);
		for (size_t k = 0; k < ROWS(steps); k++) {
			struct text cut = read_file(rows[i].decoder, bytes, n, steps[k]);
			assert_string_equal(cut.p, whole.p);
			text_fini(&cut);
		}
		text_fini(&whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counters_out_are_the_way_back_or_not),
	    cmocka_unit_test(times_of_a_record),
	    cmocka_unit_test(sampling_is_undone_where_it_is_known),
	    cmocka_unit_test(windows_make_no_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
