/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benign habits with many or large transfers: a small office's mail server, speed tests, a build
 * server, a live video. */
#include "sim/look.h"
#include "sim/scene.h"
#include <stdio.h>

/* A mail exchanger: one in eight of the rarer sites has its own, the rest share large ones. */
static union addr exchanger(uint32_t rank)
{
	return rank % 8 ? world_public(0x6d78ULL + rank % 60) : world_public(0x6d7873ULL + rank);
}

static void deliver(struct scene *s, struct home *h)
{
	uint32_t rank = world_pick(&h->r);
	struct site site = world_site(rank);
	char text[WORLD_NAME + 8];
	(void)snprintf(text, sizeof text, "mx.%s", site.domain);
	struct ask a = {.at_ms = act_moment(s, h),
	    .label = "",
	    .domain = site.domain,
	    .qtype = DNS_MX,
	    .text = text};
	act_ask(s, h, &a);
	union addr peer = exchanger(rank);
	struct ask host = {.at_ms = a.at_ms + 30,
	    .label = "mx",
	    .domain = site.domain,
	    .qtype = DNS_A,
	    .answer_n = 1,
	    .answers = {peer}};
	act_ask(s, h, &host);
	struct talk t = act_talk(s, h, a.at_ms + 80, &peer, 25);
	if (rand_below(&h->r, 10) == 0)
		talk_fail(&t, TALK_UNANSWERED, 4);
	else
		talk_tcp(&t, (uint64_t)rand_lognormal(&h->r, 25000, 1.3), 1900, 4000);
	stage_talk(&s->stage, &t);
}

/* Each sender is looked up in two block lists, by its reversed address (RFC 5782). */
static void receive(struct scene *s, struct home *h)
{
	union addr peer = rand_below(&h->r, 2) ? exchanger(world_pick(&h->r)) : world_random(&h->r);
	struct talk t = act_visit_from(s, h, act_moment(s, h), &peer, 25);
	talk_tcp(&t, 1700, (uint64_t)rand_lognormal(&h->r, 20000, 1.4), 3500);
	stage_talk(&s->stage, &t);
	uint32_t v = addr_v4_of(&peer);
	char label[32];
	(void)snprintf(
	    label, sizeof label, "%u.%u.%u.%u.bl", v & 255, v >> 8 & 255, v >> 16 & 255, v >> 24);
	bool listed = rand_below(&h->r, 5) == 0;
	for (uint32_t i = 0; i < 2; i++) {
		struct site list = world_site(i ? SERVICE_REPUTATION : SERVICE_BLOCKLIST);
		struct ask a = {.at_ms = t.start_ms + 10 + i,
		    .label = label,
		    .domain = list.domain,
		    .qtype = DNS_A,
		    .rcode = listed ? DNS_NOERROR : DNS_NXDOMAIN,
		    .answer_n = listed,
		    .answers = {addr_v4(0x7f000002)}};
		act_ask(s, h, &a);
	}
}

void look_mail_server(struct scene *s, struct home *h)
{
	double office = act_rhythm(s, h) > 0.6 ? 1.2 : 0.3;
	for (unsigned n = act_count(h, 540 * office); n > 0; n--)
		deliver(s, h);
	for (unsigned n = act_count(h, 900 * office); n > 0; n--)
		receive(s, h);
}

/* Six connections for 12 s each way, at about 900 Mbit/s. */
void look_speed_test(struct scene *s, struct home *h)
{
	if (!act_happens(h, 6 * act_rhythm(s, h)))
		return;
	int64_t at = act_moment(s, h);
	for (int i = 0; i < 12; i++) {
		bool up = i >= 6;
		uint64_t bulk = 200000000 + rand_below(&h->r, 30000000);
		struct fetch f = {.at_ms = at + (up ? 14000 : 0) + 5 * i,
		    .rank = SERVICE_SPEED,
		    .label = "t",
		    .port = 8080,
		    .device = DEVICE_NAS,
		    .which = (uint8_t)(h->line % 16),
		    .ask = i == 0,
		    .span_ms = 12000,
		    .up = up ? bulk : 4000,
		    .down = up ? 4000 : bulk};
		act_fetch(s, h, &f);
	}
}

/*  over ssh by a timer: sessions as short and alike as guesses at a password. */
void look_git(struct scene *s, struct home *h)
{
	int64_t at = act_beat(s->minute_ms, STAGE_MINUTE_MS, act_key(h, 0, 0x700));
	for (int i = 0; i < 1 + (s->minute_ms / STAGE_MINUTE_MS % 5 == 0); i++) {
		struct fetch f = {.at_ms = at + 900 * i,
		    .rank = SERVICE_CODE,
		    .label = "git",
		    .port = 22,
		    .device = DEVICE_NAS,
		    .span_ms = 1400,
		    .up = 2900 + rand_below(&h->r, 150),
		    .down = 3400 + rand_below(&h->r, 200),
		    .which = (uint8_t)(h->line % 16)};
		f.ask = i == 0;
		act_fetch(s, h, &f);
	}
}

/* Video over SRT: 1,316 bytes a datagram at 12 Mbit/s, and a report back every 10 ms. */
void look_live_stream(struct scene *s, struct home *h)
{
	enum { SENT_A_SECOND = 1140, REPORTS_A_SECOND = 100 };
	if (!act_happens(h, 5 * act_rhythm(s, h)))
		return;
	union addr peer = world_site_v4(SERVICE_VIDEO, h->line);
	struct talk t = act_talk(s, h, act_moment(s, h), &peer, 9000);
	uint32_t seconds = (uint32_t)rand_between(&h->r, 900, 3600);
	talk_udp(&t, seconds * SENT_A_SECOND, 1332, seconds * REPORTS_A_SECOND, 44, seconds * 1000);
	stage_talk(&s->stage, &t);
}
