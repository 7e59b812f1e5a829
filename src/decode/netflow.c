/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of concatenated export datagrams -> flows: what a collector wrote as it came (NetFlow v5,
 * v9, IPFIX, mixed), and IPFIX files (RFC 5655). The exporter's address is not in such a file.
 * Behind damage, reading goes on at the next place where a datagram may begin that is followed by
 * another one or the end. */
#include "decode/datagram.h"

enum { WORD_BYTES = 2, LENGTH_TELLS_BYTES = 24 };

struct netflow {
	struct export *x;
	bool lost; /* in the middle of damage that was noted */
};

static bool is_version(const uint8_t *p)
{
	uint16_t v = buf_peek_be16(p);
	return v == EXPORT_V5 || v == EXPORT_V9 || v == EXPORT_IPFIX;
}

/* Whether a datagram may begin here: it is whole, and another one or the end follows. */
static bool begins(const uint8_t *p, size_t n, bool last)
{
	size_t bytes = n >= LENGTH_TELLS_BYTES ? datagram_length(p, n, last) : 0;
	if (bytes == 0 || bytes > n)
		return bytes > n && !last;
	return n - bytes < WORD_BYTES || is_version(p + bytes);
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
	s->x = export_new(env);
}

static void netflow_close(void *state)
{
	struct netflow *s = state;
	export_free(s->x);
}

/* How many bytes to leave out: up to where a datagram may begin. */
static size_t skip_damage(
    struct netflow *s, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	size_t i = 0, keep = last ? 0 : LENGTH_TELLS_BYTES;
	while (i < n && p[i] == 0) /* filling, no damage */
		i++;
	if (i + WORD_BYTES <= n && !s->lost && !(i > 0 && begins(p + i - 1, n - i + 1, last))) {
		batch_bad(out, offset + i, "no export datagram begins here");
		s->lost = true;
	}
	for (i = 1; i + keep < n; i++)
		if (begins(p + i, n - i, last))
			return i;
	return i < n ? i : n;
}

static size_t netflow_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	static const union addr unknown;
	struct netflow *s = state;
	size_t at = 0;
	while (at < n && !batch_full(out)) {
		size_t bytes = datagram_length(p + at, n - at, last);
		if (bytes > n - at && !last)
			break;
		if (bytes == 0) {
			at += skip_damage(s, p + at, n - at, offset + at, last, out);
			continue;
		}
		if (bytes > n - at) {
			batch_bad(out, offset + at, "the last datagram is cut short");
			bytes = n - at;
		}
		s->lost = false;
		export_datagram(s->x, &unknown, 0, p + at, bytes, offset + at, out);
		at += bytes;
	}
	return at;
}

const struct decoder decoder_netflow = {
    .name = "netflow",
    .summary = "NetFlow v5, v9 and IPFIX datagrams, one behind the other",
    .source = "RFC 3954, RFC 7011, RFC 5103, RFC 5655; Cisco NetFlow v5",
    .state_bytes = sizeof(struct netflow),
    .sniff = sniff,
    .open = netflow_open,
    .decode = netflow_decode,
    .close = netflow_close,
};
