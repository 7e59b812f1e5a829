/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benign habits with many contacts that fail: peers that left, servers that are full, routers that
 * have to be opened from inside, addresses that were given up. */
#include "base/hash.h"
#include "sim/look.h"
#include "sim/scene.h"

/* Most clients pick a high port once; a few stay at the old default or a common one. */
static uint16_t torrent_port(uint64_t peer)
{
	uint64_t h = hash_mix(peer);
	if (h % 100 < 10)
		return (uint16_t)(6881 + h / 100 % 9);
	if (h % 100 < 18)
		return 51413;
	return (uint16_t)(10000 + h / 100 % 55000);
}

static union addr torrent_peer(struct home *h, uint16_t *port)
{
	uint64_t peer = 0x746f7272ULL + rand_below(&h->r, 400000);
	*port = torrent_port(peer);
	return world_public(peer);
}

/* The distributed hash table asks peers over UDP; about half of the addresses in it are stale. */
static void ask_peer(struct scene *s, struct home *h)
{
	uint16_t port;
	union addr peer = torrent_peer(h, &port);
	struct talk t = act_talk(s, h, act_moment(s, h), &peer, port);
	bool gone = rand_below(&h->r, 100) < 48;
	t.host_port = torrent_port(h->line);
	talk_udp(&t, 1 + gone, 100, !gone, 290, gone ? 4000 : 0);
	stage_talk(&s->stage, &t);
	if (!gone || rand_below(&h->r, 8))
		return;
	struct talk no = act_visit_from(s, h, t.start_ms + 60, &peer, 0);
	no.peer_port = 3 << 8 | 3; /* ICMP: port unreachable */
	talk_udp(&no, 0, 0, 1, 128, 0);
	no.proto = PROTO_ICMP;
	stage_talk(&s->stage, &no);
}

static void join_peer(struct scene *s, struct home *h)
{
	uint16_t port;
	union addr peer = torrent_peer(h, &port);
	struct talk t = act_talk(s, h, act_moment(s, h), &peer, port);
	unsigned luck = (unsigned)rand_below(&h->r, 100);
	if (luck < 44)
		talk_fail(&t, TALK_UNANSWERED, 3);
	else if (luck < 55)
		talk_fail(&t, TALK_REFUSED, 1);
	else
		talk_tcp(&t, (uint64_t)rand_lognormal(&h->r, 60000, 1.8),
		    (uint64_t)rand_lognormal(&h->r, 150000, 2),
		    (uint32_t)rand_lognormal(&h->r, 60000, 1));
	stage_talk(&s->stage, &t);
}

/* On for most of the evening, in some homes all day. */
void look_bittorrent(struct scene *s, struct home *h)
{
	if (act_rhythm(s, h) < 0.8 && act_key(h, 0, 0x500) % 4)
		return;
	for (unsigned n = rand_poisson(&h->r, 3); n > 0; n--)
		ask_peer(s, h);
	for (unsigned n = rand_poisson(&h->r, 1.4); n > 0; n--)
		join_peer(s, h);
}

/* A server browser asks every server of the master's list for its state; many are full or gone. */
void look_game_browser(struct scene *s, struct home *h)
{
	if (!act_happens(h, 5 * act_rhythm(s, h)))
		return;
	int64_t at = act_moment(s, h);
	for (unsigned n = 150 + (unsigned)rand_below(&h->r, 250); n > 0; n--) {
		uint64_t server = rand_below(&h->r, 3000);
		union addr peer = world_public(0x67616d65ULL + server / 3);
		struct talk t = act_talk(s, h, at + (int64_t)rand_below(&h->r, 40000), &peer,
		    (uint16_t)(27015 + server % 3));
		bool gone = hash_mix(server) % 100 < 35;
		talk_udp(&t, 1 + gone, 53, !gone, 180, gone ? 1500 : 0);
		stage_talk(&s->stage, &t);
	}
}

/* The app is away from home: both sides send to the ports they guess the other's router uses. */
static void punch_holes(struct scene *s, struct home *h)
{
	union addr peer = world_random(&h->r);
	int64_t at = act_moment(s, h);
	uint16_t guess = (uint16_t)(20000 + rand_below(&h->r, 40000));
	for (uint16_t i = 0; i < 14; i++) {
		struct talk t = act_talk(s, h, at + i * 120, &peer, (uint16_t)(guess + i));
		bool hit = i == 13;
		t.host_port = (uint16_t)(30000 + h->line % 8000);
		talk_udp(
		    &t, hit ? 9000 : 3, hit ? 1100 : 44, hit ? 900 : 0, 60, hit ? 120000 : 900);
		stage_talk(&s->stage, &t);
	}
}

void look_nvr(struct scene *s, struct home *h)
{
	for (unsigned i = 0; i < 3; i++) {
		struct link l = {.peer = world_site_v4(SERVICE_CAMERA, i),
		    .key = act_key(h, i, 0x501),
		    .session_ms = 12 * 3600000,
		    .beat_ms = i ? 300000 : 25000,
		    .up = 88,
		    .down = 60,
		    .port = 32100,
		    .proto = PROTO_UDP};
		act_link(s, h, &l);
	}
	if (act_happens(h, 9 * act_rhythm(s, h)))
		punch_holes(s, h);
}

enum { DEAD_EDGES = 14 };

/* An app's list of edges was not renewed: some do not answer any more, the next one does. */
void look_dead_cdn(struct scene *s, struct home *h)
{
	for (unsigned n = act_count(h, 620 * act_rhythm(s, h)); n > 0; n--) {
		struct fetch f = {.at_ms = act_moment(s, h),
		    .label = "edge",
		    .port = 443,
		    .up = 1200,
		    .down = (uint64_t)rand_lognormal(&h->r, 60000, 1.2),
		    .span_ms = 2000,
		    .device = DEVICE_NAS,
		    .which = (uint8_t)rand_below(&h->r, 16)};
		union addr edge = world_public(0x65646765ULL + rand_below(&h->r, DEAD_EDGES));
		struct talk t = act_talk(s, h, f.at_ms, &edge, 443);
		talk_fail(&t, TALK_UNANSWERED, 2);
		stage_talk(&s->stage, &t);
		f.rank = SERVICE_UPDATE;
		f.at_ms += 1000;
		act_fetch(s, h, &f);
	}
}

/* Knocked at all day, on ports that answer: guesses at the ssh of a server at home, and scans. */
void look_exposed(struct scene *s, struct home *h)
{
	for (unsigned n = rand_poisson(&h->r, 3); n > 0; n--) {
		union addr peer = world_random(&h->r);
		struct talk t = act_visit_from(
		    s, h, act_moment(s, h), &peer, (uint16_t)(rand_below(&h->r, 2) ? 23 : 8080));
		talk_fail(&t, TALK_REFUSED, 1);
		uint64_t bytes = t.bytes[0];
		t.bytes[0] = t.bytes[1];
		t.bytes[1] = bytes;
		t.flags[0] = TCP_RST | TCP_ACK;
		t.flags[1] = TCP_SYN;
		stage_talk(&s->stage, &t);
	}
	uint64_t hour = (uint64_t)(s->minute_ms / 3600000);
	for (unsigned n = rand_poisson(&h->r, 1); n > 0; n--) {
		union addr peer = world_public(hash_mix(hour) + h->line + rand_below(&h->r, 3));
		struct talk t = act_visit_from(s, h, act_moment(s, h), &peer, 22);
		talk_tcp(&t, 2300 + rand_below(&h->r, 200), 1500, 2500);
		stage_talk(&s->stage, &t);
	}
}
