/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every household does: pages and apps with their look-ups, films, games, polls of things,
 * push connections of phones, clocks, and the scans that hit every public address. Sizes and spans
 * are heavy-tailed (Crovella and Bestavros 1997); counts are set so that the median line has a few
 * thousand flow records a day at --rate 1. */
#include "sim/scene.h"
#include <stdio.h>

enum { SECOND_MS = 1000, HOUR_MS = 3600000 };

static const char *const parts[] = {
    "cdn", "api", "img", "static", "ads", "metrics", "fonts", "app"};

static uint32_t span_ms(struct home *h, double median_s, double most_s)
{
	double v = rand_lognormal(&h->r, median_s, 1.1);
	return (uint32_t)(1000 * (v < most_s ? v : most_s));
}

/* An address that does not answer, or answers no: browsers try the next one. */
static void dead_end(struct scene *s, struct home *h, int64_t at_ms, uint32_t rank)
{
	union addr peer = world_site_v4(rank, (unsigned)rand_below(&h->r, 16));
	struct talk t = act_talk(s, h, at_ms, &peer, 443);
	bool refused = rand_below(&h->r, 5) == 0;
	talk_fail(&t, refused ? TALK_REFUSED : TALK_UNANSWERED, refused ? 1 : 3);
	stage_talk(&s->stage, &t);
}

static void fetch_part(
    struct scene *s, struct home *h, int64_t at_ms, uint8_t device, uint32_t rank)
{
	char label[16];
	unsigned n = (unsigned)rand_below(&h->r, 24);
	(void)snprintf(label, sizeof label, n < 8 ? "%s" : "%s%u", parts[n % 8], n / 8);
	struct fetch f = {.at_ms = at_ms,
	    .rank = rank,
	    .label = label,
	    .device = device,
	    .port = 443,
	    .which = (uint8_t)rand_below(&h->r, 16),
	    .ask = rand_below(&h->r, 100) < 95};
	f.quic = rank < WORLD_BUSY && rand_below(&h->r, 100) < 30;
	f.up = (uint64_t)rand_lognormal(&h->r, 1800, 0.8);
	f.down = (uint64_t)rand_lognormal(&h->r, 22000, 1.6);
	f.span_ms = span_ms(h, 6, 400);
	if (rand_below(&h->r, 100) < 3)
		dead_end(s, h, at_ms, rank);
	act_fetch(s, h, &f);
}

/* Browsers resolve the links of a page before anybody follows them. */
static void ask_ahead(struct scene *s, struct home *h, int64_t at_ms)
{
	uint32_t rank = world_pick(&h->r);
	struct site site = world_site(rank);
	struct ask a = {.at_ms = at_ms,
	    .label = "www",
	    .domain = site.domain,
	    .qtype = DNS_A,
	    .answer_n = 1,
	    .answers = {world_site_v4(rank, 0)}};
	act_ask(s, h, &a);
}

/* A page, or a look into an app: the site, and what it draws in from elsewhere. */
static void visit(struct scene *s, struct home *h)
{
	uint8_t device = rand_below(&h->r, 10) < 6 ? DEVICE_PHONE : DEVICE_PC;
	int64_t at = act_moment(s, h);
	bool favourite = rand_below(&h->r, 10) < 6;
	uint32_t rank = favourite ? world_favourite(h->line, &h->r) : world_pick(&h->r);
	struct fetch f = {.at_ms = at,
	    .rank = rank,
	    .label = "www",
	    .device = device,
	    .port = 443,
	    .ask = !favourite || rand_below(&h->r, 10) > 0};
	for (unsigned i = 0, n = 1 + rand_poisson(&h->r, 0.6); i < n; i++) {
		f.up = (uint64_t)rand_lognormal(&h->r, 2500, 0.9);
		f.down = (uint64_t)rand_lognormal(&h->r, 40000, 1.7);
		f.span_ms = span_ms(h, 9, 600);
		act_fetch(s, h, &f);
		f.ask = false;
		f.at_ms += 20 + (int64_t)rand_below(&h->r, 2000);
	}
	for (unsigned i = 0, n = rand_poisson(&h->r, 2.3); i < n; i++) {
		uint32_t a = world_pick(&h->r), b = world_pick(&h->r);
		fetch_part(s, h, at + 200 + (int64_t)rand_exp(&h->r, 4000), device, a < b ? a : b);
	}
	for (unsigned i = 0, n = rand_poisson(&h->r, 1.6); i < n; i++)
		ask_ahead(s, h, at + 300 + (int64_t)rand_below(&h->r, 3000));
}

static void watch(struct scene *s, struct home *h)
{
	struct fetch f = {.at_ms = act_moment(s, h),
	    .rank = SERVICE_VIDEO,
	    .label = "play",
	    .device = DEVICE_TV,
	    .port = 443,
	    .ask = true};
	double minutes = rand_lognormal(&h->r, 35, 0.7);
	f.span_ms = (uint32_t)(60000 * (minutes < 240 ? minutes : 240));
	for (int i = 0; i < 2; i++) {
		f.which = (uint8_t)rand_below(&h->r, 16);
		f.down = (uint64_t)f.span_ms * rand_below(&h->r, 500) + 100000; /* to 4 Mbit/s */
		f.up = f.down / 150;
		act_fetch(s, h, &f);
		f.ask = false;
	}
}

