/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISC dhcpd's lease files -> leases, DHCPv4 and DHCPv6. The file is a log: each block is an event,
 * and the earlier blocks of an address are its history. An active lease runs from `starts` (v6:
 * `cltt`) until `ends`, unless a later block says otherwise; in every other state it has ended
 * then, and the block still names who held it. A v6 lease was released at `cltt`, and `ends` is
 * when it would have run out; one that was abandoned was so between `starts` and `ends`, and not
 * before what the blocks above tell. Times are UTC, or seconds (db-time-format local). lease
 * 192.0.2.1 { starts 4 2026/01/01 00:00:00; ends never; binding state active; … } ia-na "IAID DUID"
 * { cltt …; iaaddr 2001:db8::1 { binding state active; ends …; } } The IAID is in the byte order
 * that the file names, little-endian where it names none.
 *
 * Statements are read one at a time, so that a block may be of any length; one of more than 4 KiB
 * is passed over. What it misses: v4 addresses that were abandoned name nobody.
 * Source: dhcpd.leases(5); files that dhcpd 4.2 to 4.4 wrote. */
#include "base/when.h"
#include "decode/lease.h"
#include <stdio.h>
#include <string.h>

enum { STATEMENT_BYTES_MAX = 4096, WORDS_MAX = 8, TEXT_MAX = 1024, DEPTH_MAX = 1000 };
enum block { BLOCK_NONE, BLOCK_LEASE, BLOCK_IA, BLOCK_ADDRESS };
enum { IAID_BYTES = 4 };

struct word {
	struct span text; /* of a quoted one what is between, escapes undone */
	bool quoted;
};

struct statement {
	struct word words[WORDS_MAX];
	size_t n;
	char end;            /* ; { or } */
	char text[TEXT_MAX]; /* of the quoted words */
	size_t text_n;
};

struct held { /* of one block */
	struct session_ids ids;
	struct prefix addr;
	int64_t starts_ms, ends_ms; /* 0: not said */
	bool active, released, abandoned, has_state, damaged;
	uint64_t offset;
};

struct dhcpd {
	struct held held, ia; /* ia: what an ia-… block says of all its addresses */
	int64_t latest_ms;    /* what blocks up to here tell of had happened then */
	enum block block;
	unsigned skip; /* depth inside a block that is passed over */
	bool skipping; /* a statement that is too long */
	bool big_endian;
};

/* The byte behind a backslash at *at, which moves behind it. */
static char escaped(const char *p, size_t n, size_t *at)
{
	unsigned v = 0;
	size_t digits = 0;
	while (digits < 3 && *at + digits < n && p[*at + digits] >= '0' && p[*at + digits] <= '7')
		v = v * 8 + (unsigned)(p[*at + digits++] - '0');
	if (digits == 0)
		return p[(*at)++];
	*at += digits;
	return (char)v;
}

/* A quoted word behind its quote at *at; *at moves behind the closing one. Empty where its line
 * ends before it does. */
static struct span unquoted(struct statement *s, const char *p, size_t n, size_t *at)
{
	struct span out = {s->text + s->text_n, 0};
	while (*at < n && p[*at] != '"' && p[*at] != '\n') {
		char c = p[(*at)++];
		if (c == '\\' && *at < n)
			c = escaped(p, n, at);
		if (s->text_n < TEXT_MAX) {
			s->text[s->text_n++] = c;
			out.n++;
		}
	}
	if (*at == n || p[*at] == '\n')
		out.n = 0;
	*at += *at < n;
	return out;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A statement with its end. */
static void split(struct statement *s, const char *p, size_t n)
{
	s->n = s->text_n = 0;
	s->end = p[--n];
	for (size_t at = 0; at < n;) {
		struct word w = {.quoted = p[at] == '"'};
		size_t from = at;
		if (is_blank(p[at])) {
			at++;
			continue;
		}
		if (p[at] == '#') {
			while (at < n && p[at] != '\n')
				at++;
			continue;
		}
		at += w.quoted;
		if (w.quoted)
			w.text = unquoted(s, p, n, &at);
		while (!w.quoted && at < n && !is_blank(p[at]) && p[at] != '"')
			at++;
		if (!w.quoted)
			w.text = (struct span){p + from, at - from};
		if (s->n < WORDS_MAX)
			s->words[s->n++] = w;
	}
}

/* Bytes up to and with the end of the first statement; 0: it does not end here. Ends within quotes
 * and comments are none; a quote does not run over the end of its line. */
static size_t statement_bytes(const char *p, size_t n)
{
	bool quote = false, comment = false;
	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		if (c == '\n')
			quote = comment = false;
		else if (quote && c == '\\')
			i++;
		else if (!comment && c == '"')
			quote = !quote;
		else if (!quote && c == '#')
			comment = true;
		else if (!quote && !comment && (c == ';' || c == '{' || c == '}'))
			return i + 1;
	}
	return 0;
}

