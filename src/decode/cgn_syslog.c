/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What carrier-grade NATs tell by syslog -> bindings: which inside address holds an outside one, or
 * ports of it. The lines are data: cgn_lines.def has those of Juniper, Cisco, NFWare, 6WIND and
 * A10, and the option `pattern` adds an operator's own, which go before. A line's time is the
 * syslog's, unless the message has one of its own. The sender's name in the syslog names the source
 * of its bindings.
 *
 * What it misses: VRFs that have names, so that inside addresses used twice on one device are mixed
 * up unless a pattern has their number; lines longer than 4 KiB.
 * Sources: Junos OS System Log Explorer; Cisco ASR 9000 CGv6 guide, "Syslog logging"; lines that
 * such devices wrote. */
#include "base/mem.h"
#include "base/when.h"
#include "decode/lease.h"
#include "decode/linepattern.h"
#include "decode/logline.h"
#include <stdlib.h>

enum event { BEGINS, ENDS, HELD };
enum { FITS_MAX = 64, NAME_BYTES = 64 };

struct cgn_opts {
	struct log_opts log; /* first: see log_open */
	struct opt_list patterns;
};

static const struct opt_row rows[] = {
    LOG_YEAR_ROW,
    {"pattern", OPT_LIST, offsetof(struct cgn_opts, patterns), 0, 0, "EVENT TEXT", NULL,
	"a line of one's own: begins, ends or held, and text with {inside} {outside} {first} "
	"{last} {port} {proto} {realm} {utc} {hextime} {since} {any}"},
};

struct shape {
	enum event event;
	struct line_pattern pattern;
};

static const struct {
	enum event event;
	const char *pattern;
} known[] = {
#define CGN_LINE(event, pattern) {event, pattern},
#include "decode/cgn_lines.def"
#undef CGN_LINE
};
enum { KNOWN_N = sizeof known / sizeof *known };

struct cgn {
	struct log log; /* first: see log_decode */
	struct exporters *exporters;
	struct shape *shapes;
	size_t n;
	bool bad_pattern;
};

static size_t add_known(struct shape *to)
{
	size_t n = 0;
	for (size_t i = 0; i < KNOWN_N; i++) {
		to[n].event = known[i].event;
		n += line_pattern(span_of(known[i].pattern), &to[n].pattern);
	}
	return n;
}

/* "begins NEW {inside} …". */
static bool own_pattern(struct span text, struct shape *to)
{
	static const char *const words[] = {"begins", "ends", "held"};
	struct span word = log_word(&text);
	size_t i = 0;
	while (i < 3 && !span_is(word, words[i]))
		i++;
	to->event = (enum event)(i % 3);
	return i < 3 && line_pattern(span_trim(text), &to->pattern);
}

/* What one line says of its time, beside the line's own. */
static int64_t event_time(const struct line_values *v, const struct log_line *line)
{
	return v->told[LINE_UTC]       ? v->time_ms[LINE_UTC]
	       : v->told[LINE_HEXTIME] ? v->time_ms[LINE_HEXTIME]
				       : line->time_ms;
}

static void take_times(
    enum event event, const struct line_values *v, int64_t at_ms, struct session *s)
{
	bool since = event == HELD && v->told[LINE_SINCE];
	if (event != ENDS)
		lease_begins(s, since ? v->time_ms[LINE_SINCE] : at_ms,
		    since || event == BEGINS ? SESSION_TOLD : SESSION_SEEN);
	if (event == ENDS || (since && at_ms >= s->t0_ms))
		lease_ends(s, at_ms, event == ENDS ? SESSION_TOLD : SESSION_SEEN);
}

static void take_ports(const struct line_values *v, struct session *s)
{
	enum line_field last = v->told[LINE_LAST] ? LINE_LAST : LINE_FIRST;
	s->port_first = (uint16_t)v->number[LINE_FIRST];
	s->port_last = (uint16_t)v->number[last];
	if (!v->told[LINE_LAST])
		s->holder.port = (uint16_t)v->number[LINE_PORT];
	s->proto = (uint8_t)v->number[LINE_PROTO];
}

/* The sender stands behind the syslog's time. */
static uint32_t sender_of(const struct cgn *c, const struct log_line *line, size_t at)
{
	char name[NAME_BYTES];
	struct span rest = {line->text.p, at}, word = log_word(&rest);
	if (line->undated || !word.n || word.p + word.n == line->text.p + at ||
	    !str_copy(name, sizeof name, word.p, word.n))
		return 0;
	return exporter_number(c->exporters, name);
}

