/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's own list of who holds what -> leases: a table with a header, separated by comma,
 * semicolon or tab. Its columns, in any order, others being passed over: `prefix` or `address`;
 * `line`, what the operator calls the line (or else `mac`, with `valid_from`); `ports` as
 * 1024-2047, or `port_first` and `port_last`, where the line has only those; `valid_from` and
 * `valid_to`, from .. before, empty for ever, without a zone in the one that the caller names;
 * `mac` of a device of the line; `realm`, the number of the address's; `flags`, of business,
 * hotspot, wholesale and protected. A row that is damaged anywhere is noted, and says nothing. */
#include "base/csv.h"
#include "base/when.h"
#include "decode/columns.h"
#include "decode/lease.h"
#include <string.h>

enum { BITS_MIN_V4 = 96 + 8, BITS_MIN_V6 = 16 }; /* no line holds more */
enum place { PREFIX, LINE, PORTS, PORT_FIRST, PORT_LAST, FROM, TO, MAC, REALM, FLAGS, PLACES };

static const struct {
	enum place place;
	const char *name;
} names[] = {{PREFIX, "prefix"}, {PREFIX, "address"}, {PREFIX, "ip_address"}, {LINE, "line"},
    {PORTS, "ports"}, {PORT_FIRST, "port_first"}, {PORT_LAST, "port_last"}, {FROM, "valid_from"},
    {FROM, "valid_since"}, {TO, "valid_to"}, {TO, "valid_until"}, {MAC, "mac"},
    {MAC, "mac_address"}, {REALM, "realm"}, {FLAGS, "flags"}};

struct header {
	uint8_t at[PLACES]; /* number of the column from 1; 0: there is none */
};

struct assignments {
	const struct decode_env *env;
	struct csv csv;
	struct header header;
	bool begun;
};

static struct header header_of(const struct csv *csv)
{
	struct header h = {0};
	for (size_t i = 0; i < csv->field_n && i < UINT8_MAX; i++)
		for (size_t n = 0; n < sizeof names / sizeof *names; n++)
			if (span_is_nocase(span_trim(csv->field[i]), names[n].name) &&
			    !h.at[names[n].place])
				h.at[names[n].place] = (uint8_t)(i + 1);
	return h;
}

static bool is_header(const struct header *h)
{
	return h->at[PREFIX] && (h->at[LINE] || (h->at[MAC] && h->at[FROM]));
}

static struct span field(const struct assignments *a, enum place place)
{
	size_t number = a->header.at[place];
	return number && number <= a->csv.field_n ? span_trim(a->csv.field[number - 1])
						  : (struct span){"", 0};
}

static bool port_of(struct span s, uint16_t *port)
{
	uint64_t v;
	if (!span_uint(s, &v) || v > UINT16_MAX)
		return false;
	*port = (uint16_t)v;
	return true;
}

static bool take_ports(const struct assignments *a, struct session *s)
{
	struct span last = field(a, PORTS), first = {"", 0};
	if (last.n)
		first = span_cut(&last, '-');
	else {
		first = field(a, PORT_FIRST);
		last = field(a, PORT_LAST);
	}
	if (!first.n && !(last.p && last.n))
		return true;
	return last.p && port_of(first, &s->port_first) && port_of(last, &s->port_last) &&
	       s->port_last;
}

/* What is held since ever is held since the first time that there is. */
static bool take_times(const struct assignments *a, struct session *s)
{
	struct span from = field(a, FROM), to = field(a, TO);
	s->t0_ms = WHEN_MIN_MS;
	s->begin = from.n ? SESSION_TOLD : SESSION_INFERRED;
	s->end = to.n ? SESSION_TOLD : SESSION_OPEN;
	return (!from.n || column_time(from, a->env->zone_ms, &s->t0_ms)) &&
	       (!to.n || column_time(to, a->env->zone_ms, &s->t1_ms));
}

static bool take_realm(const struct assignments *a, struct session *s)
{
	uint64_t realm = 0;
	struct span text = field(a, REALM);
	bool good = !text.n || (span_uint(text, &realm) && realm <= UINT32_MAX);
	s->realm = (uint32_t)realm;
	return good;
}

