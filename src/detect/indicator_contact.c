/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* INTEL: the line looks up a name, or opens a contact to an address, that others found to be bad.
 * In: look-ups and contacts with their hits; late ones, too. Out: one evidence per indicator and
 * hour, again when it gets stronger or the contacts double; four indicators a line and hour. The
 * base values are what feeds are worth (detection.md 4.3, V4): they are not measured here. Taken
 * off: 3 dB for each week since the indicator was last seen bad; all but 5 dB where peer or domain
 * is popular, or a page on the host was meant, which is too little to be told. More contacts and a
 * second feed give a bonus, which is printed only. A hit before the indicator was listed counts:
 * lists come late. What the peer opened, and what nobody knows who opened, never counts. Memory of
 * names: the last four answers, for their TTL, at least an hour. Misses: C2s on no list, answers of
 * another line's resolver. Known false positives: shared hosting while no population is known,
 * stale lists, security tools, prefetching browsers. */
#include "detect/indicators.h"
#include "detect/inner.h"
#include <string.h>

enum { HOUR_MS = 3600000, HOUR_S = 3600, DAY_S = 86400, ANSWERS = 4, TOLD = 4, DOUBLINGS = 3 };
static const double week_ms = 7 * 86400000.0;
static const double db_address = 12, db_name = 20, db_both = 35, db_sinkhole = 45, db_shared = 5;
static const double decay_db = 3, doubling_db = 3, second_feed_db = 10;

struct answer { /* an address that a bad name leads to */
	uint32_t addr, until_s;
	uint64_t name; /* id of its indicator, 0: free */
};
struct told {           /* what was said in this hour */
	uint32_t cause; /* 0: free */
	float db;
	uint16_t n; /* hits of that strength */
	uint16_t first_s;
};
struct state {
	uint32_t hour;
	struct told told[TOLD];
	struct answer answer[ANSWERS];
};

struct hit {
	const struct indicator *is;
	const struct hint *hint;
	int64_t time_ms;
	double db;
	uint8_t which; /* 0 contact, 1 look-up */
	bool again;    /* more of a contact that was counted */
	uint32_t sampling;
	struct evidence_top top;
};

static uint32_t cause_of(const struct indicator *is)
{
	return (uint32_t)(is->id >> 16) | 1;
}

/* What is left of a base value. */
static double worth(double db, const struct indicator *is, const struct hint *h, int64_t time_ms)
{
	double weeks = is->last_ms ? (double)(time_ms - is->last_ms) / week_ms : 0;
	if ((is->page || h->popular) && db > db_shared)
		db = db_shared;
	return weeks > 0 ? db - decay_db * weeks : db;
}

static double bonus(const struct told *t, const struct indicator *is)
{
	int doublings = 0;
	while (doublings < DOUBLINGS && t->n >> (doublings + 1))
		doublings++;
	return doublings * doubling_db + (is->confirmed ? second_feed_db : 0);
}

static void emit(struct detect *d, const struct state *s, const struct told *t,
    const struct subject *subject, const struct hit *hit)
{
	const struct detector *det = &detector_indicator_contact;
	int64_t hour_ms = (int64_t)s->hour * HOUR_MS, first_ms = hour_ms + t->first_s * 1000;
	struct evidence e = {.subject = *subject,
	    .detector = (uint32_t)detector_number(det),
	    .cause = cause_of(hit->is),
	    .window_ms = hour_ms,
	    .first_ms = first_ms,
	    .last_ms = hit->time_ms > first_ms ? hit->time_ms : first_ms,
	    .day_first_ms = first_ms,
	    .value = t->n,
	    .p = 1,
	    .db = t->db,
	    .bonus_db = bonus(t, hit->is),
	    .cap_db = det->cap_db,
	    .prevalence = hit->hint->prevalence,
	    .statistic = det->statistic[hit->which],
	    .unit = det->unit[hit->which],
	    .share = -1,
	    .sampling = hit->sampling,
	    .which = hit->which,
	    .count = t->n,
	    .top_n = 1};
	e.day_last_ms = e.last_ms;
	(void)str_copy(e.family, sizeof e.family, hit->is->family, strlen(hit->is->family));
	e.top[0] = hit->top;
	e.top[0].count = t->n;
	detect_emit(d, &e);
}

/* The row of an indicator in this hour; a new one takes a free row or that of a weaker one. */
static struct told *told_of(struct state *s, const struct hit *hit)
{
	struct told *weakest = &s->told[0];
	for (int i = 0; i < TOLD; i++) {
		if (s->told[i].cause == cause_of(hit->is))
			return &s->told[i];
		if (s->told[i].db < weakest->db)
			weakest = &s->told[i];
	}
	if (weakest->cause && weakest->db >= hit->db)
		return NULL;
	*weakest = (struct told){
	    .cause = cause_of(hit->is), .first_s = (uint16_t)(hit->time_ms / 1000 % HOUR_S)};
	return weakest;
}