/* Without its ports a binding would be one of the whole address, which others hold, too. */
static bool is_whole(const struct shape *s, const struct line_values *v)
{
	bool ports = v->told[LINE_FIRST] || !line_asks(&s->pattern, LINE_FIRST);
	return ports && v->told[LINE_INSIDE] && v->told[LINE_OUTSIDE] &&
	       !addr_same(&v->inside, &v->outside);
}

static void come_out(struct cgn *c, const struct shape *shape, const struct line_values *v,
    const struct log_line *line, size_t at, struct batch *out)
{
	int64_t at_ms = event_time(v, line);
	if (!at_ms && !v->told[LINE_SINCE]) {
		batch_ignore(out, line->undated);
		return;
	}
	if (!is_whole(shape, v)) {
		batch_ignore(out, "lines that tell of no translation");
		return;
	}
	struct session *s = lease_new(out);
	s->kind = SESSION_BINDING;
	s->held = (struct prefix){v->outside, 128};
	s->holder.addr = v->inside;
	s->holder.realm = (uint32_t)v->number[LINE_REALM];
	s->exporter = sender_of(c, line, at);
	take_ports(v, s);
	take_times(shape->event, v, at_ms, s);
	lease_keep(out, line->offset, "a line of a NAT with impossible ports or times");
}

/* The shape that fits first in the text, or NULL; it stands from *at to *end. */
static const struct shape *first_fit(const struct shape *shapes, size_t n, struct span text,
    struct line_values *v, size_t *at, size_t *end)
{
	const struct shape *found = NULL;
	*at = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		struct line_values values;
		size_t to, from = line_fit(&shapes[i].pattern, text, &values, &to);
		if (from >= *at)
			continue;
		*v = values;
		*at = from;
		*end = to;
		found = &shapes[i];
	}
	return found;
}

static void take(void *state, const struct log_line *line, struct batch *out)
{
	struct cgn *c = state;
	struct line_values v;
	struct span rest = line->text;
	size_t at, end;
	int fits = 0;
	const struct shape *s;
	if (c->bad_pattern)
		batch_bad(out, line->offset, "the option pattern has one that cannot be");
	c->bad_pattern = false;
	while (fits < FITS_MAX && (s = first_fit(c->shapes, c->n, rest, &v, &at, &end))) {
		size_t behind = (size_t)(rest.p - line->text.p);
		come_out(c, s, &v, line, behind + at, out);
		rest = (struct span){rest.p + end, rest.n - end};
		fits++;
	}
	if (!fits)
		batch_ignore(out, "lines that tell of no translation");
}

static void cgn_open(void *state, const struct decode_env *env)
{
	struct cgn *c = state;
	const struct cgn_opts *o = env->opts;
	size_t own = o ? o->patterns.n : 0;
	log_open(&c->log, env, take);
	c->exporters = env->exporters;
	c->shapes = mem_new(own + KNOWN_N, sizeof *c->shapes);
	for (size_t i = 0; i < own; i++) {
		bool right = own_pattern(span_of(o->patterns.v[i]), &c->shapes[c->n]);
		c->bad_pattern |= !right;
		c->n += right;
	}
	c->n += add_known(c->shapes + c->n);
}

static void cgn_close(void *state)
{
	struct cgn *c = state;
	free(c->shapes);
}

static int sniff(const uint8_t *p, size_t n)
{
	struct span rest = {(const char *)p, n};
	struct line_values v;
	size_t at, end;
	int sure = 0;
	if (n == 0 || memchr(p, '\0', n))
		return 0;
	struct shape *shapes = mem_new(KNOWN_N, sizeof *shapes);
	size_t shapes_n = add_known(shapes);
	while (rest.p && !sure)
		if (first_fit(shapes, shapes_n, span_cut(&rest, '\n'), &v, &at, &end))
			sure = 85;
	free(shapes);
	return sure;
}

const struct decoder decoder_cgn_syslog = {
    .name = "cgn-syslog",
    .summary = "address translations that NATs log by syslog",
    .source = "Junos OS System Log Explorer; Cisco ASR 9000 CGv6; patterns",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct cgn_opts),
    .state_bytes = sizeof(struct cgn),
    .sniff = sniff,
    .open = cgn_open,
    .decode = log_decode,
    .close = cgn_close,
};
