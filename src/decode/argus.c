/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Argus flow tables ("binetflow", the output of `ra -c`) -> struct flow: comma- or tab-separated,
 * with a line of column names in any order, also repeated further down, or without one in the order
 * of the CTU captures; then the last column is a label. Labels and payload are not looked at. Argus
 * looks at both directions, so that nothing back is silence. Times without a zone are read in the
 * zone that the caller names.
 *
 * Limits: where only the total of packets is given, their split is said where it follows: all of
 * them one way, or one each way. An arrow with a question mark (?>, <?>) leaves open who began. A
 * record whose traffic went backwards only (<-) is turned round.
 *
 * Source: ra(1) of argus-clients; Garcia et al., "An empirical comparison of botnet detection
 * methods", 2014 (CTU-13, the table's form). */
#include "decode/argus.h"
#include "base/csv.h"
#include "base/when.h"
#include "decode/decode.h"
#include <string.h>

enum argus_field {
	START,
	LAST,
	DUR,
	PROTO,
	SRC,
	SPORT,
	DIR,
	DST,
	DPORT,
	STATE,
	TOT_PKTS,
	SRC_PKTS,
	DST_PKTS,
	TOT_BYTES,
	SRC_BYTES,
	DST_BYTES,
	FIELDS
};
enum { NO_COLUMN = 255, NAMES_MIN = 4, DEFAULT_MIN = 13 };

static const char *const names[FIELDS] = {[START] = "StartTime",
    [LAST] = "LastTime",
    [DUR] = "Dur",
    [PROTO] = "Proto",
    [SRC] = "SrcAddr",
    [SPORT] = "Sport",
    [DIR] = "Dir",
    [DST] = "DstAddr",
    [DPORT] = "Dport",
    [STATE] = "State",
    [TOT_PKTS] = "TotPkts",
    [SRC_PKTS] = "SrcPkts",
    [DST_PKTS] = "DstPkts",
    [TOT_BYTES] = "TotBytes",
    [SRC_BYTES] = "SrcBytes",
    [DST_BYTES] = "DstBytes"};

struct argus {
	const struct decode_env *env;
	uint32_t exporter;
	struct csv csv;
	bool headed; /* a line of names was seen */
	uint8_t column[FIELDS];
	size_t column_n; /* columns that a line needs for the address pair */
};

static void argus_open(void *state, const struct decode_env *env)
{
	/* StartTime Dur Proto SrcAddr Sport Dir DstAddr Dport State sTos dTos TotPkts TotBytes
	 * SrcBytes */
	static const uint8_t usual[FIELDS] = {[START] = 0,
	    [DUR] = 1,
	    [PROTO] = 2,
	    [SRC] = 3,
	    [SPORT] = 4,
	    [DIR] = 5,
	    [DST] = 6,
	    [DPORT] = 7,
	    [STATE] = 8,
	    [TOT_PKTS] = 11,
	    [TOT_BYTES] = 12,
	    [SRC_BYTES] = 13,
	    [LAST] = NO_COLUMN,
	    [SRC_PKTS] = NO_COLUMN,
	    [DST_PKTS] = NO_COLUMN,
	    [DST_BYTES] = NO_COLUMN};
	struct argus *a = state;
	a->env = env;
	a->exporter = exporter_number(env->exporters, "argus");
	memcpy(a->column, usual, sizeof usual);
	a->column_n = DEFAULT_MIN;
}

static void argus_close(void *state)
{
	struct argus *a = state;
	csv_fini(&a->csv);
}

static size_t name_of(struct span word)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (span_is_nocase(span_trim(word), names[i]))
			return i;
	return FIELDS;
}

static char separator_of(struct span line)
{
	size_t commas = 0, tabs = 0;
	for (size_t i = 0; i < line.n; i++) {
		commas += line.p[i] == ',';
		tabs += line.p[i] == '\t';
	}
	return tabs > commas ? '\t' : ',';
}

