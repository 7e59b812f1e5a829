/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benign habits that are as regular as a beacon. Intervals of NTP: RFC 5905 (minpoll 6); of push
 * and telemetry: measured on ordinary desktop days (301.6, 900, 1680, 300 and 3600 s); of
 * keep-alives: WireGuard's and IPsec NAT-T's usual 25 and 20 s (RFC 3948). */
#include "sim/look.h"
#include "sim/scene.h"

enum { LOOK_KEYS = 0x400, HOUR_MS = 3600000 };

/* Calls play for each beat of the minute, with up to spread_ms of delay. */
static void each_beat(struct scene *s, struct home *h, uint32_t period_ms, uint32_t spread_ms,
    uint64_t key, void (*play)(struct scene *, struct home *, int64_t at_ms, uint64_t key))
{
	int64_t end = s->minute_ms + STAGE_MINUTE_MS;
	for (int64_t at = act_beat(s->minute_ms, period_ms, key); at < end; at += period_ms)
		play(s, h, at + (int64_t)rand_below(&h->r, spread_ms + 1), key);
}

static void ask_clock(struct scene *s, struct home *h, int64_t at_ms, uint64_t key)
{
	union addr peer = world_site_v4(SERVICE_NTP, (unsigned)(key & 15));
	struct talk t = act_talk(s, h, at_ms, &peer, 123);
	t.host_port = 123;
	talk_udp(&t, 1, 48, 1, 48, 0);
	stage_talk(&s->stage, &t);
}

void look_ntp(struct scene *s, struct home *h)
{
	each_beat(s, h, 64000, 900, act_key(h, 0, LOOK_KEYS), ask_clock);
	each_beat(s, h, 256000, 900, act_key(h, 0, LOOK_KEYS + 1), ask_clock);
}

static void reconnect(struct scene *s, struct home *h, int64_t at_ms, uint64_t key)
{
	struct fetch f = {.at_ms = at_ms,
	    .rank = SERVICE_MQTT,
	    .label = "push",
	    .port = 8883,
	    .up = 700,
	    .down = 4200,
	    .span_ms = 1500,
	    .device = DEVICE_NAS,
	    .which = (uint8_t)(key & 15)};
	f.ask = rand_below(&h->r, 4) == 0;
	act_fetch(s, h, &f);
}

void look_push(struct scene *s, struct home *h)
{
	each_beat(s, h, 301600, 800, act_key(h, 0, LOOK_KEYS + 2), reconnect);
}

static void report(struct scene *s, struct home *h, int64_t at_ms, uint64_t key)
{
	struct fetch f = {.at_ms = at_ms,
	    .rank = SERVICE_TELEMETRY,
	    .label = "events",
	    .port = 443,
	    .up = 3000 + rand_below(&h->r, 300),
	    .down = 5100,
	    .span_ms = 900,
	    .device = DEVICE_NAS,
	    .which = (uint8_t)(key & 15)};
	f.ask = rand_below(&h->r, 2) == 0;
	act_fetch(s, h, &f);
}

static void sync_cloud(struct scene *s, struct home *h, int64_t at_ms, uint64_t key)
{
	struct fetch f = {.at_ms = at_ms,
	    .rank = SERVICE_CLOUD,
	    .label = "sync",
	    .port = 443,
	    .up = 1400,
	    .down = 900 + rand_below(&h->r, 50),
	    .span_ms = 600,
	    .device = DEVICE_NAS,
	    .which = (uint8_t)(key & 15)};
	f.ask = rand_below(&h->r, 2) == 0;
	act_fetch(s, h, &f);
}

void look_telemetry(struct scene *s, struct home *h)
{
	each_beat(s, h, 900000, 2000, act_key(h, 0, LOOK_KEYS + 3), report);
	each_beat(s, h, 1680000, 2000, act_key(h, 0, LOOK_KEYS + 4), report);
	each_beat(s, h, 300000, 1000, act_key(h, 0, LOOK_KEYS + 5), sync_cloud);
	each_beat(s, h, 3600000, 1000, act_key(h, 0, LOOK_KEYS + 6), sync_cloud);
}

void look_vpn(struct scene *s, struct home *h)
{
	uint64_t key = act_key(h, 0, LOOK_KEYS + 7);
	bool wireguard = key & 1;
	struct link l = {.peer = world_public(0x76706eULL + key % 4000),
	    .key = key,
	    .session_ms = 24 * HOUR_MS,
	    .beat_ms = wireguard ? 25000 : 20000,
	    .up = 148,
	    .down = 148,
	    .port = wireguard ? 51820 : 4500,
	    .proto = PROTO_UDP};
	act_link(s, h, &l);
}

static void register_phone(struct scene *s, struct home *h, int64_t at_ms, uint64_t key)
{
	union addr peer = world_own_server(60);
	struct talk t = act_talk(s, h, at_ms, &peer, 5060);
	(void)key;
	t.host_port = 5060;
	talk_udp(&t, 2, 620, 2, 480, 120);
	stage_talk(&s->stage, &t);
}

/* G.711 over RTP: 50 datagrams of 172 bytes a second each way. */
static void call(struct scene *s, struct home *h)
{
	union addr peer = world_own_server(61 + (unsigned)rand_below(&h->r, 4));
	struct talk t = act_talk(
	    s, h, act_moment(s, h), &peer, (uint16_t)(16384 + 2 * rand_below(&h->r, 8000)));
	double seconds = rand_lognormal(&h->r, 180, 0.9);
	uint32_t n = (uint32_t)(50 * (seconds < 3600 ? seconds : 3600));
	talk_udp(&t, n, 172, n - n / 200, 172, n * 20);
	stage_talk(&s->stage, &t);
}

void look_voip(struct scene *s, struct home *h)
{
	each_beat(s, h, 60000, 300, act_key(h, 0, LOOK_KEYS + 8), register_phone);
	if (act_happens(h, 6 * act_rhythm(s, h)))
		call(s, h);
}

enum { POLLED = 30, DOWN = 8, POLL_MS = 300000 };

static void poll_host(struct scene *s, struct home *h, int64_t at_ms, uint64_t host)
{
	union addr peer = world_public(0x6d6f6eULL + (uint64_t)h->line * POLLED + host);
	struct talk t = act_talk(s, h, at_ms, &peer, 443);
	if (host < DOWN)
		talk_fail(&t, host % 3 ? TALK_UNANSWERED : TALK_REFUSED, host % 3 ? 3 : 1);
	else
		talk_tcp(&t, 420, 3600 + host * 100, 700);
	stage_talk(&s->stage, &t);
	struct talk ping = act_talk(s, h, at_ms - 500, &peer, 8 << 8);
	ping.host_port = 0;
	talk_udp(&ping, 3, 56, host < DOWN ? 0 : 3, 56, 2000);
	ping.proto = PROTO_ICMP;
	stage_talk(&s->stage, &ping);
}

void look_monitoring(struct scene *s, struct home *h)
{
	for (uint64_t host = 0; host < POLLED; host++) {
		int64_t at =
		    act_beat(s->minute_ms, POLL_MS, act_key(h, (unsigned)host, LOOK_KEYS + 9));
		if (at < s->minute_ms + STAGE_MINUTE_MS)
			poll_host(s, h, at + 500, host);
	}
}
