/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BEACON: a line contacts one peer and port again and again at even intervals. In: starts of
 * contacts that the line opened. Contacts less than 5 s after an event belong to it. Gate: at least
 * 8 events; the median deviation of the last 16 intervals at most 25 % of their median (10 % below
 * 6 h), and mostly so far; 6 h or 50 events; a port that no benign service beats on. What a regular
 * key is worth depends on how many lines use the peer: p = Q c_port c_age, Q = 5.5 F(prevalence)
 * benign regular keys a line and day. It never stands alone. Limits: 8 keys a line; intervals of 5
 * s to 30 h, kept to 4 %; times to 1 s. A key that could tell nothing is not followed, so a small
 * network, where no prevalence is known, gives no finding. Misses: jitter above half the interval,
 * sampled exporters (their gaps are no intervals; p stays above what the cap of 15 dB allows),
 * peers behind a popular front. Known false positives: everything that polls a rare server:
 * cameras, alarms, home automation. Source: detection.md 4.3 BEACON. */
#include "detect/inner.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

enum { SLOTS = 8, BURST_S = 5, EVENTS_MIN = 8, EVENTS_MANY = 50, LONG_S = 6 * 3600 };
enum { DAY_S = 86400 };
static const double spread_max = 0.25, spread_max_short = 0.1;
static const double port_factor = 0.1, young_factor = 0.3;
static const double followed_p = 0.02; /* 5 dB: what cannot get there is not followed */
static const double step = 1.04;       /* of stored intervals */

struct slot {                          /* one peer, port and protocol */
	uint32_t key, first_s, last_s; /* key 0: free */
	uint16_t n;                    /* events */
	uint16_t even;                 /* events at which the intervals were even */
	uint8_t interval[REGULAR_INTERVALS];
};
struct state {
	struct slot slot[SLOTS];
};

struct options {
	double keys; /* benign regular keys of a line and day */
};
static const struct opt_row rows[] = {
    {"keys", OPT_REAL, offsetof(struct options, keys), 0.001, 1000, "keys/day", "5.5",
	"peers that a clean line contacts at even intervals on one day"},
};

/* Ports whose services beat by design (detection.md 3): names, time, TR-069, SIP, STUN, IPsec
 * NAT-T, WireGuard, push of Apple and Google, MQTT, mail polling, DoT. */
static bool is_benign(uint16_t port)
{
	static const uint16_t ports[] = {53, 110, 123, 143, 853, 993, 995, 1883, 3478, 3479, 4500,
	    5060, 5061, 5223, 5228, 5229, 5230, 7547, 8883, 51820};
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (port == ports[i])
			return true;
	return false;
}

double regular_share(double prevalence)
{
	static const struct {
		double prevalence, share;
	} at[] = {{1e-5, .005}, {1e-4, .03}, {1e-3, .15}};
	enum { LAST = sizeof at / sizeof *at - 1 };
	if (prevalence < 0 || prevalence >= at[LAST].prevalence)
		return at[LAST].share;
	if (prevalence <= at[0].prevalence)
		return at[0].share;
	size_t i = prevalence >= at[1].prevalence;
	double part =
	    log(prevalence / at[i].prevalence) / log(at[i + 1].prevalence / at[i].prevalence);
	return at[i].share * pow(at[i + 1].share / at[i].share, part);
}

uint8_t regular_code(uint32_t seconds)
{
	double code = seconds > BURST_S ? log(seconds / (double)BURST_S) / log(step) : 0;
	return code < UINT8_MAX ? (uint8_t)lround(code) : UINT8_MAX;
}

double regular_seconds(uint8_t code)
{
	return BURST_S * pow(step, code);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double regular_spread(const uint8_t *code, size_t n, double *median_s)
{
	double v[REGULAR_INTERVALS];
	for (size_t i = 0; i < n; i++)
		v[i] = regular_seconds(code[i]);
	*median_s = median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - *median_s);
	return median(v, n) / *median_s;
}

static size_t intervals(const struct slot *t)
{
	size_t n = t->n ? t->n - 1u : 0;
	return n < REGULAR_INTERVALS ? n : REGULAR_INTERVALS;
}

/* Judges the intervals after each event. Of many looks at an uneven key one may find it even by
 * chance, so half of all looks so far must have. */