/* NULL, or what is wrong. */
static const char *fill(const struct assignments *a, struct session *s)
{
	struct span mac = field(a, MAC);
	if (prefix_parse(field(a, PREFIX), &s->held, NULL) != ERR_OK ||
	    s->held.bits < (addr_is_v4(&s->held.addr) ? BITS_MIN_V4 : BITS_MIN_V6))
		return "an assignment of something that is no address or prefix";
	if (session_ids_add(&s->ids, SESSION_ASSIGNED, field(a, LINE)) != ERR_OK)
		return "an assignment to a line whose name is longer than 255 bytes";
	lease_hex(&s->ids, SESSION_MAC, mac);
	if (mac.n && !session_ids_get(&s->ids, SESSION_MAC).n)
		return "an assignment to a MAC that is none";
	if (!s->ids.n)
		return "an assignment to nobody";
	if (!take_ports(a, s))
		return "an assignment of ports that are none";
	if (!take_times(a, s))
		return "an assignment with a damaged time";
	if (!take_realm(a, s) || !subject_flags_of(field(a, FLAGS), &s->flags))
		return "an assignment with an unknown flag, or a realm that is no number";
	return session_check(s) == ERR_OK ? NULL : "an assignment with impossible ports or times";
}

static void take_row(struct assignments *a, uint64_t offset, struct batch *out)
{
	const char *wrong = fill(a, lease_new(out));
	if (!wrong)
		return;
	batch_undo_session(out);
	batch_bad(out, offset, wrong);
}

static bool is_comment(const struct csv *csv)
{
	struct span first = span_trim(csv->field[0]);
	return (csv->field_n == 1 && !first.n) || (first.n && first.p[0] == '#');
}

static void take(struct assignments *a, enum csv_found found, uint64_t offset, struct batch *out)
{
	if (found != CSV_RECORD) {
		batch_bad(out, offset, "a damaged row of a list of assignments");
		return;
	}
	if (is_comment(&a->csv))
		return;
	struct header h = header_of(&a->csv);
	if (is_header(&h)) {
		a->header = h;
		a->begun = true;
	} else if (a->begun)
		take_row(a, offset, out);
	else
		batch_bad(out, offset, "a list of assignments without a header of prefix and line");
}

/* The separator of the first line that is neither empty nor a comment; 0: there is no such line. */
static char separator_of(struct span text, bool last)
{
	while (text.p) {
		struct span line = span_cut(&text, '\n'), trimmed = span_trim(line);
		if (!text.p && !last && trimmed.n < LINE_BYTES_MAX)
			return 0;
		if (!trimmed.n || trimmed.p[0] == '#')
			continue;
		return memchr(line.p, ';', line.n)    ? ';'
		       : memchr(line.p, '\t', line.n) ? '\t'
						      : ',';
	}
	return last ? ',' : 0;
}

static void assignments_open(void *state, const struct decode_env *env)
{
	struct assignments *a = state;
	a->env = env;
	a->csv.quote = '"';
}

static size_t assignments_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct assignments *a = state;
	struct buf b = buf_of(p, n);
	if (!a->csv.separator &&
	    !(a->csv.separator = separator_of((struct span){(const char *)p, n}, last)))
		return 0;
	while (!batch_full(out)) {
		uint64_t at = offset + b.at;
		enum csv_found found = csv_next(&a->csv, &b, last);
		if (found == CSV_MORE)
			break;
		take(a, found, at, out);
	}
	return b.at;
}

static void assignments_close(void *state)
{
	struct assignments *a = state;
	csv_fini(&a->csv);
}

/* By the first line that is no comment. */
static int sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n}, line = {"", 0};
	struct csv csv = {.quote = '"', .separator = separator_of(rest, true)};
	if (n == 0 || memchr(p, '\0', n))
		return 0;
	while (rest.p && (!line.n || line.p[0] == '#'))
		line = span_trim(span_cut(&rest, '\n'));
	bool found = line.n && csv_split(&csv, line) == CSV_RECORD;
	struct header h = found ? header_of(&csv) : (struct header){0};
	csv_fini(&csv);
	return is_header(&h) ? 80 : 0;
}

const struct decoder decoder_assignments = {
    .name = "assignments",
    .summary = "an operator's list of who holds which address or prefix",
    .source = "its columns: prefix, line, ports, valid_from, valid_to, mac, realm, flags",
    .state_bytes = sizeof(struct assignments),
    .sniff = sniff,
    .open = assignments_open,
    .decode = assignments_decode,
    .close = assignments_close,
};
