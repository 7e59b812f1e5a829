/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of concatenated export datagrams -> flows: what a collector wrote as it came (NetFlow v5,
 * v9, IPFIX, sFlow v5, mixed), and IPFIX files (RFC 5655). The exporter's address is not in such a
 * file; sFlow names its agent.
 * Behind damage, reading goes on at the next place where a datagram may begin that is followed by
 * another one or the end. */
#include "decode/datagram.h"

enum { WORD_BYTES = 2, LENGTH_TELLS_BYTES = 24 };
#define YEAR_2000_S 946684800u
#define YEAR_2100_S 4102444800u

struct netflow_opts {
	const char *nat_events;
};

static const struct opt_row rows[] = {EXPORT_NAT_ROW(offsetof(struct netflow_opts, nat_events))};
enum { ROWS_N = sizeof rows / sizeof *rows };

struct netflow {
	struct export *x;
	bool lost; /* in the middle of damage that was noted */
};

/* What may stand behind a datagram: another one, or zeros that fill up. */
static bool is_next(const uint8_t *p)
{
	return buf_peek_be16(p) == 0 || datagram_version(p, WORD_BYTES);
}

static bool time_fits(const uint8_t *p)
{
	if (datagram_version(p, LENGTH_TELLS_BYTES) == EXPORT_SFLOW)
		return true; /* it has none */
	uint32_t s = buf_peek_be32(p + (buf_peek_be16(p) == EXPORT_IPFIX ? 4 : 8));
	return s >= YEAR_2000_S && s < YEAR_2100_S;
}

/* Whether a datagram may begin here: it is whole, and another one, zeros or the end follow. */
static bool begins(const uint8_t *p, size_t n, bool last)
{
	bool fits = n >= LENGTH_TELLS_BYTES && time_fits(p);
	size_t bytes = fits ? datagram_length(p, n, last) : 0;
	if (bytes == 0 || bytes > n)
		return bytes > n && !last;
	return n - bytes < WORD_BYTES || is_next(p + bytes);
}

static int sniff(const uint8_t *p, size_t n)
{
	size_t bytes = n >= LENGTH_TELLS_BYTES ? datagram_length(p, n, true) : 0;
	if (bytes == 0 || bytes > n)
		return 0;
	return n == bytes || begins(p, n, false) ? 90 : 50;
}

static void netflow_open(void *state, const struct decode_env *env)
{
	struct netflow *s = state;
	const struct netflow_opts *o = env->opts;
	s->x = export_new(env);
	if (o)
		export_nat_events(s->x, o->nat_events);
}

static void netflow_close(void *state)
{
	struct netflow *s = state;
	export_free(s->x);
}

/* The first place behind the first byte where a datagram may begin, before `until`; 0: none. */
static size_t next_begin(const uint8_t *p, size_t n, size_t until, bool last)
{
	for (size_t i = 1; i < until && i < n; i++)
		if (begins(p + i, n - i, last))
			return i;
	return 0;
}

/* How many bytes to leave out where no datagram begins; 0: more are needed to tell. */
static size_t skip_damage(
    struct netflow *s, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	size_t zeros = 0, found = next_begin(p, n, n, last);
	while (zeros < n && p[zeros] == 0) /* filling, no damage */
		zeros++;
	if (!s->lost && zeros < n && (!found || zeros < found)) {
		batch_bad(out, offset + zeros, "no export datagram begins here");
		s->lost = true;
	}
	if (found)
		return found;
	if (last)
		return n;
	return n > LENGTH_TELLS_BYTES ? n - LENGTH_TELLS_BYTES : 0;
}

/* A datagram of `bytes` that nothing follows may be damage that only looks like one: is there a
 * better beginning inside it? Returns how many bytes to leave out for it. */
static size_t mistaken(const uint8_t *p, size_t n, size_t bytes, bool last)
{
	return begins(p, n, last) ? 0 : next_begin(p, n, bytes, last);
}

static size_t netflow_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	static const union addr unknown;
	struct netflow *s = state;
	size_t at = 0;
	while (at < n && !batch_full(out)) {
		size_t left = n - at, bytes = datagram_length(p + at, left, last);
		if (bytes > left && !last)
			break;
		size_t skip = bytes ? mistaken(p + at, left, bytes, last)
				    : skip_damage(s, p + at, left, offset + at, last, out);
		if (bytes && (skip || bytes > left))
			batch_bad(out, offset + at, "a datagram cut short or damaged");
		if (bytes && !skip) {
			skip = bytes < left ? bytes : left;
			s->lost = false;
			export_datagram(s->x, &unknown, 0, p + at, skip, offset + at, out);
		}
		if (!skip)
			break;
		at += skip;
	}
	return at;
}

const struct decoder decoder_netflow = {
    .name = "netflow",
    .summary = "NetFlow v5, v9, IPFIX and sFlow v5 datagrams, one behind the other",
    .source = "RFC 3954, RFC 7011, RFC 5103, RFC 5655, RFC 8158; Cisco NetFlow v5; sFlow v5",
    .rows = rows,
    .rows_n = ROWS_N,
    .opts_bytes = sizeof(struct netflow_opts),
    .state_bytes = sizeof(struct netflow),
    .sniff = sniff,
    .open = netflow_open,
    .decode = netflow_decode,
    .close = netflow_close,
};
