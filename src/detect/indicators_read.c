/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicator files, told apart by content line by line. In: lists of one address, prefix,
 * address:port, domain or URL a line (its host counts), hosts files, Maltrail trails, and CSV whose
 * header, in a comment or not, names its columns: ours (indicator,kind,family,first_seen,last_seen,
 * feed) and those of abuse.ch's Feodo Tracker, ThreatFox and URLhaus, which are known without their
 * header, too. Comments: #, ; and // lines, and what stands behind a blank and # or ;. Leaves out:
 * paths alone, hashes. Zone-less times are UTC. Families and feeds are cut to 31 bytes. */
#include "base/csv.h"
#include "base/when.h"
#include "detect/indicators.h"
#include <string.h>

enum column {
	COL_NONE,
	COL_VALUE,
	COL_KIND,
	COL_FAMILY,
	COL_FIRST,
	COL_LAST,
	COL_FEED,
	COL_PORT,
	COL_COMPROMISED,
	COL_N
};
enum { NAME_MAX_BYTES = 253, LAYOUT_COLUMNS = 15, PORT_MAX = 65535 };

static const struct {
	const char *word;
	enum column column;
} header_words[] = {{"indicator", COL_VALUE}, {"ioc_value", COL_VALUE}, {"ioc", COL_VALUE},
    {"dst_ip", COL_VALUE}, {"ip_address", COL_VALUE}, {"ip", COL_VALUE}, {"url", COL_VALUE},
    {"domain", COL_VALUE}, {"host", COL_VALUE}, {"kind", COL_KIND}, {"ioc_type", COL_KIND},
    {"family", COL_FAMILY}, {"malware", COL_FAMILY}, {"malware_printable", COL_FAMILY},
    {"threat", COL_FAMILY}, {"first_seen", COL_FIRST}, {"first_seen_utc", COL_FIRST},
    {"dateadded", COL_FIRST}, {"date added", COL_FIRST}, {"last_seen", COL_LAST},
    {"last_seen_utc", COL_LAST}, {"last_online", COL_LAST}, {"feed", COL_FEED},
    {"dst_port", COL_PORT}, {"port", COL_PORT}, {"is_compromised", COL_COMPROMISED}};

/* abuse.ch's exports by their number of columns. */
static const struct layout {
	size_t n;
	uint8_t column[LAYOUT_COLUMNS];
} layouts[] = {
    {15, {COL_FIRST, 0, COL_VALUE, COL_KIND, 0, 0, 0, COL_FAMILY, COL_LAST, 0, COL_COMPROMISED}},
    {14, {COL_FIRST, 0, COL_VALUE, COL_KIND, 0, 0, 0, COL_FAMILY, COL_LAST}},
    {9, {0, COL_FIRST, COL_VALUE, 0, COL_LAST, COL_FAMILY}},
    {8, {0, COL_FIRST, COL_VALUE, 0, COL_FAMILY}},
    {6, {COL_FIRST, COL_VALUE, COL_PORT, 0, COL_LAST, COL_FAMILY}},
};

struct reader {
	struct indicators *to;
	struct span feed, family; /* from the file name */
	struct csv csv;
	struct text line;  /* of CSV, closed up */
	uint8_t at[COL_N]; /* field + 1 of each column */
	bool has_header;
	size_t *n, *bad;
};

enum read { READ_TAKEN, READ_BAD, READ_OTHER }; /* OTHER: nothing of ours */

static bool has_word(struct span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.n; i++)
		if (span_is_nocase((struct span){s.p + i, n}, word))
			return true;
	return false;
}

static bool is_hash(struct span s)
{
	size_t hex = 0;
	while (hex < s.n && memchr("0123456789abcdefABCDEF", s.p[hex], 22))
		hex++;
	return hex == s.n && (hex == 32 || hex == 40 || hex == 64);
}

/* Letters, digits, - and _ in labels that are not empty; the last begins with a letter. */
static bool is_name(struct span name)
{
	struct span label = {0};
	while (name.p) {
		label = span_cut(&name, '.');
		if (label.n == 0)
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789-_", label.p[i], 38))
				return false;
	}
	return label.n && label.p[0] >= 'a' && label.p[0] <= 'z';
}

static enum read put_name(struct reader *r, struct span host, struct indicator about)
{
	char name[NAME_MAX_BYTES + 1];
	size_t n = 0;
	if (host.n > 2 && host.p[0] == '*' && host.p[1] == '.')
		host = (struct span){host.p + 2, host.n - 2};
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n > NAME_MAX_BYTES)
		return READ_BAD;
	for (; n < host.n; n++)
		name[n] = (char)(host.p[n] >= 'A' && host.p[n] <= 'Z' ? host.p[n] + 'a' - 'A'
								      : host.p[n]);
	if (!is_name((struct span){name, n}))
		return READ_BAD;
	about.kind = INDICATOR_DOMAIN;
	about.port = 0;
	return indicators_put_name(r->to, (struct span){name, n}, &about) ? READ_TAKEN : READ_BAD;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80", "name", "name:80". */
