/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kea's legal (forensic) log -> leases, from its own file or by syslog:
 *   TIME ZONE Address: A has been assigned|renewed for 1 hrs 52 mins 15 secs to a device with
 *     hardware address: hwtype=1 MAC, client-id: HEX (text) connected via relay at address: R,
 *     identified by circuit-id: HEX (text) and remote-id: HEX
 *   TIME ZONE Prefix: P/LEN has been released from a device with DUID: HEX …
 *   TIME ZONE Administrator|HA partner added|updated … lease of address: A to a device with …
 *   TIME ZONE Administrator|HA partner deleted the lease for address: A
 * Text in brackets is the client's own, so it is passed over by its length, whatever it says. A
 * zone whose abbreviation is used for several is taken for the one that the caller names.
 *
 * What it misses: leases deleted by their holder's identifier, whose address is not told.
 * Source: Kea Administrator Reference Manual, "Forensic Logging"; lines of Kea's own tests. */
#include "base/when.h"
#include "decode/lease.h"
#include "decode/logline.h"
#include <string.h>

enum what { NOTHING, BEGINS, HELD, ENDS };
enum { LABELS_MAX = 16, DURATION_WORDS = 8 };

static const struct {
	const char *before, *after; /* the address stands between */
	enum what what;
} forms[] = {
    {"Address:", "has been assigned", BEGINS},
    {"Address:", "has been renewed", HELD},
    {"Address:", "has been released", ENDS},
    {"Prefix:", "has been assigned", BEGINS},
    {"Prefix:", "has been renewed", HELD},
    {"Prefix:", "has been released", ENDS},
    {" added a lease of address:", "to a device", BEGINS},
    {" updated information on the lease of address:", "to a device", HELD},
    {" deleted the lease for address:", "", ENDS},
};

/* What a line tells, of which address; *rest is what stands behind. */
static enum what read_form(struct span text, struct prefix *held, struct span *rest)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct span before;
		*rest = text;
		if (!log_cut(rest, forms[i].before, &before))
			continue;
		struct span addr = log_word(rest);
		*rest = span_trim(*rest);
		size_t n = strlen(forms[i].after);
		if (!span_starts(*rest, forms[i].after) || prefix_parse(addr, held, NULL) != ERR_OK)
			continue;
		*rest = (struct span){rest->p + n, rest->n - n};
		return forms[i].what;
	}
	return NOTHING;
}

/* "1 days 2 hrs 3 mins 4 secs", "6735 seconds", "infinite duration"; false where it is none. */
static bool read_duration(struct span rest, int64_t *ms, bool *infinite)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
	    {"day", 86400000}, {"hr", 3600000}, {"hour", 3600000}, {"min", 60000}, {"sec", 1000}};
	enum { UNITS = sizeof units / sizeof *units };
	uint64_t v;
	int words = 0;
	*ms = 0;
	*infinite = span_starts(rest, "infinite");
	while (!*infinite && words < DURATION_WORDS && span_uint(log_word(&rest), &v)) {
		size_t u = 0;
		struct span unit = log_word(&rest);
		while (u < UNITS && !span_starts(unit, units[u].unit))
			u++;
		if (u == UNITS || v > UINT32_MAX)
			return false;
		*ms += (int64_t)v * units[u].ms;
		words += 2;
	}
	return *infinite || words > 0;
}

/* How many of the first bytes are digits; 0 where they are the start of a word. */
static size_t hex_bytes(struct span s)
{
	size_t n = 0;
	while (n < s.n && (hex_digit(s.p[n]) >= 0 || s.p[n] == ':'))
		n++;
	return n == s.n || s.p[n] == ' ' || s.p[n] == ',' ? n : 0;
}

/* The value of a label at the front of *rest, which moves behind it and its text in brackets. */
static struct span value_of(struct span *rest)
{
	struct span value = {rest->p, 0};
	if (span_starts(*rest, "hwtype="))
		(void)log_word(rest);
	*rest = span_trim(*rest);
	value = (struct span){rest->p, hex_bytes(*rest)};
	size_t bytes = (value.n + 1) / 3, text = value.n + 2 + bytes;
	bool bracket = rest->n > text && rest->p[value.n] == ' ' && rest->p[value.n + 1] == '(' &&
		       rest->p[text] == ')';
	size_t skip = bracket ? text + 1 : value.n;
	*rest = (struct span){rest->p + skip, rest->n - skip};
	return value;
}

