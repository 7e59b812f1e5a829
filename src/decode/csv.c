/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables with a header -> flows or DNS records: separated by comma, semicolon, tab or bar, columns
 * in any order, found by name (columns.c). nfdump's `-o csv` of 1.6 and 1.7 is one of them. A
 * header that does not name a time, addresses, and a counter or a looked-up name is not claimed;
 * the option `columns` names columns oneself, then with --format csv. A header may come again, and
 * change the columns. Columns of no use are not looked at, labels above all.
 *
 * Times without a zone are in the zone that the caller names: nfdump writes local time, in whole
 * seconds. A flow with one time only has that as its start, and ends then or after its duration.
 * The counters "out" of nfdump are the way back of merged flows, or the same packets behind the
 * exporter: they are taken for the former where they differ from those "in". What stands behind
 * nfdump's line "Summary" is passed over.
 *
 * Sources: nfdump(1) and its output; the column names of common exporters and data sets. */
#include "base/when.h"
#include "decode/argus.h"
#include "decode/columns.h"
#include "decode/logline.h"
#include "decode/record.h"
#include <string.h>

#define DAY_MS 86400000LL
enum { ANSWERS_MAX = 64, TTL_MAX = INT32_MAX };

struct csv_opts {
	const char *columns;
};

static const struct opt_row rows[] = {
    {"columns", OPT_TEXT, offsetof(struct csv_opts, columns), 0, 0, NULL, NULL,
	"columns by one's own names: FIELD=NAME,FIELD=NAME with the fields start end time duration "
	"received src dst sport dport proto flags packets bytes rpackets rbytes sampling exporter "
	"client server cport qname qtype rcode answers ttl"},
};

struct csv_file {
	const struct decode_env *env;
	const char *own; /* option `columns` */
	struct csv csv;
	struct columns columns;
	uint32_t exporter; /* of files that name none */
	bool begun, summary;
};

static void csv_open(void *state, const struct decode_env *env)
{
	struct csv_file *s = state;
	const struct csv_opts *o = env->opts;
	s->env = env;
	s->own = o ? o->columns : NULL;
	s->csv.quote = '"';
	s->exporter = exporter_number(env->exporters, "csv");
}

static void csv_close(void *state)
{
	struct csv_file *s = state;
	csv_fini(&s->csv);
}

static struct span value(const struct csv_file *s, enum column which)
{
	return column(&s->columns, &s->csv, which);
}

/* A time of 0 is how nfdump writes an unknown one. */
static bool time_in(const struct csv_file *s, enum column which, int64_t *ms)
{
	if (column_time(value(s, which), s->env->zone_ms, ms) && *ms && *ms != -s->env->zone_ms)
		return true;
	*ms = 0;
	return false;
}

/* START or TIME, and END; where one is missing, DURATION leads to it. False where no time, not even
 * that of reception, is readable. nfdump writes some of IPFIX the wrong way round. */
static bool times(const struct csv_file *s, struct flow *f)
{
	int64_t took_us = 0;
	bool starts =
	    time_in(s, COLUMN_START, &f->start_ms) || time_in(s, COLUMN_TIME, &f->start_ms);
	bool ends = time_in(s, COLUMN_END, &f->end_ms);
	bool took = when_micros(value(s, COLUMN_DURATION), &took_us);
	bool received = time_in(s, COLUMN_RECEIVED, &f->received_ms);
	if (!starts && !ends)
		return received;
	if (!ends)
		f->end_ms = f->start_ms + (took_us + 500) / 1000;
	if (!starts && took)
		f->start_ms = f->end_ms - (took_us + 500) / 1000;
	f->have |= (starts || took ? FLOW_START : 0) | FLOW_END;
	if (starts && ends && f->start_ms > f->end_ms && f->start_ms - f->end_ms < DAY_MS) {
		int64_t ms = f->start_ms;
		f->start_ms = f->end_ms;
		f->end_ms = ms;
	}
	if (received && f->received_ms - DAY_MS > f->end_ms)
		f->received_ms = 0; /* made later from a capture, as nfcapd files may be */
	return true;
}

