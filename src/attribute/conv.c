/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who opened a conversation and how it ended: see conv.h. Sources: detection.md 4.1 P3 and P7, RFC
 * 9293 3.5 (handshake and reset), RFC 6335 6 (system ports). Cumulative flags cannot tell SYN then
 * ACK from SYN+ACK; where both sides show SYN, the earlier first packet decides. softflowd and
 * pmacct give both directions the times of the whole conversation: then the end on a system port
 * has answered, if the other is on none. */
#include "attribute/conv.h"

enum {
	PACKETS_SURELY_ANSWERED = 8
}; /* more than the SYN retries of common systems (tcp_syn_retries 6) */
enum { SYSTEM_PORTS_END = 1024, PORT_FTP_DATA = 20 /* FTP servers open from it */ };

static bool pure_syn(const struct way *w)
{
	return w->seen && w->have_flags && (w->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static int earlier(const struct conv *c)
{
	if (!c->way[0].start_ms || !c->way[1].start_ms || c->way[0].start_ms == c->way[1].start_ms)
		return -1;
	return c->way[0].start_ms < c->way[1].start_ms ? 0 : 1;
}

/* Whole handshakes of the same times. */
static int opener_by_port(const struct conv *c)
{
	bool system0 = c->port[0] < SYSTEM_PORTS_END, system1 = c->port[1] < SYSTEM_PORTS_END;
	bool handshake = c->way[0].flags & c->way[1].flags & TCP_ACK;
	bool data = c->port[0] == PORT_FTP_DATA || c->port[1] == PORT_FTP_DATA;
	if (!handshake || system0 == system1 || data || !c->way[0].start_ms ||
	    c->way[0].start_ms != c->way[1].start_ms)
		return -1;
	return system0 ? 1 : 0;
}

static int tcp_opener_by_flags(const struct conv *c)
{
	bool syn0 = c->way[0].flags & TCP_SYN, syn1 = c->way[1].flags & TCP_SYN;
	if (pure_syn(&c->way[0]) != pure_syn(&c->way[1]))
		return pure_syn(&c->way[0]) ? 0 : 1;
	if (!syn0 && !syn1)
		return -1; /* seen from the middle on */
	if (syn0 != syn1) {
		int side = syn0 ? 0 : 1;
		/* SYN and ACK from one side alone: whose handshake it was is known only by the
		 * source */
		return c->way[!side].seen || c->first_side == side ? side : -1;
	}
	if (c->first_side >= 0)
		return c->first_side;
	int side = earlier(c);
	return side >= 0 ? side : opener_by_port(c);
}

static int opener_by_time(const struct conv *c, bool two_ways)
{
	if (c->first_side >= 0)
		return c->first_side;
	if (c->way[0].seen && c->way[1].seen)
		return earlier(c);
	return two_ways ? (c->way[0].seen ? 0 : 1) : -1;
}

static bool is_icmp(const struct conv *c)
{
	return c->proto == PROTO_ICMP || c->proto == PROTO_ICMP6;
}

int conv_opener(const struct conv *c, bool two_ways)
{
	if (c->proto == PROTO_TCP && (c->way[0].have_flags || c->way[1].have_flags))
		return tcp_opener_by_flags(c);
	if (is_icmp(c) && !(c->have_icmp && c->icmp_type == (c->proto == PROTO_ICMP ? 8 : 128)))
		return -1; /* errors and replies are caused by others */
	return opener_by_time(c, two_ways);
}

static int tcp_answer(const struct way *back)
{
	if (!back->have_flags)
		return back->packets >= 2 ? OUTCOME_ANSWERED
					  : OUTCOME_UNKNOWN; /* one may be a RST */
	if (back->flags & (TCP_SYN | TCP_FIN | TCP_PSH))
		return OUTCOME_ANSWERED;
	return back->flags & TCP_RST ? OUTCOME_REFUSED : OUTCOME_ANSWERED;
}

static int unanswered_or_unknown(const struct conv *c, bool known)
{
	return known && c->sampling <= 1 ? OUTCOME_UNANSWERED : OUTCOME_UNKNOWN;
}

static int tcp_silence(const struct conv *c, const struct way *out, bool two_ways)
{
	if (!out->have_flags)
		return out->packets >= PACKETS_SURELY_ANSWERED ? OUTCOME_ANSWERED
							       : unanswered_or_unknown(c, two_ways);
	if (out->flags & TCP_ACK)
		return OUTCOME_ANSWERED; /* it acknowledged something */
	/* SYN then RST: a half-open scan resets what answered, so silence is not known */
	return unanswered_or_unknown(c, !(out->flags & TCP_RST));
}

int conv_outcome(const struct conv *c, int opener, bool two_ways)
{
	const struct way *out = &c->way[opener], *back = &c->way[!opener];
	int outcome;
	if (c->refused)
		return OUTCOME_REFUSED;
	if (c->proto != PROTO_TCP)
		return back->seen ? OUTCOME_ANSWERED : unanswered_or_unknown(c, two_ways);
	outcome = back->seen ? tcp_answer(back) : tcp_silence(c, out, two_ways);
	/* sampled, the SYN+ACK before the RST may be missing */
	return outcome == OUTCOME_REFUSED && c->sampling > 1 ? OUTCOME_UNKNOWN : outcome;
}

bool conv_is_answered_tcp(const struct conv *c, bool *reversed)
{
	if (c->proto != PROTO_TCP)
		return false;
	*reversed = c->way[0].seen && c->way[1].seen;
	for (int k = 0; k < 2; k++) {
		const struct way *w = &c->way[k];
		if (!w->seen)
			continue;
		if (w->have_flags ? (w->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)
				  : w->packets >= PACKETS_SURELY_ANSWERED)
			return true;
	}
	return false;
}
