/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNSTUN: data hidden in names. First: bytes in the labels of different names below one registered
 * domain, per 5 minutes, while at least 80 % of the questions are for a new name. Second: distinct
 * registered domains, per 10 minutes, that are asked for with a label of at least 50 characters
 * which looks random (3.5 bits a character): a tunnel spread over domains. In: look-ups of any type
 * and answer. Left out: popular domains, special names, labels that begin with an address turned
 * round (block lists). A name with an unlisted ending counts by its last two labels: a tunnel needs
 * no registrar if it has a resolver of its own. Limits: two domains a line at a time, kept by the
 * bytes they bring (Misra and Gries 1982); names exact to 64, then 3 %. Misses: less than about 40
 * bytes a second upwards, data that comes down only, DoH. Known false positives: reputation
 * services of anti-virus programs while no population is known. Source: detection.md 4.3 DNSTUN;
 * the busiest benign name of 60,000 open look-ups brings 203 bytes. */
#include "detect/inner.h"
#include <string.h>

enum { WINDOW_MS = 300000, SPREAD_MS = 600000, DAY_S = 86400, SLOTS = 2 };
enum { LONG_LABEL = 50, WEIGHT_MAX = 1 << 24 };
enum { EXAMPLES_UP_TO = 8 }; /* of domains that are each asked for once */
static const double new_share_min = 0.8, entropy_min = 3.5;
static const double tells_p = 0.16;     /* stronger than 0 dB */
static const double behaviour_p = 1e-5; /* detection.md 4.6 */

struct slot { /* one registered domain */
	uint32_t key;
	uint32_t weight;       /* bytes, less those of others since: at 0 the slot is free */
	uint32_t first_s;      /* first event of the day */
	uint32_t bytes, fresh; /* of names that were new in this window */
	uint32_t asked;
	struct distinct names; /* of this domain in this window */
};

struct state {
	struct distinct spread;
	uint32_t window; /* + 1 */
	uint32_t led_by; /* key of the domain that the finding is about */
	struct slot slot[SLOTS];
};

/* Registered domain, or the last two labels of a name with an unlisted ending. */
static struct span domain_of(struct span name, const struct hint *h)
{
	if (h->domain.n || is_public_suffix(name))
		return h->domain;
	const char *dot = memrchr(name.p, '.', name.n);
	const char *before = dot ? memrchr(name.p, '.', (size_t)(dot - name.p)) : NULL;
	const char *start = before ? before + 1 : name.p;
	return (struct span){start, dot ? (size_t)(name.p + name.n - start) : 0};
}

/* The weight of what is quiet halves with every window. */
static void begin_window(struct state *s, uint32_t window)
{
	if (window + 1 <= s->window)
		return;
	uint32_t passed = window + 1 - s->window;
	for (int i = 0; i < SLOTS; i++) {
		s->slot[i].weight = passed < 32 ? s->slot[i].weight >> passed : 0;
		s->slot[i].bytes = s->slot[i].fresh = s->slot[i].asked = 0;
	}
	s->window = window + 1;
}

/* The slot of a domain, or NULL where the bytes of others keep both; every byte it brings in vain
 * is taken off theirs, so that what brings more than a third of all bytes gets one and keeps it. */
static struct slot *slot_of(struct state *s, uint32_t key, uint32_t bytes)
{
	struct slot *least = &s->slot[0];
	for (int i = 0; i < SLOTS; i++) {
		if (s->slot[i].key == key)
			return &s->slot[i];
		if (s->slot[i].weight < least->weight)
			least = &s->slot[i];
	}
	if (least->weight > bytes) {
		for (int i = 0; i < SLOTS; i++)
			s->slot[i].weight -= bytes;
		return NULL;
	}
	*least = (struct slot){.key = key, .names = least->names};
	return least;
}

/* The finding is about one domain, the strongest of the day, and so are its first and last event,
 * until it may be told as a behaviour. False where another domain is stronger. */
static bool lead(
    struct detect *d, struct state *s, const struct slot *t, double p, const struct lookup *l)
{
	struct finding *f = finding_now(d);
	int64_t time_ms = l->dns->time_ms;
	bool same_day = f && f->last_s / DAY_S == (uint32_t)(time_ms / 1000) / DAY_S;
	bool takes_over = same_day && s->led_by != t->key;
	if (takes_over && (float)p >= f->p)
		return false;
	takes_over = takes_over && f->p > behaviour_p;
	finding_event(d, t->first_s * 1000ll);
	finding_event(d, time_ms);
	if (takes_over)
		f->first_s = t->first_s;
	s->led_by = t->key;
	return true;
}