/* The first line tells; false where it is not whole yet. */
static bool find_separator(struct argus *a, struct span window, bool last)
{
	struct span line = span_cut(&window, '\n');
	if (!window.p && !last && line.n <= LINE_BYTES_MAX)
		return false;
	a->csv.separator = separator_of(line);
	return true;
}

/* True where the record is a line of names, which are taken for the records behind it. */
static bool read_names(struct argus *a)
{
	struct span first = span_trim(a->csv.field[0]);
	uint8_t column[FIELDS];
	size_t found = 0, last = 0;
	if (first.n && first.p[0] >= '0' && first.p[0] <= '9')
		return false;
	memset(column, NO_COLUMN, sizeof column);
	for (size_t i = 0; i < a->csv.field_n; i++) {
		size_t field = name_of(a->csv.field[i]);
		if (field == FIELDS || column[field] != NO_COLUMN)
			continue;
		column[field] = (uint8_t)i;
		found++;
		last = i + 1;
	}
	if (found < NAMES_MIN)
		return false;
	memcpy(a->column, column, sizeof column);
	a->headed = true;
	a->column_n = last;
	return true;
}

struct side { /* what one end of a flow sent */
	uint64_t packets, bytes;
	uint8_t flags;
	bool has_packets, has_bytes, has_flags;
};

struct row {
	struct span f[FIELDS];
	struct argus_dir dir;
	struct side side[2]; /* SrcAddr's, DstAddr's */
};

/* Number and rest of a total; false where they contradict. */
static bool split(const struct row *r, const enum argus_field column[3], uint64_t v[2], bool has[2])
{
	uint64_t total;
	bool has_total = span_uint(r->f[column[0]], &total);
	has[0] = span_uint(r->f[column[1]], &v[0]);
	has[1] = span_uint(r->f[column[2]], &v[1]);
	for (int i = 0; i < 2; i++) {
		if (!has_total || !has[i])
			continue;
		if (v[i] > total)
			return false;
		if (!has[!i])
			v[!i] = total - v[i];
		has[0] = has[1] = true;
	}
	return true;
}

static bool one_way(const struct row *r)
{
	uint8_t flags[2];
	struct span state = r->f[STATE];
	return r->dir.right && (span_is(state, "INT") || span_is(state, "REQ") ||
				   (argus_flags(state, flags) && flags[1] == 0));
}

static bool read_bytes(struct row *r)
{
	static const enum argus_field columns[3] = {TOT_BYTES, SRC_BYTES, DST_BYTES};
	uint64_t v[2] = {0, 0};
	bool has[2];
	if (!split(r, columns, v, has))
		return false;
	if (!has[0] && !has[1] && one_way(r) && span_uint(r->f[TOT_BYTES], &v[0])) {
		v[1] = 0;
		has[0] = has[1] = true;
	}
	for (int i = 0; i < 2; i++) {
		r->side[i].bytes = has[i] ? v[i] : 0;
		r->side[i].has_bytes = has[i];
	}
	return true;
}

/* The split of a total by the bytes: no bytes, no packets; two packets and bytes both ways. */
static bool split_packets(const struct row *r, uint64_t v[2])
{
	uint64_t total;
	const struct side *s = r->side;
	if (!s[0].has_bytes || !s[1].has_bytes || !span_uint(r->f[TOT_PKTS], &total))
		return false;
	if (s[0].bytes && s[1].bytes && total != 2)
		return false;
	v[0] = s[1].bytes == 0 ? total : s[0].bytes == 0 ? 0 : 1;
	v[1] = total - v[0];
	return true;
}

static bool read_packets(struct row *r)
{
	static const enum argus_field columns[3] = {TOT_PKTS, SRC_PKTS, DST_PKTS};
	uint64_t v[2] = {0, 0};
	bool has[2];
	if (!split(r, columns, v, has))
		return false;
	if (!has[0] && !has[1])
		has[0] = has[1] = split_packets(r, v);
	for (int i = 0; i < 2; i++) {
		r->side[i].packets = has[i] ? v[i] : 0;
		r->side[i].has_packets = has[i];
	}
	return true;
}