static enum read put_host(struct reader *r, struct span host, struct indicator about)
{
	union addr a;
	uint64_t port = about.port;
	const char *colon = memrchr(host.p, ':', host.n);
	if (colon && !addr_parse(host, &a)) {
		struct span digits = {colon + 1, (size_t)(host.p + host.n - colon) - 1};
		if (host.p[host.n - 1] != ']' && !span_uint(digits, &port))
			return READ_BAD;
		if (host.p[host.n - 1] != ']')
			host.n = (size_t)(colon - host.p);
	}
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct span){host.p + 1, host.n - 2};
	if (port > PORT_MAX)
		return READ_BAD;
	if (!addr_parse(host, &a))
		return put_name(r, host, about);
	about.port = (uint16_t)port;
	about.kind = port ? INDICATOR_ADDR_PORT : INDICATOR_ADDR;
	about.page = false; /* an address serves nobody else but what was found there */
	return indicators_put_addr(r->to, &a, 128, &about) ? READ_TAKEN : READ_BAD;
}

/* The host of a URL, with or without its scheme. */
static enum read put_url(struct reader *r, struct span url, struct indicator about)
{
	const char *scheme = memmem(url.p, url.n, "://", 3);
	if (scheme) {
		struct span word = {url.p, (size_t)(scheme - url.p)};
		about.port = span_is_nocase(word, "https")  ? 443
			     : span_is_nocase(word, "http") ? 80
							    : 0;
		url = (struct span){scheme + 3, url.n - word.n - 3};
	}
	size_t n = 0;
	while (n < url.n && !memchr("/?#", url.p[n], 3))
		n++;
	about.page = about.page || url.n > n + 1;
	const char *user = memrchr(url.p, '@', n);
	size_t skip = user ? (size_t)(user - url.p) + 1 : 0;
	return put_host(r, (struct span){url.p + skip, n - skip}, about);
}

static enum read put_value(struct reader *r, struct span value, struct indicator about)
{
	struct prefix p;
	value = span_trim(value);
	if (value.n == 0)
		return READ_BAD;
	if (value.p[0] == '/' || is_hash(value))
		return READ_OTHER;
	if (!memchr(value.p, '/', value.n))
		return put_host(r, value, about);
	if (prefix_parse(value, &p, NULL) != ERR_OK)
		return put_url(r, value, about);
	about.kind = p.bits == 128 ? INDICATOR_ADDR : INDICATOR_PREFIX;
	return indicators_put_addr(r->to, &p.addr, p.bits, &about) ? READ_TAKEN : READ_BAD;
}

static void count(struct reader *r, enum read got)
{
	*r->n += got == READ_TAKEN;
	*r->bad += got == READ_BAD;
}

static struct indicator about_file(const struct reader *r)
{
	struct indicator about = {0};
	(void)str_copy(about.family, sizeof about.family, r->family.p, r->family.n);
	(void)str_copy(about.feed, sizeof about.feed, r->feed.p, r->feed.n);
	about.sinkhole = has_word(r->feed, "sinkhole");
	return about;
}

static int64_t time_of(struct span s)
{
	int64_t ms = 0;
	s = span_trim(s);
	if (s.n > 4 && span_is((struct span){s.p + s.n - 4, 4}, " UTC"))
		s.n -= 4;
	return when_parse(s, 0, &ms) || when_epoch(s, &ms) ? ms : 0;
}

static struct span field(const struct reader *r, enum column c)
{
	size_t i = r->at[c];
	struct span s = i && i <= r->csv.field_n ? span_trim(r->csv.field[i - 1]) : span_of("");
	return span_is(s, "None") ? span_of("") : s;
}

static enum read put_row(struct reader *r)
{
	struct indicator about = about_file(r);
	struct span kind = field(r, COL_KIND), family = field(r, COL_FAMILY);
	struct span feed = field(r, COL_FEED);
	uint64_t port;
	if (has_word(kind, "hash"))
		return READ_OTHER;
	if (r->at[COL_FAMILY])
		(void)str_copy(about.family, sizeof about.family, family.p, family.n);
	if (feed.n)
		(void)str_copy(about.feed, sizeof about.feed, feed.p, feed.n);
	about.sinkhole =
	    about.sinkhole || has_word(kind, "sinkhole") || has_word(family, "sinkhole");
	about.first_ms = time_of(field(r, COL_FIRST));
	about.last_ms = time_of(field(r, COL_LAST));
	about.page = span_is_nocase(field(r, COL_COMPROMISED), "true");
	if (span_uint(field(r, COL_PORT), &port) && port <= PORT_MAX)
		about.port = (uint16_t)port;
	return put_value(r, field(r, COL_VALUE), about);
}

