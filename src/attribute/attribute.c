/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows -> contacts: see attribute.h. What exporters split is joined first: the two directions of a
 * conversation (same 5-tuple reversed, overlapping or at most 5 s apart), the slices of a long
 * flow, the same flow from a second exporter. A conversation becomes a contact when both directions
 * are there or it has waited; what comes later is passed on as an update. Source: design.md 1,
 * detection.md 4.1. */
#include "attribute/attribute.h"
#include "attribute/inside.h"
#include "attribute/join.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { PAIR_GAP_MS = 5000, WAYS_MIN = 20, FREQUENT = 8, SOON = 6 };

const struct opt_row attribute_rows[] = {
    {"pair-wait", OPT_SPAN, offsetof(struct attribute_options, pair_wait_ms), 1, 600, "s", "15 s",
	"how long a one-way flow waits for the other direction"},
    {"idle-timeout", OPT_SPAN, offsetof(struct attribute_options, idle_ms), 1, 3600, "s", "60 s",
	"longest idle timeout of the exporters: slices of one flow start within it"},
    {"active-timeout", OPT_SPAN, offsetof(struct attribute_options, active_ms), 10, 86400, "s",
	"30 min", "longest active timeout of the exporters"},
    {"conversations", OPT_UINT, offsetof(struct attribute_options, conversations), 1024, 67108864,
	"conversations", "1048576", "room of the table that joins directions and slices"},
    {"skew", OPT_SPAN, offsetof(struct attribute_options, skew_ms), 0, 600, "s", "2 s",
	"how far the clocks of exporters and session sources differ; a handover that near is "
	"ambiguous"},
    {"sampling", OPT_UINT, offsetof(struct attribute_options, sampling), 0, 1000000, "packets", "0",
	"packet sampling 1 in N of all exporters, 0: as they announce it"},
};
const size_t attribute_rows_n = sizeof attribute_rows / sizeof *attribute_rows;

struct attribute {
	struct attribute_options o;
	struct inside inside;
	struct owners *owners; /* NULL: an address is the line */
	struct join join;
	struct exporter_ways *ways;
	uint32_t ways_n;
	struct attribute_counts counts;
	int64_t next_due_ms; /* until then, no conversation waits for long enough */
	struct {             /* Space-Saving over prefixes, while nothing was inside */
		struct prefix prefix;
		uint64_t n;
	} frequent[FREQUENT];
};

struct attribute *attribute_new(const struct attribute_options *o)
{
	struct attribute *a = mem_new(1, sizeof *a);
	a->o = *o;
	join_init(&a->join, o->conversations);
	return a;
}

void attribute_free(struct attribute *a)
{
	if (!a)
		return;
	inside_fini(&a->inside);
	join_fini(&a->join);
	free(a->ways);
	free(a);
}

int attribute_inside(struct attribute *a, const char *text, struct err *e)
{
	int bad = inside_add(&a->inside, text, e);
	inside_ready(&a->inside);
	return bad;
}

