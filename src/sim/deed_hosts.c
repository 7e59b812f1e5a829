/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deeds against many hosts: scans, passwords, spam, floods. */
#include "base/hash.h"
#include "sim/deed.h"
#include <stdio.h>

enum { SYN_40_BYTES = 40 };

static uint16_t scan_port(struct act *a)
{
	unsigned luck = (unsigned)rand_below(&a->h->r, 100);
	for (int i = 0; i < FAMILY_PORTS; i++) {
		if (luck < a->f->scan[i].percent)
			return a->f->scan[i].port;
		luck -= a->f->scan[i].percent;
	}
	return a->f->scan[0].port;
}

/* Random addresses, of which about one in a hundred answers (Antonakakis 2017 counts a few open
 * ports among the probes of a minute). The pace of a real scanner is bursty, so minutes differ. */
void deed_scan(struct act *a)
{
	double pace = a->d->level * rand_between(&a->h->r, 0.4, 1.6);
	for (unsigned n = deed_count(a, pace); n > 0; n--) {
		union addr peer = world_random(&a->h->r);
		struct talk t = act_talk(a->s, a->h, act_moment(a->s, a->h), &peer, scan_port(a));
		unsigned luck = (unsigned)rand_below(&a->h->r, 1000);
		t.doing = DEED_SCAN;
		if (luck < 9) {
			talk_tcp(&t, 160, 240, 4000);
		} else if (luck < 40) {
			talk_fail(&t, TALK_REFUSED, 1);
		} else {
			talk_fail(&t, TALK_UNANSWERED, a->f->scan_syns);
			t.bytes[0] = (uint64_t)t.packets[0] * SYN_40_BYTES;
		}
		stage_talk(&a->s->stage, &t);
	}
}

/* A list of passwords against one host after the other, or one password per host. A guess is a
 * short session of almost always the same size; now and then nobody listens. */
void deed_brute(struct act *a)
{
	enum { GUESSES_A_HOST = 25 };
	struct rand *r = &a->h->r;
	for (unsigned n = deed_count(a, a->d->level); n > 0; n--) {
		if (a->d->count++ % (a->f->brute_once ? 1 : GUESSES_A_HOST) == 0)
			a->d->target = world_random(r);
		struct talk t =
		    act_talk(a->s, a->h, act_moment(a->s, a->h), &a->d->target, a->f->brute_port);
		t.doing = DEED_BRUTE;
		if (rand_below(r, 100) < 3)
			talk_fail(&t, TALK_REFUSED, 1);
		else if (a->f->brute_port == 23)
			talk_tcp(&t, 70 + rand_below(r, 30), 160 + rand_below(r, 60),
			    3000 + (uint32_t)rand_below(r, 4000));
		else
			talk_tcp(&t, 1500 + rand_below(r, 250), 2100 + rand_below(r, 200),
			    1500 + (uint32_t)rand_below(r, 2500));
		stage_talk(&a->s->stage, &t);
	}
}

static void send_mail(struct act *a)
{
	struct rand *r = &a->h->r;
	uint64_t victim = rand_below(r, 2000000);
	char domain[40], text[48];
	uint64_t h = hash_mix(victim + 0x6d61696cULL);
	(void)snprintf(domain, sizeof domain, "firm-%05llx%c.%s", (unsigned long long)(h & 0xfffff),
	    (char)('a' + h % 26), h >> 40 & 1 ? "com" : "de");
	(void)snprintf(text, sizeof text, "mail.%s", domain);
	struct ask ask = {.at_ms = act_moment(a->s, a->h),
	    .label = "",
	    .domain = domain,
	    .qtype = DNS_MX,
	    .text = text,
	    .doing = DEED_SPAM};
	act_ask(a->s, a->h, &ask);
	union addr peer = world_public(0x6d6a6aULL + victim);
	struct talk t = act_talk(a->s, a->h, ask.at_ms + 90, &peer, 25);
	unsigned luck = (unsigned)rand_below(r, 100);
	t.doing = DEED_SPAM;
	if (luck < 22)
		talk_fail(&t, TALK_UNANSWERED, 3);
	else if (luck < 32)
		talk_fail(&t, TALK_REFUSED, 1);
	else if (luck < 62) /* turned away by a block list at the first words */
		talk_tcp(&t, 60 + rand_below(r, 80), 250, 900);
	else
		talk_tcp(&t, (uint64_t)rand_lognormal(r, 3500, 0.5), 900, 3000);
	stage_talk(&a->s->stage, &t);
}

void deed_spam(struct act *a)
{
	for (unsigned n = deed_count(a, a->d->level * rand_between(&a->h->r, 0.5, 1.5)); n > 0; n--)
		send_mail(a);
}

/* One attack is one episode: a flood from a few source ports, which the exporter reports as as many
 * long flows. SYN floods are answered now and then; UDP floods are not. */
void deed_ddos(struct act *a)
{
	enum { SOURCE_PORTS = 4 };
	struct rand *r = &a->h->r;
	if (a->minute != 0)
		return;
	bool udp = rand_below(r, 2);
	union addr peer = world_random(r);
	static const uint16_t ports[] = {80, 443, 53, 27015, 8080};
	uint16_t port = ports[rand_below(r, sizeof ports / sizeof *ports)];
	int64_t at = act_moment(a->s, a->h);
	uint32_t seconds = a->minutes > 1 ? a->minutes * 60 - 30 : 45;
	for (int i = 0; i < SOURCE_PORTS; i++) {
		struct talk t = act_talk(a->s, a->h, at + 3 * i, &peer, port);
		uint32_t n = (uint32_t)((double)a->d->level / SOURCE_PORTS * seconds);
		t.doing = DEED_DDOS;
		if (udp) {
			talk_udp(&t, n, 512, 0, 0, seconds * 1000);
		} else {
			talk_udp(&t, n, 12, n / 400, 12, seconds * 1000);
			t.proto = PROTO_TCP;
			t.end = TALK_UNANSWERED;
			t.flags[0] = TCP_SYN;
			t.flags[1] = TCP_RST | TCP_ACK;
		}
		stage_talk(&a->s->stage, &t);
	}
}