/* Flags stand in the state, or follow from REQ: a SYN that nobody answered. An end that has bytes
 * but no flags is not told. Other words (CON, RST, FIN) leave them open. */
static void read_flags(struct row *r)
{
	uint8_t flags[2] = {TCP_SYN, 0};
	if (!span_is(r->f[STATE], "REQ") && !argus_flags(r->f[STATE], flags))
		return;
	for (int i = 0; i < 2; i++) {
		struct side *s = &r->side[i];
		s->flags = flags[i];
		s->has_flags = flags[i] || (s->has_bytes && s->bytes == 0);
	}
}

static void set_sides(const struct row *r, struct flow *f)
{
	const struct side *there = &r->side[r->dir.swap], *back = &r->side[!r->dir.swap];
	f->packets = there->packets;
	f->bytes = there->bytes;
	f->flags = there->flags;
	f->rpackets = back->packets;
	f->rbytes = back->bytes;
	f->rflags = back->flags;
	f->have |= (there->has_packets ? FLOW_PACKETS : 0u) | (there->has_bytes ? FLOW_BYTES : 0u) |
		   (there->has_flags ? FLOW_FLAGS : 0u) | (back->has_packets ? FLOW_RPACKETS : 0u) |
		   (back->has_bytes ? FLOW_RBYTES : 0u) | (back->has_flags ? FLOW_RFLAGS : 0u);
	if (r->dir.sure && !(there->has_bytes && there->bytes == 0))
		f->have |= FLOW_SRC_FIRST;
}

static bool time_of(const struct argus *a, struct span s, int64_t *ms)
{
	if (!when_epoch(s, ms) && !when_parse(s, a->env->zone_ms, ms))
		return false;
	return *ms >= WHEN_MIN_MS && *ms <= WHEN_MAX_MS;
}

/* Returns what is wrong with the row's times, or NULL. */
static const char *times(const struct argus *a, const struct row *r, struct flow *f)
{
	int64_t duration_us = 0;
	if (!time_of(a, r->f[START], &f->start_ms))
		return "no readable time";
	if (r->f[DUR].n && !when_micros(r->f[DUR], &duration_us))
		return "no readable duration";
	f->end_ms = f->start_ms + (duration_us + 500) / 1000;
	if (!r->f[DUR].n && r->f[LAST].n && !time_of(a, r->f[LAST], &f->end_ms))
		return "no readable time";
	f->have |= FLOW_START | FLOW_END;
	return flow_check(f) == ERR_OK ? NULL : "an impossible time";
}

static bool ends(const struct row *r, struct flow *f)
{
	bool icmp = f->proto == PROTO_ICMP || f->proto == PROTO_ICMP6;
	bool ports = f->proto == PROTO_TCP || f->proto == PROTO_UDP || f->proto == PROTO_SCTP;
	struct span sport = r->f[r->dir.swap ? DPORT : SPORT];
	struct span dport = r->f[r->dir.swap ? SPORT : DPORT];
	if (icmp && argus_icmp(r->f[SPORT], r->f[DPORT], r->f[STATE], &f->icmp_type, &f->icmp_code))
		f->have |= FLOW_ICMP;
	return !ports || (argus_port(sport, &f->sport) && argus_port(dport, &f->dport));
}

static bool addresses(const struct row *r, struct flow *f)
{
	return addr_parse(r->f[r->dir.swap ? DST : SRC], &f->src) &&
	       addr_parse(r->f[r->dir.swap ? SRC : DST], &f->dst);
}

/* Fills a flow whose times are read; returns what is wrong with the row, or NULL. */
static const char *fill(const struct argus *a, struct row *r, struct flow *f)
{
	if (!addresses(r, f))
		return "no readable address";
	if (!ends(r, f))
		return "no readable port";
	if (!read_bytes(r) || !read_packets(r))
		return "more packets or bytes of one side than in total";
	if (f->proto == PROTO_TCP)
		read_flags(r);
	f->have |= FLOW_BOTH_WAYS;
	f->exporter = a->exporter;
	set_sides(r, f);
	(void)str_copy(
	    f->state, sizeof f->state, r->f[STATE].n ? r->f[STATE].p : "", r->f[STATE].n);
	return NULL;
}