static bool word_is(const struct statement *s, size_t i, const char *word)
{
	return i < s->n && span_is(s->words[i].text, word);
}

static struct span word(const struct statement *s, size_t i)
{
	return i < s->n ? s->words[i].text : (struct span){"", 0};
}

/* "4 2026/01/01 00:00:00", "epoch 1767225600", "never", which leaves it 0; false: damaged. */
static bool time_of(const struct statement *s, int64_t *ms)
{
	struct span date = word(s, 2), clock = word(s, 3);
	if (word_is(s, 1, "never"))
		return true;
	if (word_is(s, 1, "epoch"))
		return when_epoch(date, ms);
	return clock.n && clock.p > date.p &&
	       when_parse((struct span){date.p, (size_t)(clock.p + clock.n - date.p)}, 0, ms);
}

/* An identifier that is text in quotes, or bytes as digits. */
static void id_of(struct session_ids *ids, enum session_id kind, const struct word *w)
{
	if (w->quoted)
		lease_id(ids, kind, w->text);
	else
		lease_hex(ids, kind, w->text);
}

/* "IAID DUID" of an ia-… block. */
static void ia_ids(const struct dhcpd *d, struct session_ids *ids, struct span key)
{
	char text[16];
	if (key.n <= IAID_BYTES)
		return;
	const uint8_t *p = (const uint8_t *)key.p;
	(void)snprintf(
	    text, sizeof text, "%u", d->big_endian ? buf_peek_be32(p) : buf_peek_le32(p));
	(void)session_ids_add(ids, SESSION_KEY, span_of(text));
	(void)session_ids_add(
	    ids, SESSION_DUID, (struct span){key.p + IAID_BYTES, key.n - IAID_BYTES});
}

/* Where a statement's time belongs, or NULL. */
static int64_t *time_in(const struct dhcpd *d, struct held *h, const struct statement *s)
{
	if (word_is(s, 0, d->block == BLOCK_LEASE ? "starts" : "cltt"))
		return &h->starts_ms;
	return word_is(s, 0, "ends") ? &h->ends_ms : NULL;
}

static void say(struct dhcpd *d, const struct statement *s)
{
	struct held *h = d->block == BLOCK_IA ? &d->ia : &d->held;
	int64_t *ms = time_in(d, h, s);
	if (ms)
		h->damaged |= !time_of(s, ms);
	else if (word_is(s, 0, "binding") && word_is(s, 1, "state")) {
		h->active = word_is(s, 2, "active");
		h->abandoned = word_is(s, 2, "abandoned");
		h->released = word_is(s, 2, "released") && d->block == BLOCK_ADDRESS;
		h->has_state = true;
	} else if (word_is(s, 0, "hardware"))
		lease_hex(&h->ids, SESSION_MAC, word(s, 2));
	else if (word_is(s, 0, "uid") && s->n > 1)
		id_of(&h->ids, SESSION_CLIENT, &s->words[1]);
	else if (word_is(s, 1, "agent.circuit-id") && s->n > 2)
		id_of(&h->ids, SESSION_CIRCUIT, &s->words[2]);
	else if (word_is(s, 1, "agent.remote-id") && s->n > 2)
		id_of(&h->ids, SESSION_REMOTE, &s->words[2]);
}

/* When it ended, or will. */
static int64_t end_of(const struct dhcpd *d, const struct held *h)
{
	if (h->abandoned && h->starts_ms)
		return lease_later(h->starts_ms, d->latest_ms);
	return h->ends_ms && !(h->released && h->starts_ms) ? h->ends_ms : h->starts_ms;
}

static void fill(const struct dhcpd *d, const struct held *h, struct session *s)
{
	bool told = !h->abandoned && !h->released && h->starts_ms && h->ends_ms > h->starts_ms;
	s->held = h->addr;
	s->ids = h->ids;
	if (h->active || told)
		lease_begins(s, h->starts_ms, h->starts_ms ? SESSION_TOLD : SESSION_OPEN);
	if (!h->active || h->ends_ms)
		lease_ends(s, end_of(d, h), h->active ? SESSION_UNTIL : SESSION_TOLD);
}

/* The record of a block that is over. */
static void come_out(struct dhcpd *d, struct batch *out)
{
	const struct held *h = &d->held;
	if (h->damaged) {
		batch_bad(out, h->offset, "a lease with a damaged time");
		return;
	}
	if (!h->has_state || (h->active && !h->ids.n)) {
		batch_bad(out, h->offset, "a lease without its state, or of nobody");
		return;
	}
	struct session *s = lease_new(out);
	fill(d, h, s);
	int64_t told_ms = session_time_ms(s);
	if (lease_keep(out, h->offset, "a lease with an impossible time"))
		d->latest_ms = lease_later(d->latest_ms, told_ms);
}