static void tell(struct detect *d, struct state *s, const struct subject *subject, struct hit *hit)
{
	uint32_t hour = window_of(hit->time_ms, HOUR_MS);
	if (hour > s->hour) { /* what is late counts for the hour that is open */
		s->hour = hour;
		memset(s->told, 0, sizeof s->told);
	}
	struct told *t = hit->db > db_shared ? told_of(s, hit) : NULL;
	if (!t)
		return;
	if (hit->db < t->db - 1)
		return; /* the address of a name was contacted: that the name is asked for says less
			 */
	if (hit->db >= t->db + 1) {
		t->db = (float)hit->db;
		t->n = 0;
	}
	if ((hit->again && t->n) || t->n == UINT16_MAX)
		return;
	t->n++;
	if (t->n <= 1 << DOUBLINGS && (t->n & (t->n - 1)) == 0)
		emit(d, s, t, subject, hit);
}

static const struct indicator *answer_to(
    const struct state *s, const struct contact *c, const struct hint *h)
{
	for (int i = 0; s && i < ANSWERS; i++) {
		const struct answer *a = &s->answer[i];
		if (a->name && a->addr == (uint32_t)h->peer && c->start_ms / 1000 <= a->until_s)
			return h->known ? indicators_by_id(h->known, a->name) : NULL;
	}
	return NULL;
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	bool answered = c->outcome == OUTCOME_ANSWERED;
	const struct indicator *named = answered ? answer_to(detect_state_there(d), c, h) : NULL;
	if (!h->hit && !named)
		return;
	struct hit hit = {.is = named ? named : h->hit,
	    .hint = h,
	    .time_ms = c->end_ms,
	    .again = (c->marks & CONTACT_UPDATE) != 0,
	    .sampling = c->sampling,
	    .top = {.addr = c->peer, .port = c->peer_port, .proto = c->proto}};
	if (named)
		hit.db = worth(db_both, named, h, c->end_ms);
	if (h->hit) {
		bool data = answered && c->bytes_out && c->bytes_in;
		double base = h->hit->sinkhole                              ? db_sinkhole
			      : h->hit->kind == INDICATOR_ADDR_PORT && data ? db_both
									    : db_address;
		double db = worth(base, h->hit, h, c->end_ms);
		if (!named || db > hit.db) {
			hit.is = h->hit;
			hit.db = db;
		}
	}
	tell(d, detect_state(d), &c->subject, &hit);
}

/* Remembers the addresses of an answer, in place of those that are forgotten first. */
static void remember(
    const struct hash_key *key, struct state *s, const struct dns *dns, const struct indicator *is)
{
	uint32_t ttl_s = dns->ttl_s < HOUR_S ? HOUR_S : dns->ttl_s > DAY_S ? DAY_S : dns->ttl_s;
	for (uint8_t n = 0; n < dns->addr_n; n++) {
		uint32_t addr = (uint32_t)peer_hash(key, &dns->addrs[n]);
		struct answer *to = &s->answer[0];
		for (int i = 0; i < ANSWERS; i++) {
			struct answer *a = &s->answer[i];
			if (a->name && a->addr == addr) {
				to = a;
				break;
			}
			if (a->until_s < to->until_s)
				to = a;
		}
		*to = (struct answer){addr, (uint32_t)(dns->time_ms / 1000) + ttl_s, is->id};
	}
}

static void lookup(struct detect *d, const void *opts, const struct lookup *l, const struct hint *h)
{
	(void)opts;
	if (!h->hit)
		return;
	struct state *s = detect_state(d);
	struct hit hit = {.is = h->hit,
	    .hint = h,
	    .time_ms = l->dns->time_ms,
	    .db = worth(db_name, h->hit, h, l->dns->time_ms),
	    .which = 1,
	    .sampling = 1};
	(void)str_copy(hit.top.name, sizeof hit.top.name, l->dns->name, l->dns->name_n);
	if (!h->hit->page && !h->popular)
		remember(detect_key(d), s, l->dns, h->hit);
	tell(d, s, &l->subject, &hit);
}

const struct detector detector_indicator_contact = {
    .name = "indicator-contact",
    .summary = "contacts to addresses and names that are on a list of bad ones",
    .source = "detection.md 4.3 INTEL",
    .attack = "T1071,T1568",
    .statistic = {"indicator_contacts", "indicator_lookups"},
    .unit = {"contacts/h", "lookups/h"},
    .sentence = {"contacted {peer}, which is on a list of botnet servers",
	"looked up {name}, which is on a list of botnet names"},
    .group = GROUP_INTEL,
    .weight = 1,
    .cap_db = 45,
    .window_ms = HOUR_MS,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED,
    .contact = contact,
    .lookup = lookup,
};