/* "8.0", type and code of nfdump, or a number. */
static bool read_dport(struct flow *f, struct span text)
{
	uint64_t v = 0, code;
	struct span rest = text, type = span_cut(&rest, '.');
	bool icmp = f->proto == PROTO_ICMP || f->proto == PROTO_ICMP6;
	if (icmp && rest.p && span_uint(type, &v) && span_uint(rest, &code) && v <= UINT8_MAX &&
	    code <= UINT8_MAX)
		v = v << 8 | code;
	else if (text.n && !column_number(text, &v))
		return false;
	f->dport = (uint16_t)v;
	return v <= UINT16_MAX;
}

static bool ends(const struct csv_file *s, struct flow *f)
{
	uint64_t v = 0;
	struct span sport = value(s, COLUMN_SPORT);
	if ((sport.n && !column_number(sport, &v)) || v > UINT16_MAX)
		return false;
	f->sport = (uint16_t)v;
	struct span dport = value(s, COLUMN_DPORT);
	if (!read_dport(f, dport))
		return false;
	flow_take_icmp(f, dport.n != 0);
	return true;
}

/* False where a counter is not a number. */
static bool counter(
    const struct csv_file *s, enum column which, uint32_t have, uint64_t *v, struct flow *f)
{
	struct span text = value(s, which);
	if (text.n == 0)
		return true;
	f->have |= have;
	return column_number(text, v);
}

static void out_counters(struct flow *f, uint64_t packets, uint64_t bytes)
{
	if (packets == 0 || (packets == f->packets && bytes == f->bytes))
		return;
	if (f->packets == 0) {
		f->packets = packets;
		f->bytes = bytes;
		return;
	}
	f->rpackets = packets;
	f->rbytes = bytes;
	f->have |= FLOW_RPACKETS | FLOW_RBYTES | FLOW_BOTH_WAYS;
}

static bool counters(const struct csv_file *s, struct flow *f)
{
	uint64_t packets = 0, bytes = 0, sampling = 0;
	struct flow unused = {0};
	bool back = s->columns.at[COLUMN_RPACKETS][0] || s->columns.at[COLUMN_RBYTES][0];
	if (!counter(s, COLUMN_PACKETS, FLOW_PACKETS, &f->packets, f) ||
	    !counter(s, COLUMN_BYTES, FLOW_BYTES, &f->bytes, f) ||
	    !counter(s, COLUMN_RPACKETS, FLOW_RPACKETS, &f->rpackets, f) ||
	    !counter(s, COLUMN_RBYTES, FLOW_RBYTES, &f->rbytes, f) ||
	    !counter(s, COLUMN_OUT_PACKETS, 0, &packets, &unused) ||
	    !counter(s, COLUMN_OUT_BYTES, 0, &bytes, &unused) ||
	    !counter(s, COLUMN_SAMPLING, 0, &sampling, &unused))
		return false;
	if (back)
		f->have |= FLOW_BOTH_WAYS;
	else
		out_counters(f, packets, bytes);
	if (sampling && sampling <= UINT32_MAX) {
		f->sampling = (uint32_t)sampling;
		f->have |= FLOW_SAMPLING;
	}
	return true;
}

static uint32_t exporter(const struct csv_file *s)
{
	char word[ADDR_TEXT];
	union addr a;
	if (!addr_parse(value(s, COLUMN_EXPORTER), &a) || addr_is_zero(&a))
		return s->exporter;
	addr_text(word, &a);
	return exporter_number(s->env->exporters, word);
}