/* Whether the fields are a header; then it says where the columns stand. */
static bool take_header(struct reader *r)
{
	uint8_t at[COL_N] = {0};
	size_t known = 0;
	for (size_t i = 0; i < r->csv.field_n; i++)
		for (size_t w = 0; w < sizeof header_words / sizeof *header_words; w++)
			if (span_is_nocase(span_trim(r->csv.field[i]), header_words[w].word)) {
				uint8_t *to = &at[header_words[w].column];
				*to = *to ? *to : (uint8_t)(i + 1);
				known++;
			}
	if (known < 2 || !at[COL_VALUE])
		return false;
	memcpy(r->at, at, sizeof at);
	r->has_header = true;
	return true;
}

/* Without a header: one of the known layouts, else the first column. */
static void guess_columns(struct reader *r)
{
	memset(r->at, 0, sizeof r->at);
	r->at[COL_VALUE] = 1;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].n == r->csv.field_n)
			for (uint8_t c = 0; c < LAYOUT_COLUMNS; c++)
				if (layouts[i].column[c])
					r->at[layouts[i].column[c]] = c + 1;
}

/* Splits a line of CSV; abuse.ch puts a blank between a comma and the quote behind it. */
static bool split(struct reader *r, struct span line)
{
	text_reset(&r->line);
	for (size_t i = 0; i < line.n; i++) {
		bool loose = line.p[i] == ' ' && i && line.p[i - 1] == ',' && i + 1 < line.n &&
			     line.p[i + 1] == '"';
		if (!loose)
			text_putc(&r->line, line.p[i]);
	}
	return csv_split(&r->csv, (struct span){r->line.p, r->line.n}) == CSV_RECORD;
}

static void read_comment(struct reader *r, struct span line)
{
	while (line.n && memchr("#;/ ", line.p[0], 4))
		line = (struct span){line.p + 1, line.n - 1};
	if (line.n && memchr(line.p, ',', line.n) && split(r, line))
		(void)take_header(r);
}

static void read_row(struct reader *r, struct span line)
{
	if (!split(r, line)) {
		count(r, READ_BAD);
		return;
	}
	if (!r->has_header && take_header(r))
		return;
	if (!r->has_header)
		guess_columns(r);
	count(r, put_row(r));
}

static struct span cut_word(struct span *rest)
{
	size_t n = 0;
	*rest = span_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	struct span word = {rest->p, n};
	*rest = (struct span){rest->p + n, rest->n - n};
	return word;
}

/* One thing a line; or a hosts file's address that leads nowhere and the names it blocks. */
static void read_words(struct reader *r, struct span line)
{
	union addr a;
	struct span rest = line, word = cut_word(&rest);
	bool is_addr = addr_parse(word, &a);
	if (is_addr && span_trim(rest).n && addr_is_special(&a)) {
		while (span_trim(rest).n)
			count(r, put_name(r, cut_word(&rest), about_file(r)));
		return;
	}
	bool more = span_trim(rest).n != 0;
	count(r, more && !is_addr ? READ_BAD : put_value(r, word, about_file(r)));
}

static void read_line(struct reader *r, struct span line)
{
	line = span_trim(line);
	if (line.n == 0)
		return;
	if (line.p[0] == '#' || line.p[0] == ';' ||
	    (line.n > 1 && line.p[0] == '/' && line.p[1] == '/')) {
		read_comment(r, line);
		return;
	}
	if (r->has_header || memchr(line.p, ',', line.n)) {
		read_row(r, line);
		return;
	}
	for (size_t i = 1; i < line.n; i++)
		if ((line.p[i] == '#' || line.p[i] == ';') &&
		    (line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.n = i;
	read_words(r, span_trim(line));
}

int indicators_add(struct indicators *x, const char *file_name, const char *text, size_t text_n,
    size_t *n, size_t *bad, struct err *e)
{
	const char *slash = strrchr(file_name, '/');
	struct reader r = {.to = x, .csv = {.separator = ',', .quote = '"'}, .n = n, .bad = bad};
	struct span rest = {text, text_n};
	r.feed = span_of(slash ? slash + 1 : file_name);
	const char *dot = memrchr(r.feed.p, '.', r.feed.n);
	r.family = (struct span){r.feed.p, dot ? (size_t)(dot - r.feed.p) : r.feed.n};
	*n = *bad = 0;
	if (rest.n >= 3 && memcmp(rest.p, "\xef\xbb\xbf", 3) == 0)
		rest = (struct span){rest.p + 3, rest.n - 3};
	while (rest.p)
		read_line(&r, span_cut(&rest, '\n'));
	csv_fini(&r.csv);
	text_fini(&r.line);
	if (*n == 0 && *bad)
		return err_set(e, ERR_INPUT,
		    "%.100s: none of its %zu lines is an address, prefix, domain or URL", file_name,
		    *bad);
	return ERR_OK;
}
