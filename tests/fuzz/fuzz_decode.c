/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every decoder: the first byte picks the row of decoders[], the second how the rest is cut into
 * windows. Each window is a block of its own, so that the sanitizer sees a read past its end. The
 * promises of decode.h are asserted: no more used than given, and an end that is reached. */
#include "base/mem.h"
#include "decode/decode.h"
#include "fuzz.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOWS_MAX = 64, IDLE_MAX = 4096 };

struct feed {
	const struct decoder *decoder;
	void *state;
	struct batch batch;
	struct text out;
	const uint8_t *p;
	size_t n, at, held; /* bytes in all, done with, shown at once */
	size_t step;
};

static void check_batch(struct feed *f)
{
	struct json j = json_to(&f->out);
	for (size_t i = 0; i < f->batch.flow_n; i++)
		if (flow_check(&f->batch.flows[i]) == ERR_OK)
			flow_json(&f->batch.flows[i], "", &j);
	for (size_t i = 0; i < f->batch.dns_n; i++)
		if (dns_check(&f->batch.dns[i]) == ERR_OK)
			dns_json(&f->batch.dns[i], &j);
	for (size_t i = 0; i < f->batch.session_n; i++)
		if (session_check(&f->batch.sessions[i]) == ERR_OK)
			session_json(&f->batch.sessions[i], "", &j);
	text_reset(&f->out);
	batch_reset(&f->batch);
}

/* Shows the next window; false once the last one has been worked off. */
static bool step(struct feed *f)
{
	size_t left = f->n - f->at, n = f->held < left ? f->held : left;
	bool last = n == left;
	uint8_t *window = mem_new(1, n);
	if (n)
		memcpy(window, f->p + f->at, n);
	size_t used = f->decoder->decode(f->state, window, n, f->at, last, &f->batch);
	free(window);
	assert(used <= n);
	bool full = batch_full(&f->batch);
	assert(!last || used == n || full);
	f->at += used;
	f->held = used || full ? f->step : f->held + f->step;
	check_batch(f);
	return !last || used < n;
}

static void run(struct feed *f, const struct decode_env *env)
{
	f->state = mem_new(1, f->decoder->state_bytes);
	if (f->decoder->open)
		f->decoder->open(f->state, env);
	size_t idle = 0, before = 0;
	while (step(f)) {
		idle = f->at == before ? idle + 1 : 0;
		before = f->at;
		assert(idle < IDLE_MAX);
	}
	for (idle = 0; f->decoder->flush && f->decoder->flush(f->state, &f->batch); idle++) {
		assert(batch_records(&f->batch) > 0 || idle < IDLE_MAX);
		check_batch(f);
	}
	check_batch(f);
	if (f->decoder->close)
		f->decoder->close(f->state);
	free(f->state);
}

/* The defaults, but sizes of tables near their smallest: full tables are tried, and runs are short.
 */
static void *small_opts(const struct decoder *d, uint8_t pick)
{
	void *opts = mem_new(1, d->opts_bytes);
	opt_defaults(d->rows, d->rows_n, opts);
	for (size_t i = 0; i < d->rows_n; i++)
		if (d->rows[i].type == OPT_UINT && d->rows[i].min + UINT8_MAX < d->rows[i].max)
			*(uint64_t *)((char *)opts + d->rows[i].offset) =
			    (uint64_t)d->rows[i].min + pick;
	return opts;
}

/* THERIAC_FUZZ_DECODER names the one decoder to try, so that each can be given its share of time.
 */
static const struct decoder *decoder_of(uint8_t pick)
{
	const char *name = getenv("THERIAC_FUZZ_DECODER");
	const struct decoder *d = name ? decoder_find(name) : NULL;
	return d ? d : decoders[pick % decoders_n];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2 || decoders_n == 0)
		return 0;
	const struct decoder *d = decoder_of(data[0]);
	struct exporters *exporters = exporters_new();
	void *opts = small_opts(d, data[1]);
	struct feed f = {.decoder = d, .p = data + 2, .n = n - 2};
	f.step = f.held = f.n / WINDOWS_MAX + 1 + (size_t)data[1] * data[1];
	(void)decoder_sniff(f.p, f.n);
	run(&f, &(struct decode_env){.exporters = exporters, .opts = opts});
	batch_fini(&f.batch);
	text_fini(&f.out);
	free(opts);
	exporters_free(exporters);
	return 0;
}