/* What is wrong with the record, or NULL. */
static const char *read_flow(const struct csv_file *s, struct flow *f)
{
	struct span flags = value(s, COLUMN_FLAGS);
	if (!times(s, f))
		return "no readable time";
	if (!addr_parse(value(s, COLUMN_SRC), &f->src) ||
	    !addr_parse(value(s, COLUMN_DST), &f->dst))
		return "no readable address";
	if (!ends(s, f))
		return "no readable port";
	if (!counters(s, f))
		return "a counter that is not a number";
	if (f->proto == PROTO_TCP && flags.n && !column_flags(flags, &f->flags))
		return "no readable flags";
	f->have |= f->proto == PROTO_TCP && f->flags ? FLOW_FLAGS : 0;
	f->exporter = exporter(s);
	return flow_check(f) == ERR_OK ? NULL : "an impossible time";
}

static const char *flow_row(struct csv_file *s, struct batch *out)
{
	struct span proto = value(s, COLUMN_PROTO);
	struct flow *f = batch_flow(out);
	f->proto = argus_proto(proto);
	const char *no_use =
	    proto.n && !f->proto && !span_is(proto, "0") ? "traffic of an unknown protocol" : NULL;
	const char *wrong = no_use ? NULL : read_flow(s, f);
	if (!wrong && !no_use && addr_is_zero(&f->src) && addr_is_zero(&f->dst))
		no_use = "flow record without addresses";
	if (wrong || no_use)
		batch_undo_flow(out);
	if (no_use)
		batch_ignore(out, no_use);
	return wrong;
}

/* Separated by spaces, commas, semicolons or bars. */
static void add_answers(struct dns *r, struct span text)
{
	union addr a;
	for (size_t i = 0, from = 0, n = 0; i <= text.n && n < ANSWERS_MAX; i++) {
		if (i < text.n && !strchr(" ,;|", text.p[i]))
			continue;
		struct span one = {text.p + from, i - from};
		from = i + 1;
		n += one.n != 0;
		if (addr_parse(one, &a))
			dns_add_addr(r, &a);
		else
			dns_add_other(r, one.p, one.n);
	}
}

static const char *read_dns(const struct csv_file *s, struct dns *r)
{
	struct span client = value(s, COLUMN_CLIENT), server = value(s, COLUMN_SERVER);
	struct span port = value(s, COLUMN_CPORT), rcode = value(s, COLUMN_RCODE);
	struct span answers = value(s, COLUMN_ANSWERS);
	uint64_t v = 0;
	if (!time_in(s, COLUMN_TIME, &r->time_ms) && !time_in(s, COLUMN_START, &r->time_ms) &&
	    !time_in(s, COLUMN_END, &r->time_ms))
		return "no readable time";
	if (!addr_parse(client.n ? client : value(s, COLUMN_SRC), &r->client))
		return "no readable address";
	(void)addr_parse(server.n ? server : value(s, COLUMN_DST), &r->server);
	if (column_number(port.n ? port : value(s, COLUMN_SPORT), &v) && v <= UINT16_MAX)
		r->client_port = (uint16_t)v;
	r->qtype = dns_type_of(value(s, COLUMN_QTYPE));
	if (!log_name(r, value(s, COLUMN_QNAME)))
		return "no readable name";
	r->rcode = dns_rcode_of(rcode);
	add_answers(r, answers);
	if (rcode.n == 0 && answers.n)
		r->rcode = DNS_NOERROR;
	r->has_ttl = column_number(value(s, COLUMN_TTL), &v) && v <= TTL_MAX;
	r->ttl_s = r->has_ttl ? (uint32_t)v : 0;
	return dns_check(r) == ERR_OK ? NULL : "an impossible time";
}

static const char *dns_row(struct csv_file *s, struct batch *out)
{
	const char *wrong = read_dns(s, batch_dns(out));
	if (wrong)
		batch_undo_dns(out);
	return wrong;
}

