/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DGA: distinct registered domains that do not exist (NXDOMAIN), per 10 minutes, while they are at
 * least 30 % of all that the line asked for. In: look-ups with their answers. Left out: names
 * without a registered domain (search suffixes, Chromium's random hosts), special names, popular
 * domains, times when names fail everywhere; and a line most of whose failing look-ups are
 * different names under one domain (a mail server asking block lists). Limits: exact to 64 domains,
 * then 3 %; all others within 18 %. The look of the names plays no part: a lexical bonus is weak
 * alone and is not given before it is fitted (detection.md 4.3, V3). Misses: generators that find
 * their domain early, word-list domains below a popular one, DoH. Known false positives: resolvers
 * that answer NXDOMAIN for advertising. Source: detection.md 4.3 DGA; Antonakakis et al., USENIX
 * Security 2012.
 */
#include "base/sketch.h"
#include "detect/inner.h"
#include <string.h>

enum { WINDOW_MS = 600000, OTHERS_P = 5, ONE_DOMAIN_IN = 5 };
enum { EXAMPLES_UP_TO = 8 }; /* every domain is new: the first few of a window are noted */
static const double missing_share_min = 0.3;

/* Whether one domain holds most of the failing look-ups: Boyer and Moore's majority vote. The same
 * name again counts once: asking again for what is gone says nothing. */
struct majority {
	uint32_t domain, name, lead, n;
};

struct state {
	struct distinct missing;
	uint32_t window; /* of the rest, + 1 */
	struct majority most;
	uint8_t others[1 << OTHERS_P]; /* domains that exist */
};

static void vote(struct majority *m, const struct hint *h)
{
	uint32_t domain = (uint32_t)h->peer, name = (uint32_t)h->key;
	if (m->domain == domain && m->name == name)
		return;
	m->n++;
	if (m->lead == 0)
		m->domain = domain;
	if (m->domain == domain) {
		m->lead++;
		m->name = name;
	} else {
		m->lead--;
	}
}

static void begin_window(struct state *s, uint32_t window)
{
	if (s->window == window + 1)
		return;
	s->window = window + 1;
	s->most = (struct majority){0};
	memset(s->others, 0, sizeof s->others);
}

static bool counts(const struct dns *dns, const struct hint *h)
{
	struct span name = {dns->name, dns->name_n};
	return h->domain.n && !h->name_outage && dns->rcode != DNS_RCODE_NONE &&
	       !is_special_name(name);
}

static void lookup(struct detect *d, const void *opts, const struct lookup *l, const struct hint *h)
{
	(void)opts;
	if (!counts(l->dns, h))
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_open(s->window, l->dns->time_ms, WINDOW_MS);
	begin_window(s, window);
	if (l->dns->rcode != DNS_NXDOMAIN || h->popular) {
		(void)hll_add(s->others, OTHERS_P, h->peer);
		return;
	}
	vote(&s->most, h);
	bool fresh = distinct_add(d, &s->missing, window, h->peer);
	double n = distinct_count(&s->missing, window);
	double share = n / (n + hll_count(s->others, OTHERS_P));
	if (!fresh || share < missing_share_min ||
	    s->most.lead * ONE_DOMAIN_IN > s->most.n + ONE_DOMAIN_IN)
		return;
	finding_event(d, l->dns->time_ms);
	struct verdict v = {.value = n,
	    .p = tail_p(&detector_random_domains.tail[0], n),
	    .share = share,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * WINDOW_MS,
	    .count = s->most.n,
	    .sampling = 1,
	    .estimated = distinct_estimated(&s->missing)};
	(void)finding_judge(d, &v);
	if (n <= EXAMPLES_UP_TO)
		finding_note(d, &(union addr){{0}}, 0, 0, h->domain);
}

const struct detector detector_random_domains = {
    .name = "random-domains",
    .summary = "many domains looked up that do not exist",
    .source = "detection.md 4.3 DGA; Antonakakis et al., USENIX Security 2012",
    .attack = "T1568.002",
    .statistic = {"missing_domains"},
    .unit = {"domains/10 min"},
    .sentence = {"looked up {value} domains that do not exist within ten minutes, {share} of all"},
    .group = GROUP_C2,
    .weight = 0.30,
    .cap_db = 50,
    .tail = {{5, 5e-3, 2.5}},
    .window_ms = WINDOW_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .lookup = lookup,
};
