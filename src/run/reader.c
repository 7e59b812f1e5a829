/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers: see reader.h. The window starts at 256 KiB and grows only when a decoder asks for more,
 * up to DECODE_RECORD_MAX. */
#include "run/reader.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 1 << 16 };

void tally_tell(struct tally *t, const char *fmt, ...)
{
	if (t->quiet || t->told > TALLY_TOLD_MAX)
		return;
	va_list ap;
	va_start(ap, fmt);
	if (t->told++ == TALLY_TOLD_MAX) {
		fputs("theriac: more of this kind is only counted\n", stderr);
	} else {
		fputs("theriac: ", stderr);
		(void)vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
	}
	va_end(ap);
}

static size_t number_of(const struct decoder *d)
{
	size_t i = 0;
	while (decoders[i] != d)
		i++;
	return i;
}

/* A decoder's options where none were set: its rows' defaults, made once per decoder and run. */
static const void *opts_of(const struct decoder *d, const struct reader_env *env)
{
	return env->decoder_opts ? env->decoder_opts[number_of(d)] : NULL;
}

static void read_more(struct reader *r, struct tally *t)
{
	if (r->at && r->at >= r->n / 2) {
		memmove(r->window, r->window + r->at, r->n - r->at);
		r->offset += r->at;
		r->n -= r->at;
		r->at = 0;
	}
	if (r->n == r->cap) {
		r->cap *= 2;
		r->window = mem_grow(r->window, r->cap, 1);
	}
	while (r->n < r->cap && !r->ended) {
		struct err e;
		size_t got = 0;
		int bad = input_file.read(r->input, r->window + r->n, r->cap - r->n, &got, &e);
		if (bad) {
			t->bad_n++;
			r->bad_n++;
			tally_tell(t, "%s", e.msg);
		}
		r->n += got;
		r->ended = bad || got == 0;
	}
}

const struct decoder *reader_choose(const uint8_t *p, size_t n, const struct reader_env *env)
{
	n = n < DECODE_SNIFF_BYTES ? n : DECODE_SNIFF_BYTES;
	return env->forced ? env->forced : decoder_sniff(p, n);
}

void *reader_begin(const struct decoder *d, const struct reader_env *env, struct decode_env *told)
{
	*told = (struct decode_env){.exporters = env->exporters,
	    .zone_ms = env->zone_ms,
	    .now_ms = env->now_ms,
	    .opts = opts_of(d, env)};
	void *state = mem_new(1, d->state_bytes);
	if (d->open)
		d->open(state, told);
	return state;
}

static void choose_decoder(struct reader *r, const struct reader_env *env, struct tally *t)
{
	r->decoder = reader_choose(r->window, r->n, env);
	if (!r->decoder) {
		r->ignored = true;
		tally_tell(t, "%s: %s, ignored", r->path,
		    r->n ? "not a format that is read here" : "empty");
		return;
	}
	r->state = reader_begin(r->decoder, env, &r->told);
}

static void begin(struct reader *r, const struct reader_env *env, struct tally *t)
{
	r->window = mem_new(1, r->cap);
	read_more(r, t);
	choose_decoder(r, env, t);
}

int reader_open(struct reader *r, const char *path, const struct reader_env *env, struct tally *t,
    struct err *e)
{
	*r = (struct reader){.path = path, .cap = WINDOW_BYTES};
	int bad = input_file.open(&r->input, path, e);
	if (!bad)
		begin(r, env, t);
	return bad;
}

int reader_adopt(struct reader *r, int fd, const char *name, const struct reader_env *env,
    struct tally *t, struct err *e)
{
	*r = (struct reader){.path = name, .cap = WINDOW_BYTES};
	int bad = input_file_adopt(&r->input, fd, name, e);
	if (!bad)
		begin(r, env, t);
	return bad;
}

static void step(struct reader *r, struct tally *t)
{
	size_t used = r->decoder->decode(
	    r->state, r->window + r->at, r->n - r->at, r->offset + r->at, r->ended, &r->batch);
	r->at += used;
	if (used || batch_full(&r->batch))
		return;
	if (r->ended) { /* a decoder that leaves a rest has nothing to say about it */
		r->at = r->n;
	} else if (r->n - r->at >= DECODE_RECORD_MAX) {
		batch_bad(&r->batch, r->offset + r->at, "a record longer than 16 MiB");
		r->at = r->n;
	} else {
		read_more(r, t);
	}
}

static void count(struct reader *r, struct tally *t)
{
	const struct batch *b = &r->batch;
	t->flow_n += b->flow_n;
	t->dns_n += b->dns_n;
	t->session_n += b->session_n;
	t->bad_n += b->bad_n;
	t->ignored_n += b->ignored_n;
	r->record_n += batch_records(b);
	if (b->ignored && !r->ignored)
		tally_tell(t, "%s: %s, ignored", r->path, b->ignored);
	r->ignored |= b->ignored != NULL;
	for (size_t i = 0; i < b->bad_n && i < BATCH_NOTES && r->bad_n < BATCH_NOTES;
	     i++, r->bad_n++)
		tally_tell(t, "%s: offset %llu: %s", r->path,
		    (unsigned long long)b->notes[i].offset, b->notes[i].reason);
	r->bad_n += b->bad_n > BATCH_NOTES ? b->bad_n - BATCH_NOTES : 0;
}

bool reader_next(struct reader *r, struct tally *t)
{
	if (!r->decoder)
		return false;
	do {
		batch_reset(&r->batch);
		while (!batch_full(&r->batch) && !(r->ended && r->at == r->n))
			step(r, t);
		if (r->ended && r->at == r->n && !batch_full(&r->batch) && !r->flushed)
			r->flushed = !r->decoder->flush || !r->decoder->flush(r->state, &r->batch);
		count(r, t);
	} while (batch_records(&r->batch) == 0 && !(r->ended && r->at == r->n && r->flushed));
	return batch_records(&r->batch) > 0;
}

uint64_t reader_taken(const struct reader *r)
{
	return r->input ? input_file.taken(r->input) : 0;
}

void reader_close(struct reader *r, struct tally *t)
{
	if (!r->input)
		return;
	if (!r->decoder)
		t->ignored_n++;
	if (r->record_n || (r->decoder && r->bad_n == 0))
		t->files_read++;
	else if (r->ignored)
		t->files_ignored++;
	else
		t->files_failed++;
	if (r->state && r->decoder->close)
		r->decoder->close(r->state);
	input_file.close(r->input);
	free(r->state);
	free(r->window);
	batch_fini(&r->batch);
	*r = (struct reader){0};
}
