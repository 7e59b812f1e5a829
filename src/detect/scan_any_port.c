/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SCAN-G: a sequential test over the line's first contacts, one walk per class of ports: do they
 * fail as a scanner's do (90 %), or as a household's? In: TCP contacts that the line opened.
 * Limits: the walk runs to 100 dB; its daily maximum and the day's restarts are turned into p
 * (detection.md 4.5 V2). Needs 20 destinations, at most 60 % of them in one /16. Misses: scans of
 * one subnet, of hosts that answer. Known false positives: P2P, dead CDN edges (web class: one
 * failure per 30 s, cap 20 dB), outages. Source: Jung et al. 2004 (TRW), made conditional on the
 * port class. */
#include "base/sketch.h"
#include "detect/inner.h"
#include <math.h>
#include <string.h>

enum {
	DAY_MS = 86400000,
	CLASSES = 4,
	SPREAD_P = 5,
	NETS = 2,
	DESTINATIONS_MIN = 20,
	WEB_GAP_S = 30
};
static const double walk_max_db = 100, theta_scan = 0.9, net_share_max = 0.6, web_cap_db = 20;
static const double theta_benign[CLASSES] = {
    [CLASS_W] = 0.40, [CLASS_O] = 0.35, [CLASS_P] = 0.7, [CLASS_B] = 0.5};

struct walk { /* of one class, one day */
	float now_db, max_db;
	uint16_t restarts;
	uint16_t first_n;   /* first contacts judged */
	uint32_t net[NETS]; /* Misra-Gries over neighbourhoods: the largest ones */
	uint16_t net_n[NETS];
	uint8_t spread[1 << SPREAD_P]; /* distinct destinations */
};

struct state {
	uint32_t day; /* + 1 */
	uint32_t web_failed_s;
	struct walk walk[CLASSES];
};

/* The two most frequent neighbourhoods; a count is at most this much too low: misses / (NETS + 1).
 */
static void note_net(struct walk *w, uint32_t net)
{
	int least = 0;
	for (int i = 0; i < NETS; i++) {
		if (w->net_n[i] && w->net[i] == net) {
			w->net_n[i]++;
			return;
		}
		if (w->net_n[i] < w->net_n[least])
			least = i;
	}
	if (w->net_n[least]) {
		for (int i = 0; i < NETS; i++)
			w->net_n[i]--;
		return;
	}
	w->net[least] = net;
	w->net_n[least] = 1;
}

static bool is_spread(const struct walk *w)
{
	int most = w->net_n[0] > w->net_n[1] ? 0 : 1;
	return hll_count(w->spread, SPREAD_P) >= DESTINATIONS_MIN &&
	       w->net_n[most] <= net_share_max * w->first_n;
}

static void step(struct walk *w, int class, bool failed)
{
	double theta = theta_benign[class];
	w->now_db +=
	    (float)(10 * log10(failed ? theta_scan / theta : (1 - theta_scan) / (1 - theta)));
	if (w->now_db <= 0) {
		w->now_db = 0;
		if (w->restarts < UINT16_MAX)
			w->restarts++;
	}
	if (w->now_db > walk_max_db)
		w->now_db = (float)walk_max_db;
}

static void judge(
    struct detect *d, const struct walk *w, const struct contact *c, const struct hint *h)
{
	double p = (1 + w->restarts) * pow(10, -w->max_db / 10);
	if (h->port_class ==
	    CLASS_W) /* no more than its cap, so it never states a behaviour alone */
		while (p < 1 && strength_db(p) > web_cap_db)
			p *= 1.1;
	struct verdict v = {.value = w->max_db,
	    .p = p < 1 ? p : 1,
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = c->end_ms / DAY_MS * DAY_MS,
	    .count = w->first_n,
	    .sampling = c->sampling};
	(void)finding_judge(d, &v);
}

static void new_day(struct state *s, uint32_t day)
{
	if (s->day == day + 1)
		return;
	s->day = day + 1;
	memset(s->walk, 0, sizeof s->walk);
}

/* An exporter of one direction shows what failed (SYN alone) and hides what was answered, so that
 * every walk would rise. */
static bool counts(const struct contact *c, const struct hint *h)
{
	return (c->marks & CONTACT_BOTH_WAYS) && c->outcome != OUTCOME_UNKNOWN &&
	       h->port_class < CLASSES && !h->outage;
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	if (!counts(c, h))
		return;
	struct state *s = detect_state(d);
	bool failed = c->outcome != OUTCOME_ANSWERED;
	uint32_t at_s = (uint32_t)(c->end_ms / 1000);
	new_day(s, window_open(s->day, c->end_ms, DAY_MS));
	if (failed && h->port_class == CLASS_W) {
		if (at_s < s->web_failed_s + WEB_GAP_S)
			return;
		s->web_failed_s = at_s;
	}
	struct walk *w = &s->walk[h->port_class];
	if (w->first_n < UINT16_MAX)
		w->first_n++;
	note_net(w, (uint32_t)h->net);
	(void)hll_add(w->spread, SPREAD_P, h->peer);
	step(w, h->port_class, failed);
	if (!failed)
		return;
	finding_event(d, c->end_ms);
	if (w->now_db > w->max_db && is_spread(w)) {
		w->max_db = w->now_db;
		judge(d, w, c, h);
	}
	finding_note(d, &(union addr){{0}}, c->peer_port, c->proto, (struct span){0});
}

const struct detector detector_scan_any_port = {
    .name = "scan-any-port",
    .summary = "first contacts fail as a scanner's do, on any ports",
    .source = "detection.md 4.3 SCAN-G; Jung et al., IEEE S&P 2004",
    .attack = "T1595.001",
    .statistic = {"walk_maximum"},
    .unit = {"dB"},
    .sentence = {"of {count} hosts contacted for the first time on {ports}, far more failed than a "
		 "household's do"},
    .group = GROUP_PROPAGATION,
    .weight = 0.15,
    .cap_db = 40,
    .tail = {{51, 1e-5, 1}},
    .window_ms = DAY_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED | FACT_WHOLE | FACT_EXTERNAL | FACT_TCP | FACT_FIRST,
    .contact = contact,
};