static bool is_regular(struct slot *t, double *median_s)
{
	uint32_t length_s = t->last_s - t->first_s;
	if (t->n < EVENTS_MIN)
		return false;
	double spread = regular_spread(t->interval, intervals(t), median_s);
	t->even = (uint16_t)(t->even + (spread <= spread_max && t->even < UINT16_MAX));
	if (2 * t->even < t->n - EVENTS_MIN + 1 || (t->n < EVENTS_MANY && length_s < LONG_S))
		return false;
	return spread <= (length_s < LONG_S ? spread_max_short : spread_max);
}

/* How long a slot waits for its key to come again: by its place where it came but once (so that
 * rare newcomers find a slot and slow beats are not pushed out of all of them), else four times the
 * last interval; a key that is known to be irregular gives way at once. */
static uint32_t patience_s(const struct slot *t, int place)
{
	static const uint32_t first_s[SLOTS] = {600, 600, 1200, 1200, 3900, 3900, 7800, 15000};
	double unused;
	if (t->n < 2)
		return first_s[place];
	size_t n = intervals(t);
	if (n == REGULAR_INTERVALS && regular_spread(t->interval, n, &unused) > 2 * spread_max)
		return 0;
	return (uint32_t)(4 * regular_seconds(t->interval[(t->n - 2u) % REGULAR_INTERVALS]));
}

static struct slot *slot_of(struct state *s, uint32_t key, uint32_t at_s)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->slot[i].key == key)
			return &s->slot[i];
	for (int i = 0; i < SLOTS; i++) {
		struct slot *t = &s->slot[i];
		if (!t->key || at_s > t->last_s + patience_s(t, i)) {
			*t = (struct slot){.key = key};
			return t;
		}
	}
	return NULL;
}

/* Whether the contact is an event of its own. */
static bool add(struct slot *t, uint32_t at_s)
{
	if (t->n == 0) {
		t->n = 1;
		t->first_s = t->last_s = at_s;
		return true;
	}
	if (at_s <= t->last_s + BURST_S)
		return false;
	t->interval[(t->n - 1u) % REGULAR_INTERVALS] = regular_code(at_s - t->last_s);
	t->last_s = at_s;
	if (++t->n == 0) /* keeps the place in the ring */
		t->n = (uint16_t)(UINT16_MAX + 1 - REGULAR_INTERVALS);
	return true;
}

static double p_of(const struct options *o, const struct hint *h)
{
	bool common = h->port_class == CLASS_W || h->port_class == CLASS_D;
	double p = o->keys * regular_share(h->prevalence) * (common ? 1 : port_factor) *
		   (h->young ? young_factor : 1);
	return p < 1 ? p : 1;
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	uint32_t key = (uint32_t)h->key | 1, at_s = (uint32_t)(c->start_ms / 1000);
	double p, median_s;
	if (is_benign(c->peer_port) || c->proto == PROTO_ICMP || c->proto == PROTO_ICMP6)
		return;
	if ((p = p_of(opts, h)) > followed_p)
		return;
	struct slot *t = slot_of(detect_state(d), key, at_s);
	if (!t || !add(t, at_s) || !is_regular(t, &median_s))
		return;
	uint32_t today_s = at_s - at_s % DAY_S,
		 first_s = t->first_s > today_s ? t->first_s : today_s;
	finding_event(d, first_s * 1000ll);
	finding_event(d, c->start_ms);
	struct verdict v = {.value = median_s,
	    .p = p,
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = first_s * 1000ll,
	    .count = t->n,
	    .sampling = c->sampling,
	    .estimated = true,
	    .alone = true};
	if (finding_judge(d, &v))
		finding_note(d, &c->peer, c->peer_port, c->proto, (struct span){0});
}

const struct detector detector_regular_contact = {
    .name = "regular-contact",
    .summary = "one rare peer contacted again and again at even intervals",
    .source = "detection.md 4.3 BEACON",
    .attack = "T1071,T1571,T1573",
    .statistic = {"interval"},
    .unit = {"s"},
    .sentence = {"contacted {peer} {count} times, at even intervals of {value} seconds"},
    .group = GROUP_C2,
    .weight = 0.15,
    .cap_db = 30,
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct options),
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED | FACT_WHOLE | FACT_EXTERNAL,
    .contact = contact,
};
