/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek's logs as tab-separated text: conn.log of the sensor at the border, dns.log of the resolver.
 * Times are UTC with milliseconds behind the point. */
#pragma once
#include "base/str.h"
#include "rec/dns.h"
#include "sim/talk.h"

struct query { /* a question to the provider's resolver and its answer */
	int64_t at_ms;
	union addr client, server;
	union addr answers[4];
	const char *name;   /* lower case, without a final dot */
	const char *answer; /* a text answer, NULL: none */
	uint32_t rtt_ms, ttl_s;
	uint16_t qtype, port;
	uint8_t rcode, answer_n;
	uint8_t doing;  /* enum deed_kind of a bot, 0: nothing of a bot's */
	uint16_t local; /* bytes of the name in front of the registered domain, all where none */
};

void zeek_conn_head(struct text *out);
void zeek_dns_head(struct text *out);
/* number makes the uid. */
void zeek_conn(struct text *out, const struct talk *t, uint64_t number);
void zeek_dns(struct text *out, const struct query *q, uint64_t number);