static bool has_digit(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* True where the record is a header, whose columns count from here on. A time's name has no digits.
 */
static bool read_header(struct csv_file *s)
{
	if (has_digit(value(s, COLUMN_START)) || has_digit(value(s, COLUMN_TIME)) ||
	    has_digit(value(s, COLUMN_END)))
		return false;
	struct columns c = columns_of(&s->csv, s->own);
	if (c.kind == COLUMNS_NONE)
		return false;
	s->columns = c;
	s->summary = false;
	return true;
}

/* A record whose fields are whole; what is wrong with it, or NULL. */
static const char *read_fields(struct csv_file *s, struct batch *out)
{
	bool one = s->csv.field_n == 1;
	struct span first = one ? span_trim(s->csv.field[0]) : (struct span){"", 0};
	if ((one && first.n == 0) || read_header(s))
		return NULL;
	if (s->columns.kind == COLUMNS_NONE) {
		batch_ignore(out,
		    "lines before a header that names a time, addresses, and counters or names");
		return NULL;
	}
	s->summary |= span_is(first, "Summary");
	if (s->summary)
		return NULL;
	return s->columns.kind == COLUMNS_FLOWS ? flow_row(s, out) : dns_row(s, out);
}

static void read_record(
    struct csv_file *s, enum csv_found found, uint64_t offset, struct batch *out)
{
	const char *wrong = NULL;
	if (found == CSV_LONG)
		wrong = "a line longer than 1 MiB";
	else if (found == CSV_OPEN)
		wrong = "a quote that is not closed";
	else
		wrong = read_fields(s, out);
	if (wrong)
		batch_bad(out, offset, wrong);
}

/* That which cuts the line into most fields. */
static char separator_of(struct span line)
{
	static const char marks[] = ",;\t|";
	size_t count[sizeof marks] = {0}, best = 0;
	for (size_t i = 0; i < line.n; i++) {
		const char *mark = line.p[i] ? strchr(marks, line.p[i]) : NULL;
		count[mark ? (size_t)(mark - marks) : sizeof marks - 1]++;
	}
	for (size_t i = 1; i < sizeof marks - 1; i++)
		best = count[i] > count[best] ? i : best;
	return marks[best];
}

/* The first line that is not empty; false where it is not whole yet. */
static bool first_line(struct span window, bool last, struct span *line)
{
	*line = (struct span){"", 0};
	while (window.p && window.n && line->n == 0) {
		*line = span_cut(&window, '\n');
		if (!window.p && !last && line->n <= LINE_BYTES_MAX)
			return false;
		*line = span_trim(*line);
	}
	return line->n || last;
}

static size_t csv_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct csv_file *s = state;
	struct buf b = buf_of(p, n);
	struct span line;
	if (!s->begun && !first_line((struct span){(const char *)p, n}, last, &line))
		return 0;
	if (!s->begun) {
		s->csv.separator = separator_of(line);
		s->begun = true;
		if (!columns_own_is_right(s->own))
			batch_bad(
			    out, offset, "the option columns names a field that there is not");
	}
	while (!batch_full(out)) {
		uint64_t at = offset + b.at;
		enum csv_found found = csv_next(&s->csv, &b, last);
		if (found == CSV_MORE)
			break;
		read_record(s, found, at, out);
	}
	return b.at;
}

static int csv_sniff(const uint8_t *p, size_t n)
{
	struct span line;
	struct csv csv = {.quote = '"'};
	if (!first_line((struct span){(const char *)p, n}, true, &line) || line.n == 0 ||
	    memchr(line.p, '\0', line.n))
		return 0;
	csv.separator = separator_of(line);
	enum csv_found found = csv_split(&csv, line);
	bool named = (found == CSV_RECORD || found == CSV_WIDE) &&
		     columns_of(&csv, NULL).kind != COLUMNS_NONE;
	csv_fini(&csv);
	return named ? 70 : 0;
}

const struct decoder decoder_csv = {
    .name = "csv",
    .summary = "tables of flows or look-ups with a header, nfdump's among them",
    .source = "nfdump(1): -o csv; RFC 4180",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct csv_opts),
    .state_bytes = sizeof(struct csv_file),
    .sniff = csv_sniff,
    .open = csv_open,
    .decode = csv_decode,
    .close = csv_close,
};