/* The nearest label in *rest, which moves behind it; 0: there is none more. */
static enum session_id next_label(struct span *rest)
{
	static const struct {
		const char *label;
		enum session_id id;
	} labels[] = {{"hardware address: ", SESSION_MAC}, {"client-id: ", SESSION_CLIENT},
	    {"DUID: ", SESSION_DUID}, {"circuit-id: ", SESSION_CIRCUIT},
	    {"interface-id: ", SESSION_CIRCUIT}, {"remote-id: ", SESSION_REMOTE},
	    {"subscriber-id: ", SESSION_ID_N}, {", context: ", 0}};
	size_t nearest = rest->n;
	enum session_id found = 0;
	struct span behind = {rest->p + rest->n, 0};
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		struct span after = *rest, before;
		if (!log_cut(&after, labels[i].label, &before) || before.n >= nearest)
			continue;
		nearest = before.n;
		found = labels[i].id;
		behind = after;
	}
	*rest = behind;
	return found;
}

static void take_ids(struct session_ids *ids, struct span *rest)
{
	enum session_id id;
	for (int i = 0; i < LABELS_MAX && (id = next_label(rest)); i++) {
		struct span value = value_of(rest);
		if (id != SESSION_ID_N)
			lease_hex(ids, id, value);
	}
}

/* A duration is told behind the verb, or, of commands, at the line's end. False: damaged. */
static bool take_times(struct session *s, enum what what, int64_t at_ms, struct span rest)
{
	static const char mark[] = " for ";
	bool has_to = span_starts(rest, mark);
	struct span before;
	int64_t ms;
	bool infinite;
	if (what == ENDS) {
		lease_ends(s, at_ms, SESSION_TOLD);
		return true;
	}
	lease_begins(s, at_ms, what == BEGINS ? SESSION_TOLD : SESSION_SEEN);
	while (log_cut(&rest, mark, &before))
		if (read_duration(rest, &ms, &infinite)) {
			if (!infinite)
				lease_ends(s, at_ms + ms, SESSION_UNTIL);
			return true;
		} else if (has_to)
			return false;
	return true;
}

static void take(void *state, const struct log_line *line, struct batch *out)
{
	const struct log *l = state;
	struct span rest, after = line->text, word = log_word(&after);
	struct prefix held;
	int64_t zone_ms, at_ms = line->time_ms;
	enum what what = read_form(line->text, &held, &rest);
	if (what == NOTHING || line->undated) {
		batch_ignore(out, what == NOTHING ? "lines that tell of no lease" : line->undated);
		return;
	}
	if (when_zone_abbreviated(word, &zone_ms))
		at_ms += l->zone_ms - zone_ms;
	struct session *s = lease_new(out);
	s->held = held;
	struct span ids = rest;
	take_ids(&s->ids, &ids);
	if (!take_times(s, what, at_ms, rest) || (what != ENDS && !s->ids.n)) {
		batch_undo_session(out);
		batch_bad(out, line->offset, "a lease that names nobody, or for no time");
		return;
	}
	lease_keep(out, line->offset, "a lease with an impossible time");
}

static void legal_open(void *state, const struct decode_env *env)
{
	log_open(state, env, take);
}

static bool sure(struct span line)
{
	struct prefix held;
	struct span rest, before;
	enum what what = read_form(line, &held, &rest);
	return what == ENDS || (what != NOTHING && log_cut(&rest, " with ", &before));
}

static int sniff(const uint8_t *p, size_t n)
{
	return log_sniff(p, n, sure);
}

const struct decoder decoder_kea_legal = {
    .name = "kea-legal",
    .summary = "Kea's legal log of leases, DHCPv4 and DHCPv6",
    .source = "Kea Administrator Reference Manual: Forensic Logging",
    .state_bytes = sizeof(struct log),
    .sniff = sniff,
    .open = legal_open,
    LOG_DECODER,
};
