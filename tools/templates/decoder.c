/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* @NAME@ -> struct flow: a first line "#@NAME@", then one flow a line: seconds since 1970, source,
 * its port, destination, its port, protocol, packets, bytes, with a space between. Lines that begin
 * with # are comments. Source: say here where the format is specified. */
#include "base/lines.h"
#include "base/when.h"
#include "decode/decode.h"
#include <string.h>

static const char magic[] = "#@NAME@\n";

struct state {
	struct lines lines;
};

static int sniff(const uint8_t *p, size_t n)
{
	return n >= sizeof magic - 1 && memcmp(p, magic, sizeof magic - 1) == 0 ? 100 : 0;
}

static bool number(struct span *rest, uint64_t max, uint64_t *v)
{
	return span_uint(span_cut(rest, ' '), v) && *v <= max;
}

/* Fills f from a line; false where it is no flow. */
static bool read_flow(struct span rest, struct flow *f)
{
	uint64_t sport, dport, proto;
	if (!when_epoch(span_cut(&rest, ' '), &f->end_ms) ||
	    !addr_parse(span_cut(&rest, ' '), &f->src) || !number(&rest, UINT16_MAX, &sport) ||
	    !addr_parse(span_cut(&rest, ' '), &f->dst) || !number(&rest, UINT16_MAX, &dport) ||
	    !number(&rest, UINT8_MAX, &proto) || !number(&rest, UINT64_MAX, &f->packets) ||
	    !number(&rest, UINT64_MAX, &f->bytes) || rest.p)
		return false;
	f->sport = (uint16_t)sport;
	f->dport = (uint16_t)dport;
	f->proto = (uint8_t)proto;
	f->have = FLOW_END | FLOW_PACKETS | FLOW_BYTES;
	return flow_check(f) == ERR_OK;
}

static void read_line(struct span line, uint64_t offset, struct batch *out)
{
	if (line.n == 0 || line.p[0] == '#')
		return;
	if (!read_flow(line, batch_flow(out))) {
		batch_undo_flow(out);
		batch_bad(out, offset, "a line that is no flow");
	}
}

static size_t decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct state *s = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		struct span line;
		uint64_t at = offset + b.at;
		enum lines_found got = lines_next(&s->lines, &b, last, &line);
		if (got == LINES_MORE)
			break;
		if (got == LINES_LONG)
			batch_bad(out, at, "a line longer than 1 MiB");
		else
			read_line(line, at, out);
	}
	return b.at;
}

const struct decoder decoder_@SYMBOL@ = {
    .name = "@NAME@",
    .summary = "say here what writes it",
    .source = "say here where it is specified",
    .state_bytes = sizeof(struct state),
    .sniff = sniff,
    .decode = decode,
};