static void play(struct scene *s, struct home *h)
{
	union addr peer = world_site_v4(SERVICE_GAME, (unsigned)rand_below(&h->r, 16));
	struct talk t = act_talk(s, h, act_moment(s, h), &peer, 3074);
	uint32_t span = span_ms(h, 1500, 7200), n = span / 30;
	talk_udp(&t, n, 90, n, 180, span);
	stage_talk(&s->stage, &t);
}

/* A thing or program asks its maker's cloud now and then. */
static void poll_cloud(struct scene *s, struct home *h, uint8_t device, unsigned number)
{
	static const uint32_t periods_s[] = {1800, 2700, 3600, 7200};
	uint64_t key = act_key(h, device, number);
	uint32_t period = periods_s[key % 4] * SECOND_MS, range = period / 8;
	int64_t at = act_beat(s->minute_ms, period, key);
	if (at >= s->minute_ms + STAGE_MINUTE_MS)
		return;
	struct fetch f = {.at_ms = at + (int64_t)rand_below(&h->r, range < 240000 ? range : 240000),
	    .rank = SERVICE_SITES + (uint32_t)(key >> 8) % 2000,
	    .label = "api",
	    .device = device,
	    .port = key % 3 ? 443 : 8443,
	    .up = 900 + rand_below(&h->r, 900),
	    .down = 1500 + rand_below(&h->r, 5000),
	    .span_ms = 300 + (uint32_t)rand_below(&h->r, 4000)};
	f.which = (uint8_t)(key >> 40 & 15);
	f.ask = rand_below(&h->r, 20) > 0;
	act_fetch(s, h, &f);
}

static void poll_clouds(struct scene *s, struct home *h)
{
	unsigned each = (unsigned)(1.2 * s->rate + 0.5);
	for (uint8_t d = 0; d < DEVICES; d++)
		for (unsigned i = 0; i < h->n[d] * (each ? each : 1); i++)
			poll_cloud(s, h, d, 16 + i);
}

/* Phones hold a push connection: port 5228 or 5223, a keep-alive every quarter of an hour or so. */
static void hold_push(struct scene *s, struct home *h)
{
	for (unsigned i = 0; i < h->n[DEVICE_PHONE]; i++) {
		uint64_t key = act_key(h, DEVICE_PHONE, i);
		bool tablet = key & 1;
		struct link l = {.key = key,
		    .session_ms = 7 * HOUR_MS,
		    .beat_ms = tablet ? 1500000 : 900000,
		    .up = 150,
		    .down = 150,
		    .port = tablet ? 5223 : 5228,
		    .proto = PROTO_TCP};
		l.peer = world_site_v4(
		    tablet ? SERVICE_PUSH_TABLET : SERVICE_PUSH_PHONE, (unsigned)(key >> 8 & 15));
		act_link(s, h, &l);
	}
}

static void ask_time(struct scene *s, struct home *h)
{
	uint64_t key = act_key(h, 0, 1);
	int64_t at = act_beat(s->minute_ms, 2048 * SECOND_MS, key);
	if (at >= s->minute_ms + STAGE_MINUTE_MS)
		return;
	union addr peer = world_site_v4(SERVICE_NTP, (unsigned)(key & 15));
	struct talk t = act_talk(s, h, at, &peer, 123);
	talk_udp(&t, 1, 48, 1, 48, 0);
	stage_talk(&s->stage, &t);
}

/* Scans from the Internet hit every address (detection.md P3); most routers drop them, some say
 * no. The line is the target, not the source. */
static void get_scanned(struct scene *s, struct home *h)
{
	static const uint16_t ports[] = {23, 23, 23, 23, 23, 445, 445, 22, 22, 80, 443, 8080, 3389,
	    5555, 2323, 81, 8443, 5060, 1433, 6379};
	bool refuses = act_key(h, 0, 2) % 5 == 0;
	for (unsigned n = act_count(h, 70 * s->rate); n > 0; n--) {
		/* Some 30,000 scanners, a few of them behind most of it. */
		union addr peer =
		    world_public(0x7363616eULL + rand_below(&h->r, 1 + rand_below(&h->r, 30000)));
		struct talk t = act_visit_from(s, h, act_moment(s, h), &peer,
		    ports[rand_below(&h->r, sizeof ports / sizeof *ports)]);
		t.proto = PROTO_TCP;
		t.end = refuses ? TALK_REFUSED : TALK_UNANSWERED;
		t.packets[1] = 1;
		t.bytes[1] = 40;
		t.flags[1] = TCP_SYN;
		t.packets[0] = refuses;
		t.bytes[0] = refuses ? 40 : 0;
		t.flags[0] = refuses ? TCP_RST | TCP_ACK : 0;
		t.span_ms = refuses;
		stage_talk(&s->stage, &t);
	}
}

void habit_minute(struct scene *s, struct home *h)
{
	double busy = act_rhythm(s, h) * s->rate * h->appetite;
	unsigned people = h->n[DEVICE_PC] + h->n[DEVICE_PHONE];
	for (unsigned n = act_count(h, 20 * people * busy); n > 0; n--)
		visit(s, h);
	if (act_happens(h, (0.5 + h->n[DEVICE_TV]) * busy))
		watch(s, h);
	if (h->n[DEVICE_CONSOLE] && act_happens(h, busy))
		play(s, h);
	poll_clouds(s, h);
	hold_push(s, h);
	ask_time(s, h);
	get_scanned(s, h);
}
