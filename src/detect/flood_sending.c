/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DDOS: a line sends packets to one destination at a high rate and hardly anything comes back. In:
 * contacts that the line opened and whose silence can be known (P7), and their updates. x = packets
 * per second, held for 30 s: windows of 30 s, into which a longer record brings its share.
 * Conditions: packets back below 5 % (UDP 1 %); packets of nearly one size (CV of bytes per packet
 * < 0.25) or SYN only (90 %); answered TCP never counts. Misses: application floods, floods below
 * 1,000 packets/s, sampled exporters. Known false positives: one-way video over UDP. Source:
 * detection.md 4.3. */
#include "detect/inner.h"
#include <math.h>

enum { WINDOW_MS = 30000, SLOTS = 4, PACKET_BYTES_MIN = 20 /* an IPv4 header */ };
static const double back_max_tcp = 0.05, back_max_udp = 0.01, cv_max = 0.25, syn_only_min = 0.9;

struct slot {                    /* one destination and protocol */
	uint32_t key, window;    /* window + 1; 0: free */
	float out, in, syn_only; /* packets in the window */
	float mean, m2;          /* of bytes per packet, over records */
	uint32_t n;
};

struct state {
	struct slot slot[SLOTS];
};

/* The destination's slot; else one of the oldest window, and of those the one with the fewest
 * packets. */
static struct slot *slot_of(struct state *s, uint32_t key, uint32_t window)
{
	struct slot *pick = &s->slot[0];
	for (int i = 0; i < SLOTS; i++) {
		struct slot *t = &s->slot[i];
		if (t->window && t->key == key) {
			pick = t;
			break;
		}
		if (t->window < pick->window || (t->window == pick->window && t->out < pick->out))
			pick = t;
	}
	/* what is a little late counts for the window that is open */
	if (pick->key != key || (pick->window != window + 1 && pick->window != window + 2))
		*pick = (struct slot){.key = key, .window = window + 1};
	return pick;
}

static void add(struct slot *t, const struct contact *c)
{
	double length_ms = (double)(c->end_ms - c->start_ms);
	double share = length_ms > WINDOW_MS ? WINDOW_MS / length_ms : 1;
	double size = c->packets_out ? (double)c->bytes_out / c->packets_out : 0, was = t->mean;
	t->out += (float)(c->packets_out * share);
	t->in += (float)(c->packets_in * share);
	if (c->marks & CONTACT_SYN_ONLY)
		t->syn_only += (float)(c->packets_out * share);
	t->n++;
	t->mean += (float)((size - t->mean) / t->n);
	t->m2 += (float)((size - was) * (size - t->mean));
}

static bool is_flood(const struct slot *t, uint8_t proto)
{
	double back = proto == PROTO_UDP ? back_max_udp : back_max_tcp;
	bool even = t->n < 2 || sqrt((double)t->m2 / t->n) < cv_max * t->mean;
	return t->in < back * t->out && (even || t->syn_only > syn_only_min * t->out);
}

static bool counts(const struct contact *c)
{
	if (c->packets_out == 0 || c->sampling > 1)
		return false;
	if (c->bytes_out / PACKET_BYTES_MIN < c->packets_out || c->packets_out == UINT32_MAX)
		return false; /* a counter that is no count */
	if (c->marks & CONTACT_UPDATE)
		return c->proto != PROTO_TCP && (c->marks & CONTACT_BOTH_WAYS);
	return c->outcome != OUTCOME_UNKNOWN &&
	       !(c->proto == PROTO_TCP && c->outcome == OUTCOME_ANSWERED) &&
	       (c->proto != PROTO_UDP || (c->marks & CONTACT_BOTH_WAYS));
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	if (!counts(c))
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_of(c->end_ms, WINDOW_MS);
	struct slot *t = slot_of(s, (uint32_t)h->peer ^ c->proto * 0x9e3779b9u, window);
	add(t, c);
	double pps = t->out / (WINDOW_MS / 1000.0);
	if (pps < detector_flood_sending.tail[0].u || !is_flood(t, c->proto))
		return;
	finding_event(d, c->start_ms);
	finding_event(d, c->end_ms);
	struct verdict v = {.value = pps,
	    .p = tail_p(&detector_flood_sending.tail[0], pps),
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * WINDOW_MS,
	    .count = t->n,
	    .sampling = c->sampling,
	    .alone = true};
	if (finding_judge(d, &v))
		finding_note(d, &c->peer, c->peer_port, c->proto, (struct span){0});
}

const struct detector detector_flood_sending = {
    .name = "flood-sending",
    .summary = "packets sent to one destination at a high rate, nothing comes back",
    .source = "detection.md 4.3 DDOS",
    .attack = "T1498.001,T1499",
    .statistic = {"packets_per_second"},
    .unit = {"packets/s"},
    .sentence = {"sent {value} packets a second to {peer} for at least 30 s; nothing came back"},
    .group = GROUP_ABUSE,
    .weight = 0.35,
    .cap_db = 50,
    .tail = {{1000, 1e-4, 2}},
    .window_ms = WINDOW_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED | FACT_EXTERNAL,
    .contact = contact,
};