static void judge_bytes(struct detect *d, struct state *s, struct slot *t, const struct lookup *l,
    const struct hint *h, struct span domain)
{
	const struct tail *tail = &detector_dns_tunnel.tail[0];
	double names = t->names.n, bytes = names * t->bytes / t->fresh;
	double p = tail_p(tail, bytes);
	if (names < new_share_min * t->asked || p > tells_p || !lead(d, s, t, p, l))
		return;
	struct verdict v = {.value = bytes,
	    .p = p,
	    .share = names < t->asked ? names / t->asked : 1,
	    .prevalence = h->prevalence,
	    .window_ms = (s->window - 1ll) * WINDOW_MS,
	    .count = t->asked,
	    .sampling = 1,
	    .estimated = distinct_estimated(&t->names),
	    .alone = true};
	if (finding_judge(d, &v))
		finding_note(d, &(union addr){{0}}, 0, 0, domain);
}

static void count_bytes(struct detect *d, const struct lookup *l, const struct hint *h,
    struct span domain, struct span labels)
{
	struct state *s = detect_state(d);
	uint32_t key = (uint32_t)hash_bytes(detect_key(d), domain.p, domain.n).a;
	uint32_t bytes = (uint32_t)labels_bytes(labels);
	uint32_t at_s = (uint32_t)(l->dns->time_ms / 1000);
	begin_window(s, window_of(l->dns->time_ms, WINDOW_MS));
	struct slot *t = slot_of(s, key, bytes);
	if (!t)
		return;
	if (t->first_s / DAY_S != at_s / DAY_S)
		t->first_s = at_s;
	t->weight = t->weight < WEIGHT_MAX ? t->weight + bytes : t->weight;
	t->asked++;
	/* The set is of this domain and window: both make the number it is known by. */
	if (!distinct_add(d, &t->names, key ^ s->window, h->key))
		return;
	t->fresh++;
	t->bytes += bytes;
	judge_bytes(d, s, t, l, h, domain);
}

static bool has_random_label(struct span name)
{
	while (name.n >= LONG_LABEL) {
		struct span label = span_cut(&name, '.');
		if (label.n >= LONG_LABEL && label_entropy(label) >= entropy_min)
			return true;
	}
	return false;
}

static void count_spread(
    struct detect *d, const struct lookup *l, const struct hint *h, struct span domain)
{
	struct state *s = detect_state(d);
	uint32_t window = window_open(s->spread.window, l->dns->time_ms, SPREAD_MS);
	uint64_t key = hash_bytes(detect_key(d), domain.p, domain.n).a;
	if (!distinct_add(d, &s->spread, window, key))
		return;
	double n = distinct_count(&s->spread, window);
	double p = tail_p(&detector_dns_tunnel.tail[1], n);
	if (n < 2)
		return;
	finding_event(d, l->dns->time_ms);
	struct verdict v = {.value = n,
	    .p = p,
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * SPREAD_MS,
	    .count = (uint32_t)n,
	    .sampling = 1,
	    .estimated = distinct_estimated(&s->spread),
	    .which = 1};
	(void)finding_judge(d, &v);
	if (n <= EXAMPLES_UP_TO)
		finding_note(d, &(union addr){{0}}, 0, 0, domain);
}

static void lookup(struct detect *d, const void *opts, const struct lookup *l, const struct hint *h)
{
	(void)opts;
	struct span name = {l->dns->name, l->dns->name_n}, domain = domain_of(name, h);
	if (domain.n == 0 || h->popular || is_special_name(name))
		return;
	if (has_random_label(name))
		count_spread(d, l, h, domain);
	if (name.n <= domain.n)
		return;
	struct span labels = {name.p, name.n - domain.n - 1};
	if (!is_reversed_address(labels))
		count_bytes(d, l, h, domain, labels);
}

const struct detector detector_dns_tunnel = {
    .name = "dns-tunnel",
    .summary = "data sent hidden in names that are looked up",
    .source = "detection.md 4.3 DNSTUN; Misra and Gries 1982",
    .attack = "T1071.004,T1572,T1048",
    .statistic = {"label_bytes", "random_label_domains"},
    .unit = {"bytes/5 min", "domains/10 min"},
    .sentence = {"sent {value} bytes hidden in names under {name} within five minutes",
	"looked up long random names under {value} domains within ten minutes"},
    .group = GROUP_C2,
    .weight = 0.15,
    .cap_db = 40,
    .tail = {{2048, 2e-3, 3}, {5, 1e-3, 3}},
    .window_ms = WINDOW_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .lookup = lookup,
};