static void read_row(struct argus *a, uint64_t offset, struct batch *out)
{
	struct row r = {0};
	size_t n = a->csv.field_n - (a->headed ? 0 : 1); /* the last may be a label */
	if (a->csv.field_n < a->column_n) {
		batch_bad(out, offset, "a line with too few columns");
		return;
	}
	for (size_t i = 0; i < FIELDS; i++)
		if (a->column[i] < n)
			r.f[i] = span_trim(a->csv.field[a->column[i]]);
	r.dir = argus_dir(r.f[DIR]);
	struct flow *f = batch_flow(out);
	const char *wrong = times(a, &r, f);
	f->proto = argus_proto(r.f[PROTO]);
	bool ip = f->proto != 0; /* arp, llc, ipx/spx … are not */
	if (ip && !wrong)
		wrong = fill(a, &r, f);
	if (ip && !wrong)
		return;
	batch_undo_flow(out);
	if (wrong)
		batch_bad(out, offset, wrong);
	else
		batch_ignore(out, "traffic that is not IP");
}

static void read_record(struct argus *a, enum csv_found found, uint64_t offset, struct batch *out)
{
	const struct csv *c = &a->csv;
	if (found == CSV_LONG) {
		batch_bad(out, offset, "a line longer than 1 MiB");
		return;
	}
	bool empty = c->field_n == 1 && span_trim(c->field[0]).n == 0;
	if (!empty && !read_names(a))
		read_row(a, offset, out);
}

static size_t argus_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct argus *a = state;
	struct buf b = buf_of(p, n);
	struct span window = {(const char *)p, n};
	if (!a->csv.separator && !find_separator(a, window, last))
		return 0;
	while (!batch_full(out)) {
		uint64_t at = offset + b.at;
		enum csv_found found = csv_next(&a->csv, &b, last);
		if (found == CSV_MORE)
			break;
		read_record(a, found, at, out);
	}
	return b.at;
}

/* A record in the usual order: a time, and an arrow in the sixth column. */
static bool usual(const struct csv *c)
{
	int64_t ms;
	struct span start = span_trim(c->field[0]), word = span_trim(c->field[5]);
	struct argus_dir dir = argus_dir(word);
	if (c->field_n < DEFAULT_MIN || c->field_n > DEFAULT_MIN + 8 || word.n > 3)
		return false;
	bool arrow =
	    dir.sure || dir.swap || dir.right || span_is(word, "<?>") || span_is(word, "who");
	return arrow && (when_parse(start, 0, &ms) || when_epoch(start, &ms));
}

static int argus_sniff(const uint8_t *p, size_t n)
{
	struct argus a = {.env = NULL};
	struct span rest = {(const char *)p, n}, line = {NULL, 0};
	while (rest.p && rest.n && line.n == 0)
		line = span_trim(span_cut(&rest, '\n'));
	if (line.n == 0 || line.n > DECODE_SNIFF_BYTES || memchr(line.p, '\0', line.n))
		return 0;
	a.csv.separator = separator_of(line);
	if (csv_split(&a.csv, line) != CSV_RECORD)
		return 0;
	if (read_names(&a))
		return a.column[START] != NO_COLUMN && a.column[SRC] != NO_COLUMN ? 95 : 0;
	return usual(&a.csv) ? 80 : 0;
}

const struct decoder decoder_argus = {
    .name = "argus",
    .summary = "Argus flow tables (binetflow), comma- or tab-separated",
    .source = "ra(1) of argus-clients",
    .state_bytes = sizeof(struct argus),
    .sniff = argus_sniff,
    .open = argus_open,
    .decode = argus_decode,
    .close = argus_close,
};
