/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deeds that hold a botnet together: beacons to a controller, gossip with peers. */
#include "base/hash.h"
#include "sim/deed.h"

static void ask_controller(struct act *a, const struct controller *c, int64_t at_ms)
{
	struct ask ask = {.at_ms = at_ms,
	    .label = "",
	    .domain = c->domain,
	    .qtype = DNS_A,
	    .answer_n = 1,
	    .ttl_s = 300,
	    .answers = {c->addr},
	    .doing = DEED_BEACON};
	act_ask(a->s, a->h, &ask);
}

static void keep_alive(struct act *a, const struct controller *c)
{
	enum { SESSION_MS = 5 * 3600000 };
	uint64_t key = act_key(a->h, 0, 0x800);
	struct link l = {.peer = c->addr,
	    .key = key,
	    .session_ms = SESSION_MS,
	    .beat_ms = a->f->beacon_ms,
	    .up = 108,
	    .down = 104,
	    .port = c->port,
	    .proto = PROTO_TCP,
	    .doing = DEED_BEACON};
	int64_t next = act_beat(a->s->minute_ms, SESSION_MS, key);
	if (next < a->s->minute_ms + STAGE_MINUTE_MS && next > a->s->start_ms + 300)
		ask_controller(a, c, next - 300);
	act_link(a->s, a->h, &l);
}

/* Sleeps for a while with a random part, then asks for work; a task comes now and then. */
static void poll_controller(struct act *a, const struct controller *c)
{
	struct rand *r = &a->h->r;
	int64_t end = a->s->minute_ms + STAGE_MINUTE_MS;
	if (a->d->next_ms == 0)
		a->d->next_ms = a->s->minute_ms + (int64_t)rand_below(r, a->f->beacon_ms);
	while (a->d->next_ms < end) {
		int64_t at = a->d->next_ms;
		bool task = rand_below(r, 60) == 0;
		if (at >= a->s->minute_ms + 100 && rand_below(r, 3) == 0)
			ask_controller(a, c, at - 60);
		struct talk t = act_talk(a->s, a->h, at, &c->addr, c->port);
		t.doing = DEED_BEACON;
		talk_tcp(
		    &t, 420 + rand_below(r, 40), task ? 40000 + rand_below(r, 200000) : 260, 500);
		stage_talk(&a->s->stage, &t);
		double part = a->f->jitter_percent / 100.0 * rand_unit(r);
		a->d->next_ms += (int64_t)(a->f->beacon_ms * (1 - part)) + 1;
	}
}

void deed_beacon(struct act *a)
{
	struct controller c = bot_controller(a->b->family, a->b->controller);
	if (a->f->beacon_raw)
		keep_alive(a, &c);
	else
		poll_controller(a, &c);
}

/* A list of peers of its own, of which half are gone; one is asked at a time. */
void deed_p2p(struct act *a)
{
	enum { PEERS = 150, ALL_PEERS = 3000 };
	struct rand *r = &a->h->r;
	int64_t end = a->s->minute_ms + STAGE_MINUTE_MS;
	if (a->d->next_ms == 0)
		a->d->next_ms = a->s->minute_ms + (int64_t)rand_below(r, a->f->p2p_ms);
	for (; a->d->next_ms < end; a->d->next_ms += 1 + (int64_t)rand_exp(r, a->f->p2p_ms)) {
		uint64_t mine =
		    act_key(a->h, 0, 0x900 + (unsigned)rand_below(r, PEERS)) % ALL_PEERS;
		uint64_t peer = ((uint64_t)a->b->family << 32) + mine;
		union addr addr = world_public(peer + 0x703270ULL);
		bool gone = hash_mix(peer) % 100 < 45;
		struct talk t = act_talk(a->s, a->h, a->d->next_ms, &addr,
		    a->f->p2p_port ? a->f->p2p_port
				   : (uint16_t)(1024 + hash_mix(peer + 1) % 64000));
		t.doing = DEED_P2P;
		talk_udp(
		    &t, 1 + gone, 60 + (uint32_t)rand_below(r, 30), !gone, 90, gone ? 2000 : 0);
		stage_talk(&a->s->stage, &t);
	}
}
