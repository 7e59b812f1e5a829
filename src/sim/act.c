/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What everything that happens is played with: see scene.h. */
#include "base/hash.h"
#include "sim/scene.h"
#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000, MINUTES_A_DAY = 1440 };

double act_rhythm(const struct scene *s, const struct home *h)
{
	return s->rhythm[h->shift_h + SHIFTS / 2];
}

int64_t act_moment(const struct scene *s, struct home *h)
{
	return s->minute_ms + (int64_t)rand_below(&h->r, STAGE_MINUTE_MS);
}

bool act_happens(struct home *h, double times_a_day)
{
	return rand_unit(&h->r) < times_a_day / MINUTES_A_DAY;
}

unsigned act_count(struct home *h, double times_a_day)
{
	return rand_poisson(&h->r, times_a_day / MINUTES_A_DAY);
}

int64_t act_beat(int64_t from_ms, uint32_t period_ms, uint64_t what)
{
	int64_t phase = (int64_t)(hash_mix(what) % period_ms);
	return from_ms + (period_ms - (from_ms - phase) % period_ms) % period_ms;
}

uint64_t act_key(const struct home *h, unsigned device, unsigned what)
{
	return hash_mix(((uint64_t)h->line << 24) + (device << 12) + what);
}

static uint16_t any_port(struct home *h)
{
	return (uint16_t)(20000 + rand_below(&h->r, 45000));
}

struct talk act_talk(
    const struct scene *s, struct home *h, int64_t at_ms, const union addr *peer, uint16_t port)
{
	struct talk t = {.start_ms = at_ms, .peer = *peer, .line = h->line, .peer_port = port};
	t.host = addr_is_v4(peer) ? home_v4(&s->inside, h->line)
				  : home_v6(h->line, 0, s->minute_ms / DAY_MS);
	t.host_port = any_port(h);
	return t;
}

struct talk act_visit_from(
    const struct scene *s, struct home *h, int64_t at_ms, const union addr *peer, uint16_t port)
{
	struct talk t = act_talk(s, h, at_ms, peer, 0);
	t.peer_port = t.host_port;
	t.host_port = port;
	t.by_peer = true;
	return t;
}

void act_ask(struct scene *s, struct home *h, const struct ask *a)
{
	char name[DNS_NAME_MAX + 1];
	bool dot = a->label[0] && a->domain[0];
	int n = snprintf(name, sizeof name, "%s%s%s", a->label, dot ? "." : "", a->domain);
	if (n < 0 || (size_t)n >= sizeof name)
		return;
	struct query q = {.at_ms = a->at_ms,
	    .name = name,
	    .answer = a->text,
	    .qtype = a->qtype,
	    .rcode = a->rcode,
	    .answer_n = a->answer_n,
	    .doing = a->doing};
	memcpy(q.answers, a->answers, sizeof q.answers);
	/* The router asks the resolver over IPv4 in most homes, even where there is IPv6. With
	 * sessions, which tell that both are one line, bots use both. */
	bool v6 = a->v6 || (s->sessions && a->doing && h->dual && (a->at_ms & 1));
	q.client =
	    v6 ? home_v6(h->line, a->device, s->minute_ms / DAY_MS) : home_v4(&s->inside, h->line);
	q.server = world_resolver(v6);
	q.local = (uint16_t)(strlen(a->label) + dot);
	q.port = any_port(h);
	q.ttl_s = a->ttl_s ? a->ttl_s : 60u << rand_below(&h->r, 7);
	q.rtt_ms = 1 + (uint32_t)rand_exp(&h->r, a->rcode == DNS_NOERROR ? 12 : 60);
	stage_query(&s->stage, h->line, &q);
}

static bool uses_v6(struct home *h, uint32_t rank, uint8_t device)
{
	bool able = device == DEVICE_PC || device == DEVICE_PHONE || device == DEVICE_TV;
	return h->dual && able && world_site_has_v6(rank) && rand_below(&h->r, 100) < 55;
}

static void ask_site(struct scene *s, struct home *h, const struct fetch *f)
{
	struct site site = world_site(f->rank);
	struct ask a = {.at_ms = f->at_ms,
	    .label = f->label,
	    .domain = site.domain,
	    .qtype = DNS_A,
	    .device = f->device,
	    .answer_n = 1};
	a.answers[0] = world_site_v4(f->rank, f->which);
	a.v6 = h->dual && act_key(h, 0, 6) % 5 == 0;
	act_ask(s, h, &a);
	if (!h->dual || rand_below(&h->r, 10) < 4)
		return;
	a.qtype = DNS_AAAA;
	a.answer_n = world_site_has_v6(f->rank);
	a.answers[0] = world_site_v6(f->rank, f->which);
	a.at_ms += 1;
	act_ask(s, h, &a);
}

void act_fetch(struct scene *s, struct home *h, const struct fetch *f)
{
	bool v6 = uses_v6(h, f->rank, f->device);
	union addr peer = v6 ? world_site_v6(f->rank, f->which) : world_site_v4(f->rank, f->which);
	if (f->ask)
		ask_site(s, h, f);
	struct talk t = act_talk(s, h, f->at_ms + 40, &peer, f->port);
	if (v6)
		t.host = home_v6(h->line, f->device, s->minute_ms / DAY_MS);
	if (f->quic)
		talk_udp(&t, (uint32_t)(f->up / 1200 + f->down / 2400 + 3), 140,
		    (uint32_t)(f->down / 1200 + 3), 1200, f->span_ms);
	else
		talk_tcp(&t, f->up, f->down, f->span_ms);
	stage_talk(&s->stage, &t);
}

static void open_link(
    struct scene *s, struct home *h, const struct link *l, int64_t at_ms, int64_t end_ms)
{
	struct talk t = act_talk(s, h, at_ms, &l->peer, l->port);
	uint32_t beats = (uint32_t)((end_ms - at_ms - 1) / l->beat_ms) + 1;
	talk_udp(&t, 2 * beats, l->up / 2, 2 * beats, l->down / 2, (beats - 1) * l->beat_ms);
	t.proto = l->proto;
	t.beat_ms = l->beat_ms;
	t.doing = l->doing;
	t.midstream = at_ms == s->start_ms;
	if (l->proto == PROTO_TCP)
		t.flags[0] = t.flags[1] = TCP_SYN | TCP_ACK | TCP_PSH | TCP_FIN;
	stage_talk(&s->stage, &t);
}

/* Sessions follow each other; the first of the run is already open when it begins. */
void act_link(struct scene *s, struct home *h, const struct link *l)
{
	int64_t at = act_beat(s->minute_ms, l->session_ms, l->key);
	if (s->minute_ms == s->start_ms && at > s->start_ms + l->beat_ms) {
		int64_t first = s->start_ms + (int64_t)(hash_mix(l->key + 1) % l->beat_ms);
		open_link(s, h, l, first, at);
	}
	if (at < s->minute_ms + STAGE_MINUTE_MS)
		open_link(s, h, l, at, at + l->session_ms - l->beat_ms / 2);
}
