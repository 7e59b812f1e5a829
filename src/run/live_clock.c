/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wrong clocks: see live_clock.h. */
#include "run/live_clock.h"
#include "base/when.h"

/* A flow may have begun long ago, but no session lasts longer than this. */
#define FLOW_LASTS_MAX_MS (366LL * 86400 * 1000)

static bool near(int64_t time_ms, int64_t received_ms)
{
	int64_t off_ms = time_ms - received_ms;
	return off_ms >= -LIVE_CLOCK_OFF_MS && off_ms <= LIVE_CLOCK_OFF_MS;
}

static bool time_is_right(const struct live_clock *c, int64_t time_ms, int64_t received_ms)
{
	if (c->replay)
		return true;
	if (received_ms)
		return near(time_ms, received_ms);
	return time_ms <= live_now_ms() + LIVE_CLOCK_OFF_MS;
}

static bool flow_is_right(const struct live_clock *c, const struct flow *f, int64_t received_ms)
{
	if (!flow_clock_is_right(f) || !time_is_right(c, flow_time_ms(f), received_ms))
		return false;
	if ((f->have & FLOW_END) && !time_is_right(c, f->end_ms, received_ms))
		return false;
	return c->replay || !(f->have & FLOW_START) ||
	       f->start_ms >= flow_time_ms(f) - FLOW_LASTS_MAX_MS;
}

static void hold(struct live_clock *c, struct live_exporter *x, bool *named, int64_t time_ms)
{
	char when[WHEN_TEXT];
	live_add(&c->board->wrong_clock, 1);
	if (x)
		live_add(&x->drop[DROP_CLOCK], 1);
	if (*named)
		return;
	*named = true;
	when_text(when, time_ms);
	live_say("%.*s%s sends records of %s: more than an hour off, they are held apart",
	    ADDR_TEXT - 1, x ? x->name : "a resolver", x ? "" : " (or a file)", when);
}

static bool take_flow(struct live_clock *c, const struct flow *f, int64_t received_ms)
{
	if (flow_check(f) != ERR_OK) {
		live_add(&c->board->refused, 1);
		return false;
	}
	if (flow_is_right(c, f, received_ms))
		return true;
	bool known = f->exporter && f->exporter <= LIVE_EXPORTERS_MAX;
	int64_t time_ms =
	    time_is_right(c, flow_time_ms(f), received_ms) ? f->end_ms : flow_time_ms(f);
	hold(c, known ? &c->board->exporter[f->exporter - 1] : NULL,
	    known ? &c->named[f->exporter - 1] : &c->dns_named, time_ms);
	return false;
}

static bool take_dns(struct live_clock *c, const struct dns *d, int64_t received_ms)
{
	if (dns_check(d) != ERR_OK) {
		live_add(&c->board->refused, 1);
		return false;
	}
	if (time_is_right(c, d->time_ms, received_ms))
		return true;
	hold(c, NULL, &c->dns_named, d->time_ms);
	return false;
}

bool live_clock_session(struct live_clock *c, const struct session *s, int64_t received_ms)
{
	char when[WHEN_TEXT];
	int64_t time_ms = session_time_ms(s);
	int64_t now_ms = received_ms ? received_ms : live_now_ms();
	if (c->replay || time_ms <= now_ms + LIVE_CLOCK_OFF_MS)
		return true;
	if (c->session_named)
		return false;
	c->session_named = true;
	when_text(when, time_ms);
	live_say("sessions of %s: more than an hour ahead, they are held apart", when);
	return false;
}

/* Records move up only behind a gap: there is hardly ever one. */
void live_clock_check(struct live_clock *c, struct batch *b, int64_t received_ms)
{
	size_t flows = 0, dns = 0;
	for (size_t i = 0; i < b->flow_n; i++) {
		if (!take_flow(c, &b->flows[i], received_ms))
			continue;
		if (flows != i)
			b->flows[flows] = b->flows[i];
		flows++;
	}
	for (size_t i = 0; i < b->dns_n; i++) {
		if (!take_dns(c, &b->dns[i], received_ms))
			continue;
		if (dns != i)
			b->dns[dns] = b->dns[i];
		dns++;
	}
	b->flow_n = flows;
	b->dns_n = dns;
}