void attribute_inside_private(struct attribute *a)
{
	static const char *const ranges[] = {
	    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		(void)attribute_inside(a, ranges[i], NULL);
}

void attribute_owners(struct attribute *a, struct owners *o)
{
	a->owners = o;
}

const struct attribute_counts *attribute_counted(const struct attribute *a)
{
	return &a->counts;
}

const struct exporter_ways *attribute_ways(const struct attribute *a, uint32_t exporter)
{
	return exporter < a->ways_n ? &a->ways[exporter] : NULL;
}

const char *unknown_why_text(enum unknown_why why)
{
	static const char *const text[WHY_N] = {"exports one direction only", "is sampled",
	    "exports no TCP flags", "has shown too few answered contacts to be judged"};
	return text[why];
}

static struct exporter_ways *ways_of(struct attribute *a, uint32_t exporter)
{
	if (exporter >= a->ways_n) {
		a->ways = mem_grow(a->ways, exporter + 1u, sizeof *a->ways);
		memset(a->ways + a->ways_n, 0, (exporter + 1u - a->ways_n) * sizeof *a->ways);
		a->ways_n = exporter + 1;
	}
	return &a->ways[exporter];
}

static bool shows_both(const struct conv *c, const struct exporter_ways *w)
{
	return w->answered >= WAYS_MIN ? w->reversed * 2 >= w->answered : c->both_ways;
}

/* Room for what one conversation becomes: a contact of each side. */
static struct contact *contacts_room(struct contacts *out)
{
	if (out->cap - out->n < 2) {
		out->cap = out->cap ? out->cap * 2 : 256;
		out->v = mem_grow(out->v, out->cap, sizeof *out->v);
	}
	struct contact *next = out->v + out->n;
	mem_prefetch_write(next + SOON, sizeof *next);
	return next;
}

static uint32_t fit(uint64_t v)
{
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

struct emission { /* what both sides see alike */
	const struct conv *conv;
	const struct way *w; /* what went each way, of the whole or of an update */
	int64_t start_ms, end_ms;
	uint8_t outcome, marks;
};

/* The contact as side k sees it, but for its line. Written in place: to copy what was just written
 * costs more than to write it. */
static void emit_side(const struct emission *e, int k, struct contact *to)
{
	const struct conv *c = e->conv;
	bool syn_only = c->way[k].have_flags && c->way[k].flags == TCP_SYN;
	to->peer = c->addr[!k];
	to->start_ms = e->start_ms;
	to->end_ms = e->end_ms;
	to->bytes_out = e->w[k].bytes;
	to->bytes_in = e->w[!k].bytes;
	to->packets_out = e->w[k].packets;
	to->packets_in = e->w[!k].packets;
	to->sampling = c->sampling;
	to->port = c->port[k];
	to->peer_port = c->port[!k];
	to->proto = c->proto;
	to->opener = c->opener < 0 ? OPENER_UNKNOWN : c->opener == k ? OPENER_SELF : OPENER_PEER;
	to->outcome = e->outcome;
	to->marks = (uint8_t)(e->marks | (syn_only ? CONTACT_SYN_ONLY : 0));
}

/* The line that session data name for that time; false: they leave it open, which is counted. */
static bool ask_owners(struct attribute *a, const struct question *q, int64_t from_ms,
    int64_t to_ms, struct subject *line)
{
	enum whose kind = owners_of(a->owners, q, from_ms, to_ms, line);
	a->counts.not_exact[kind] += kind != WHOSE_EXACT;
	return kind == WHOSE_EXACT;
}

/* The line of side k of a contact; false: nobody knows it. */
static bool line_known(struct attribute *a, const struct conv *c, int k, const struct emission *e,
    struct subject *line)
{
	if (!a->owners) {
		inside_line(&c->addr[k], c->line_bits[k], line);
		return true;
	}
	bool ports = c->proto == PROTO_TCP || c->proto == PROTO_UDP;
	struct question q = {.addr = c->addr[k],
	    .realm = c->realm,
	    .port = ports ? c->port[k] : 0,
	    .proto = c->proto};
	return ask_owners(a, &q, e->start_ms, e->end_ms, line);
}

static void take_times(struct emission *e)
{
	for (int k = 0; k < 2; k++) {
		const struct way *w = &e->w[k];
		if (!w->seen)
			continue;
		if (!e->start_ms || (w->start_ms && w->start_ms < e->start_ms))
			e->start_ms = w->start_ms;
		if (w->end_ms > e->end_ms)
			e->end_ms = w->end_ms;
	}
}

static void emit(struct attribute *a, const struct conv *c, const struct way w[2], uint8_t outcome,
    uint8_t marks, struct contacts *out)
{
	struct emission e = {.conv = c, .w = w, .outcome = outcome, .marks = marks};
	struct contact *to = contacts_room(out);
	size_t n = 0;
	take_times(&e);
	if (c->line_bits[0] && c->line_bits[1])
		e.marks |= CONTACT_PEER_INSIDE;
	for (int k = 0; k < 2; k++)
		if (c->line_bits[k] && line_known(a, c, k, &e, &to[n].subject))
			emit_side(&e, k, &to[n++]);
	bool within = n == 2 && subject_same(&to[0].subject, &to[1].subject);
	out->n += within ? 0 : n;
}

static bool lacks_flags(const struct conv *c)
{
	return c->proto == PROTO_TCP && !c->both_ways && !(c->way[0].flags | c->way[1].flags);
}

static enum unknown_why why_of(const struct conv *c, const struct exporter_ways *w)
{
	if (c->sampling > 1)
		return WHY_SAMPLED;
	if (lacks_flags(c))
		return WHY_NO_FLAGS;
	return w->answered < WAYS_MIN ? WHY_FEW : WHY_ONE_WAY;
}

/* Decides who opened the conversation and how it ended, and passes it on. */
static void judge(struct attribute *a, struct conv *c, uint8_t marks, struct contacts *out)
{
	struct exporter_ways *w = ways_of(a, c->exporter);
	bool reversed = false;
	if (conv_is_answered_tcp(c, &reversed)) {
		w->answered++;
		w->reversed += reversed;
	}
	bool both = shows_both(c, w);
	uint8_t outcome = OUTCOME_UNKNOWN;
	c->opener = (int8_t)conv_opener(c, both);
	if (c->opener >= 0)
		outcome = (uint8_t)conv_outcome(c, c->opener, both);
	/* what one contact leaves open is no fault of an exporter that shows both directions */
	if (outcome == OUTCOME_UNKNOWN && (!both || c->sampling > 1 || lacks_flags(c)))
		w->unknown[why_of(c, w)]++;
	emit(a, c, c->way, outcome, marks | (both ? CONTACT_BOTH_WAYS : 0), out);
}

/* The conversation becomes a contact; it stays a while for its slices and duplicates. */
static void finish(struct attribute *a, struct conv *c, int64_t now_ms, struct contacts *out)
{
	judge(a, c, 0, out);
	bool sliced = c->way[0].end_ms - c->way[0].start_ms >= a->o.idle_ms / 2 ||
		      c->way[1].end_ms - c->way[1].start_ms >= a->o.idle_ms / 2;
	bool over = (c->way[0].flags | c->way[1].flags) & (TCP_FIN | TCP_RST);
	join_move(&a->join, c, sliced && !over ? PLACE_LONG : PLACE_BRIEF, now_ms);
}

static int64_t start_of(const struct flow *f)
{
	return f->have & FLOW_START ? f->start_ms : f->end_ms ? f->end_ms : flow_time_ms(f);
}

static int64_t end_of(const struct flow *f)
{
	return f->have & FLOW_END ? f->end_ms : start_of(f);
}

static void way_add(struct way *w, const struct flow *f, bool back)
{
	int64_t start = start_of(f), end = end_of(f);
	uint32_t have = f->have;
	if (w->seen && w->exporter != f->exporter)
		return;
	w->exporter = (uint16_t)f->exporter;
	w->bytes += back ? f->rbytes : f->bytes;
	w->packets = fit(w->packets + (back ? f->rpackets : f->packets));
	if (have & (back ? FLOW_RFLAGS : FLOW_FLAGS)) {
		w->have_flags = true;
		w->flags |= back ? f->rflags : f->flags;
	}
	if (!w->seen || start < w->start_ms)
		w->start_ms = start;
	if (!w->seen || end > w->end_ms)
		w->end_ms = end;
	w->seen = true;
}

static bool answers_in(const struct flow *f)
{
	return f->rpackets || f->rbytes || ((f->have & FLOW_RFLAGS) && f->rflags);
}

/* A biflow may be the answer alone: Zeek names the silent side as originator. */
static bool asks_in(const struct flow *f)
{
	return f->packets || f->bytes || f->flags || !answers_in(f);
}

static void conv_add(struct conv *c, const struct flow *f, int side)
{
	if (asks_in(f))
		way_add(&c->way[side], f, false);
	else if (f->have & FLOW_FLAGS)
		c->way[side].have_flags = true;
	if (answers_in(f))
		way_add(&c->way[!side], f, true);
	else if (f->have & FLOW_RFLAGS)
		c->way[!side].have_flags = true;
	c->both_ways |= (f->have & FLOW_BOTH_WAYS) != 0;
	c->refused |= f->state[0] == 'r' && strcmp(f->state, "refused") == 0;
	if ((f->have & FLOW_ICMP) && !c->have_icmp) {
		c->have_icmp = true;
		c->icmp_type = f->icmp_type;
	}
}

static void begin(struct attribute *a, struct conv *c, const struct flow *f, int side)
{
	c->exporter = (uint16_t)f->exporter;
	c->sampling = a->o.sampling             ? (uint32_t)a->o.sampling
		      : f->have & FLOW_SAMPLING ? f->sampling
						: 1;
	c->first_side = f->have & FLOW_SRC_FIRST ? (int8_t)side : -1;
	c->opener = -1;
	memset(c->way, 0, sizeof c->way);
	c->both_ways = c->refused = c->have_icmp = false;
	conv_add(c, f, side);
}

enum relation { OTHER_CONTACT, SAME_FLOW, SLICE, REVERSE };

/* A flow of a way that is there already, within the idle timeout. */
static enum relation relation_same_way(const struct way *mine, const struct flow *f)
{
	int64_t start = start_of(f);
	bool again = f->exporter != mine->exporter; /* their clocks differ by a little */
	bool syn = f->proto == PROTO_TCP && (f->have & FLOW_FLAGS) && (f->flags & TCP_SYN);
	if (syn && start > mine->end_ms + (again ? PAIR_GAP_MS : 0))
		return OTHER_CONTACT;
	/* sent twice: the whole of it, or a slice that lies within what is there already */
	bool whole =
	    start == mine->start_ms && end_of(f) == mine->end_ms && f->bytes == mine->bytes;
	bool within = (f->proto == PROTO_TCP || f->proto == PROTO_UDP) && start > mine->start_ms &&
		      end_of(f) <= mine->end_ms;
	return again || whole || within ? SAME_FLOW : SLICE;
}

static enum relation relation_of(
    const struct attribute *a, const struct conv *c, const struct flow *f, int side)
{
	const struct way *mine = &c->way[side], *back = &c->way[!side];
	int64_t start = start_of(f), end = end_of(f);
	if (mine->seen)
		return start < mine->start_ms - PAIR_GAP_MS || start > mine->end_ms + a->o.idle_ms
			   ? OTHER_CONTACT
			   : relation_same_way(mine, f);
	return start <= back->end_ms + PAIR_GAP_MS && end >= back->start_ms - PAIR_GAP_MS
		   ? REVERSE
		   : OTHER_CONTACT;
}

static void update(struct attribute *a, struct conv *c, const struct flow *f, int side,
    int64_t now_ms, struct contacts *out)
{
	struct conv slice = *c;
	memset(slice.way, 0, sizeof slice.way);
	conv_add(&slice, f, side);
	conv_add(c, f, side);
	emit(a, &slice, slice.way, OUTCOME_UNKNOWN,
	    CONTACT_UPDATE | (slice.both_ways ? CONTACT_BOTH_WAYS : 0), out);
	join_move(&a->join, c, PLACE_LONG, now_ms);
}

static void join_flow(struct attribute *a, struct conv *c, const struct flow *f, int side,
    int64_t now_ms, struct contacts *out)
{
	enum relation r = relation_of(a, c, f, side);
	if (r == SAME_FLOW) {
		a->counts.duplicates++;
		return;
	}
	if (r == OTHER_CONTACT) {
		if (join_place(&a->join, c) == PLACE_WAITING)
			finish(a, c, now_ms, out);
		begin(a, c, f, side);
		join_move(&a->join, c, PLACE_WAITING, now_ms);
	} else {
		a->counts.joined++;
		if (join_place(&a->join, c) != PLACE_WAITING) {
			update(a, c, f, side, now_ms, out);
			return;
		}
		conv_add(c, f, side);
	}
	if (c->both_ways || (c->way[0].seen && c->way[1].seen))
		finish(a, c, now_ms, out);
}

static struct conv *room(struct attribute *a, const struct flow *f, int side, uint32_t hash,
    int64_t now_ms, struct contacts *out)
{
	static const enum join_place order[] = {PLACE_BRIEF, PLACE_LONG, PLACE_WAITING};
	struct conv *c = join_new(&a->join, f, side, hash, now_ms);
	for (size_t i = 0; !c && i < sizeof order / sizeof *order; i++) {
		struct conv *oldest = join_oldest(&a->join, order[i]);
		if (!oldest)
			continue;
		a->counts.dropped++;
		if (order[i] == PLACE_WAITING)
			finish(a, oldest, now_ms, out);
		join_drop(&a->join, oldest);
		c = join_new(&a->join, f, side, hash, now_ms);
	}
	return c;
}

/* Space-Saving: the least frequent prefix gives way and leaves its count. */
static void note_frequent(struct attribute *a, const union addr *addr)
{
	struct prefix p = {.bits = addr_is_v4(addr) ? 96 + 16 : 32};
	size_t least = 0;
	p.addr = addr_mask(addr, p.bits);
	for (size_t i = 0; i < FREQUENT; i++) {
		if (a->frequent[i].n && addr_same(&a->frequent[i].prefix.addr, &p.addr)) {
			a->frequent[i].n++;
			return;
		}
		if (a->frequent[i].n < a->frequent[least].n)
			least = i;
	}
	a->frequent[least].prefix = p;
	a->frequent[least].n++;
}

void attribute_frequent(const struct attribute *a, struct text *out)
{
	bool told[FREQUENT] = {false};
	for (int rank = 0; rank < 3; rank++) {
		size_t best = FREQUENT;
		for (size_t i = 0; i < FREQUENT; i++)
			if (!told[i] && a->frequent[i].n &&
			    (best == FREQUENT || a->frequent[i].n > a->frequent[best].n))
				best = i;
		if (best == FREQUENT)
			return;
		char word[ADDR_TEXT];
		prefix_text(word, &a->frequent[best].prefix);
		text_fmt(out, "%s%s", rank ? ", " : "", word);
		told[best] = true;
	}
}

/* Whether one of the ends is a line, and what of their addresses says which. */
static bool of_use(struct attribute *a, const struct flow *f, int side, uint8_t line_bits[2])
{
	if (addr_is_special(&f->src) || addr_is_special(&f->dst)) {
		a->counts.special++;
		return false;
	}
	line_bits[side] = (uint8_t)inside_find(&a->inside, &f->src);
	line_bits[!side] = (uint8_t)inside_find(&a->inside, &f->dst);
	if (line_bits[0] || line_bits[1]) {
		a->counts.inside++;
		return true;
	}
	a->counts.no_inside++;
	if (!a->counts.inside) {
		note_frequent(a, &f->src);
		note_frequent(a, &f->dst);
	}
	return false;
}

static int side_of(const struct flow *f)
{
	int order = addr_compare(&f->src, &f->dst);
	return order < 0 || (order == 0 && f->sport <= f->dport) ? 0 : 1;
}

void attribute_look(const struct attribute *a, const struct flow *f, struct attribute_key *k)
{
	k->side = (uint8_t)side_of(f);
	k->hash = join_hash(&a->join, f, k->side);
	join_prefetch_bucket(&a->join, k->hash);
	if (a->owners) {
		owners_look(a->owners, f->realm, &f->src);
		owners_look(a->owners, f->realm, &f->dst);
	}
}

void attribute_look_closer(const struct attribute *a, const struct attribute_key *k)
{
	join_prefetch_entry(&a->join, k->hash);
}

void attribute_late(struct attribute *a, const struct flow *f, struct contacts *out)
{
	int side = side_of(f);
	struct conv c = {.proto = f->proto, .realm = f->realm};
	c.addr[side] = f->src;
	c.addr[!side] = f->dst;
	c.port[side] = f->sport;
	c.port[!side] = f->dport;
	if (!of_use(a, f, side, c.line_bits))
		return;
	begin(a, &c, f, side);
	judge(a, &c, CONTACT_LATE, out);
}

void attribute_flow(struct attribute *a, const struct flow *f, const struct attribute_key *k,
    int64_t now_ms, struct contacts *out)
{
	struct conv *c = join_find(&a->join, f, k->side, k->hash);
	if (c) { /* its first flow was of use */
		a->counts.inside++;
		join_flow(a, c, f, k->side, now_ms, out);
		return;
	}
	uint8_t line_bits[2];
	if (!of_use(a, f, k->side, line_bits))
		return;
	c = room(a, f, k->side, k->hash, now_ms, out);
	memcpy(c->line_bits, line_bits, sizeof line_bits);
	c->realm = f->realm;
	begin(a, c, f, k->side);
	if (c->both_ways)
		finish(a, c, now_ms, out);
}

bool attribute_dns(struct attribute *a, const struct dns *d, struct lookup *l)
{
	if (addr_is_special(&d->client)) {
		a->counts.special++;
		return false;
	}
	unsigned line_bits = inside_find(&a->inside, &d->client);
	if (!line_bits) {
		a->counts.no_inside++;
		if (!a->counts.inside)
			note_frequent(a, &d->client);
		return false;
	}
	a->counts.inside++;
	l->dns = d;
	if (!a->owners) {
		inside_line(&d->client, line_bits, &l->subject);
		return true;
	}
	struct question q = {.addr = d->client, .realm = d->realm, .proto = PROTO_UDP};
	return ask_owners(a, &q, d->time_ms, d->time_ms, &l->subject);
}

void attribute_advance(struct attribute *a, int64_t now_ms, struct contacts *out)
{
	const int64_t wait_ms[] = {[PLACE_WAITING] = a->o.pair_wait_ms,
	    [PLACE_BRIEF] = a->o.idle_ms,
	    [PLACE_LONG] = a->o.active_ms + a->o.idle_ms};
	struct join *j = &a->join;
	struct conv *c;
	if (now_ms <= a->next_due_ms)
		return;
	while ((c = join_expired(j, PLACE_WAITING, now_ms - wait_ms[PLACE_WAITING])))
		finish(a, c, now_ms, out);
	while ((c = join_expired(j, PLACE_BRIEF, now_ms - wait_ms[PLACE_BRIEF])))
		join_drop(j, c);
	while ((c = join_expired(j, PLACE_LONG, now_ms - wait_ms[PLACE_LONG])))
		join_drop(j, c);
	a->next_due_ms = INT64_MAX;
	for (enum join_place p = PLACE_WAITING; p <= PLACE_LONG; p++) {
		int64_t due_ms = join_oldest_ms(j, p, now_ms) + wait_ms[p];
		a->next_due_ms = due_ms < a->next_due_ms ? due_ms : a->next_due_ms;
	}
}

void attribute_flush(struct attribute *a, struct contacts *out)
{
	struct conv *c;
	while ((c = join_oldest(&a->join, PLACE_WAITING)))
		finish(a, c, join_touched_ms(&a->join, c), out);
}

enum { EXPORTERS_MAX = 1 << 20 };

void attribute_save(const struct attribute *a, struct save *out)
{
	save_begin(out, "WAYS");
	for (uint32_t i = 0; i < a->ways_n; i++) {
		const struct exporter_ways *w = &a->ways[i];
		if (save_is_full(out)) {
			save_end(out);
			save_begin(out, "WAYS");
		}
		save_uint(out, i, 4);
		save_uint(out, w->answered, 8);
		save_uint(out, w->reversed, 8);
		save_uint(out, WHY_N, 1);
		for (int k = 0; k < WHY_N; k++)
			save_uint(out, w->unknown[k], 8);
	}
	save_end(out);
}

int attribute_load(struct attribute *a, struct load *in)
{
	struct buf *b = &in->section;
	for (; load_is(in, "WAYS"); load_next(in)) {
		while (buf_left(b)) {
			uint32_t i = buf_le32(b);
			if (load_check(in, i < EXPORTERS_MAX))
				return in->bad;
			struct exporter_ways *w = ways_of(a, i);
			w->answered = buf_le64(b);
			w->reversed = buf_le64(b);
			for (unsigned k = 0, n = buf_u8(b); k < n; k++) {
				uint64_t unknown = buf_le64(b);
				if (k < WHY_N)
					w->unknown[k] = unknown;
			}
		}
		if (load_check(in, true))
			break;
	}
	return in->bad;
}