/* What opens a block in this one; BLOCK_NONE: of no use, to be passed over. */
static enum block opens(
    struct dhcpd *d, const struct statement *s, uint64_t offset, struct batch *out)
{
	bool v6 = d->block == BLOCK_IA;
	if (d->block == BLOCK_NONE && s->n > 1 &&
	    (word_is(s, 0, "ia-na") || word_is(s, 0, "ia-ta") || word_is(s, 0, "ia-pd"))) {
		d->ia = (struct held){.offset = offset};
		ia_ids(d, &d->ia.ids, word(s, 1));
		return BLOCK_IA;
	}
	if (!(v6 ? word_is(s, 0, "iaaddr") || word_is(s, 0, "iaprefix")
		 : d->block == BLOCK_NONE && word_is(s, 0, "lease")))
		return BLOCK_NONE;
	d->held = v6 ? d->ia : (struct held){0};
	d->held.offset = offset;
	if (prefix_parse(word(s, 1), &d->held.addr, NULL) != ERR_OK) {
		batch_bad(out, offset, "a lease of something that is no address");
		return BLOCK_NONE;
	}
	return v6 ? BLOCK_ADDRESS : BLOCK_LEASE;
}

static void take(struct dhcpd *d, const struct statement *s, uint64_t offset, struct batch *out)
{
	if (s->end == '{') {
		enum block b = d->skip ? BLOCK_NONE : opens(d, s, offset, out);
		if (b == BLOCK_NONE && d->skip < DEPTH_MAX)
			d->skip++;
		else
			d->block = b;
	} else if (d->skip) {
		d->skip -= s->end == '}';
	} else if (s->end == '}') {
		if (d->block == BLOCK_LEASE || d->block == BLOCK_ADDRESS)
			come_out(d, out);
		d->block = d->block == BLOCK_ADDRESS ? BLOCK_IA : BLOCK_NONE;
	} else if (d->block != BLOCK_NONE)
		say(d, s);
	else if (word_is(s, 0, "authoring-byte-order"))
		d->big_endian = word_is(s, 1, "big-endian");
}

/* What does not end here: too long, or the rest of the file. */
static void unended(struct dhcpd *d, struct buf *b, uint64_t offset, bool last, struct batch *out)
{
	size_t left = buf_left(b), blank = 0;
	while (blank < left && is_blank((char)b->p[b->at + blank]))
		blank++;
	if (left <= STATEMENT_BYTES_MAX && !last)
		return;
	if (!d->skipping && left > blank && !(last && b->p[b->at + blank] == '#'))
		batch_bad(out, offset + b->at, "a statement of a lease file without its end");
	d->skipping = !last;
	b->at = b->n;
}

static size_t dhcpd_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct dhcpd *d = state;
	struct buf b = buf_of(p, n);
	struct statement s;
	while (!batch_full(out)) {
		const char *from = (const char *)p + b.at;
		size_t bytes = statement_bytes(from, buf_left(&b));
		if (!bytes) {
			unended(d, &b, offset, last, out);
			break;
		}
		if (!d->skipping && bytes <= STATEMENT_BYTES_MAX) {
			split(&s, from, bytes);
			take(d, &s, offset + b.at, out);
		} else if (!d->skipping)
			batch_bad(
			    out, offset + b.at, "a statement of a lease file that is too long");
		d->skipping = false;
		b.at += bytes;
	}
	if (last && b.at == n && (d->block != BLOCK_NONE || d->skip)) {
		batch_bad(out, offset + n, "a lease file that ends within a block");
		d->block = BLOCK_NONE;
		d->skip = 0;
	}
	return b.at;
}

static void dhcpd_open(void *state, const struct decode_env *env)
{
	(void)state;
	(void)env;
}

static bool opens_lease(struct span line)
{
	static const char *const ias[] = {"ia-na \"", "ia-ta \"", "ia-pd \""};
	struct span rest = line, first = span_cut(&rest, ' '), addr = {"", 0};
	union addr a;
	for (size_t i = 0; i < sizeof ias / sizeof *ias; i++)
		if (line.n > 7 && memcmp(line.p, ias[i], 7) == 0)
			return true;
	if (rest.p)
		addr = span_cut(&rest, ' ');
	return span_is(first, "lease") && rest.p && addr_parse(addr, &a) &&
	       span_is(span_trim(rest), "{");
}

static int sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n};
	if (n == 0 || memchr(p, '\0', n))
		return 0;
	while (rest.p)
		if (opens_lease(span_cut(&rest, '\n')))
			return 90;
	return 0;
}

const struct decoder decoder_dhcpd_leases = {
    .name = "dhcpd-leases",
    .summary = "lease files of ISC dhcpd, DHCPv4 and DHCPv6",
    .source = "dhcpd.leases(5)",
    .state_bytes = sizeof(struct dhcpd),
    .sniff = sniff,
    .open = dhcpd_open,
    .decode = dhcpd_decode,
};
