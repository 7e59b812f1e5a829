/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of decoders, batches and exporter numbers: see decode.h. */
#include "decode/decode.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define DECODER(name) extern const struct decoder decoder_##name;
#include "decode/decoders.def"
#undef DECODER

const struct decoder *const decoders[] = {
#define DECODER(name) &decoder_##name,
#include "decode/decoders.def"
#undef DECODER
    NULL};
const size_t decoders_n = sizeof decoders / sizeof *decoders - 1;

const struct decoder *decoder_find(const char *name)
{
	for (size_t i = 0; i < decoders_n; i++)
		if (strcmp(decoders[i]->name, name) == 0)
			return decoders[i];
	return NULL;
}

const struct decoder *decoder_sniff(const uint8_t *p, size_t n)
{
	const struct decoder *best = NULL;
	int sure = 0;
	for (size_t i = 0; i < decoders_n; i++) {
		int s = decoders[i]->sniff(p, n);
		if (s > sure) {
			sure = s;
			best = decoders[i];
		}
	}
	return best;
}

static void flow_room(struct batch *b, size_t n)
{
	size_t cap = b->flow_cap ? b->flow_cap : BATCH_FULL;
	while (cap < b->flow_n + n)
		cap *= 2;
	if (cap > b->flow_cap)
		b->flows = mem_grow(b->flows, cap, sizeof *b->flows);
	b->flow_cap = cap;
}

static void dns_room(struct batch *b, size_t n)
{
	size_t cap = b->dns_cap ? b->dns_cap : 256;
	while (cap < b->dns_n + n)
		cap *= 2;
	if (cap > b->dns_cap)
		b->dns = mem_grow(b->dns, cap, sizeof *b->dns);
	b->dns_cap = cap;
}

static void session_room(struct batch *b)
{
	b->session_cap = b->session_cap ? b->session_cap * 2 : 256;
	b->sessions = mem_grow(b->sessions, b->session_cap, sizeof *b->sessions);
}

struct flow *batch_flow(struct batch *b)
{
	if (b->flow_n == b->flow_cap)
		flow_room(b, 1);
	struct flow *f = &b->flows[b->flow_n++];
	/* In halves: gcc clears up to 96 bytes with a few wide stores, and more with a string
	 * instruction that costs as much as reading a record. */
	memset(f, 0, sizeof *f / 2);
	memset((uint8_t *)f + sizeof *f / 2, 0, sizeof *f - sizeof *f / 2);
	return f;
}

struct dns *batch_dns(struct batch *b)
{
	if (b->dns_n == b->dns_cap)
		dns_room(b, 1);
	struct dns *d = &b->dns[b->dns_n++];
	memset(d, 0, sizeof *d);
	return d;
}

struct session *batch_session(struct batch *b)
{
	if (b->session_n == b->session_cap)
		session_room(b);
	struct session *s = &b->sessions[b->session_n++];
	memset(s, 0, sizeof *s);
	return s;
}

void batch_copy(
    struct batch *b, const struct flow *flows, size_t flow_n, const struct dns *dns, size_t dns_n)
{
	flow_room(b, flow_n);
	dns_room(b, dns_n);
	memcpy(b->flows + b->flow_n, flows, flow_n * sizeof *flows);
	memcpy(b->dns + b->dns_n, dns, dns_n * sizeof *dns);
	b->flow_n += flow_n;
	b->dns_n += dns_n;
}

void batch_undo_flow(struct batch *b)
{
	b->flow_n--;
}

void batch_undo_dns(struct batch *b)
{
	b->dns_n--;
}

void batch_undo_session(struct batch *b)
{
	b->session_n--;
}

void batch_bad(struct batch *b, uint64_t offset, const char *reason)
{
	if (b->bad_n < BATCH_NOTES)
		b->notes[b->bad_n] = (struct batch_note){offset, reason};
	b->bad_n++;
}

void batch_ignore(struct batch *b, const char *what)
{
	b->ignored_n++;
	b->ignored = what;
}

void batch_reset(struct batch *b)
{
	b->flow_n = b->dns_n = b->session_n = 0;
	b->bad_n = b->ignored_n = 0;
	b->ignored = NULL;
}

void batch_fini(struct batch *b)
{
	free(b->flows);
	free(b->dns);
	free(b->sessions);
	*b = (struct batch){0};
}

enum { EXPORTERS_MAX = 65536, INDEX_FIRST = 64 };

struct exporters {
	char **names; /* room for mask / 2 + 2 */
	uint32_t n;
	uint32_t *index, mask; /* numbers by the hash of their name; 0: free. At most half full */
};

struct exporters *exporters_new(void)
{
	struct exporters *x = mem_new(1, sizeof *x);
	x->mask = INDEX_FIRST - 1;
	x->names = mem_new(x->mask / 2 + 2, sizeof *x->names);
	x->names[0] = mem_text("");
	x->n = 1;
	x->index = mem_new(INDEX_FIRST, sizeof *x->index);
	return x;
}

void exporters_free(struct exporters *x)
{
	for (uint32_t i = 0; x && i < x->n; i++)
		free(x->names[i]);
	if (x) {
		free(x->names);
		free(x->index);
	}
	free(x);
}

/* Where the name stands in the index, or would. */
static uint32_t *place_of(const struct exporters *x, const char *name)
{
	uint32_t i = (uint32_t)hash_bytes(&hash_key_offline, name, strlen(name)).a & x->mask;
	while (x->index[i] && strcmp(x->names[x->index[i]], name) != 0)
		i = (i + 1) & x->mask;
	return &x->index[i];
}

static void index_grow(struct exporters *x)
{
	x->mask = x->mask * 2 + 1;
	free(x->index);
	x->index = mem_new(x->mask + 1u, sizeof *x->index);
	x->names = mem_grow(x->names, x->mask / 2 + 2, sizeof *x->names);
	for (uint32_t i = 1; i < x->n; i++)
		*place_of(x, x->names[i]) = i;
}

uint32_t exporter_number(struct exporters *x, const char *name)
{
	if (!*name)
		return 0;
	uint32_t *place = place_of(x, name);
	if (*place || x->n == EXPORTERS_MAX)
		return *place;
	*place = x->n;
	x->names[x->n++] = mem_text(name);
	if (x->n > x->mask / 2)
		index_grow(x);
	return x->n - 1;
}

const char *exporter_name(const struct exporters *x, uint32_t number)
{
	return number < x->n ? x->names[number] : "";
}
