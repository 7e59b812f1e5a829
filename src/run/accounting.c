/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets: see accounting.h. A NAS that has no answer sends the same packet again, for
 * up to a minute: that one is answered again, and nothing is logged twice. Later the same bytes are
 * taken for new: a NAS that starts afresh may well say the same as last time. */
#include "run/accounting.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 60000, HEAD_BYTES = 20 };

void accounting_open(struct accounting *a, const struct nas_rule *nas, size_t nas_n)
{
	*a = (struct accounting){.nas = nas, .nas_n = nas_n, .key = hash_key_random()};
	a->heard = mem_map(HEARD_MAX * sizeof *a->heard);
	a->answers = mem_map(ANSWERS_MAX * sizeof *a->answers);
}

static struct answer *answer_at(const struct accounting *a, size_t i)
{
	return &a->answers[(a->from + i) & (ANSWERS_MAX - 1)];
}

void accounting_close(struct accounting *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(answer_at(a, i)->p);
	mem_unmap(a->heard, HEARD_MAX * sizeof *a->heard);
	mem_unmap(a->answers, ANSWERS_MAX * sizeof *a->answers);
}

bool accounting_room(const struct accounting *a)
{
	return a->n + UDP_BATCH <= ANSWERS_MAX;
}

static struct heard *place_of(struct accounting *a, const struct udp_datagram *d, uint64_t *key)
{
	uint8_t who[sizeof d->from + sizeof d->port + HEAD_BYTES];
	memcpy(who, &d->from, sizeof d->from);
	memcpy(who + sizeof d->from, &d->port, sizeof d->port);
	memcpy(who + sizeof d->from + sizeof d->port, d->p, HEAD_BYTES);
	*key = hash_bytes(&a->key, who, sizeof who).a;
	return &a->heard[*key & (HEARD_MAX - 1)];
}

/* What a rule says of a NAS's sessions. Its clock counts for all their times. */
static void apply(const struct nas_rule *rule, struct session *s)
{
	struct session_ids ids = {0};
	enum session_id kind;
	struct span value;
	session_earlier(s, rule->skew_ms);
	s->received_ms -= rule->skew_ms; /* it was told in its time */
	s->realm = s->holder.realm = rule->realm;
	for (size_t at = 0; rule->by_cui && (kind = session_ids_next(&s->ids, &at, &value));)
		if (kind != SESSION_USER)
			(void)session_ids_add(&ids, kind, value);
	if (rule->by_cui)
		s->ids = ids;
}

static void count_fault(struct live_source *source, enum radius_fault fault)
{
	_Atomic uint64_t *const counters[] = {[RADIUS_NO_FAULT] = NULL,
	    [RADIUS_MALFORMED] = &source->bad,
	    [RADIUS_FORGED] = &source->forged,
	    [RADIUS_UNTIMELY] = &source->replayed};
	live_add(counters[fault], 1);
}

static void keep_answer(struct accounting *a, const struct live_feed *feed,
    struct live_source *source, const struct udp_datagram *to, uint64_t after,
    const struct radius_reply *reply)
{
	struct answer *x = answer_at(a, a->n++);
	*x = (struct answer){.after = after,
	    .to = *to,
	    .fd = feed->fd,
	    .source = source,
	    .p = mem_new(reply->n, 1),
	    .n = reply->n};
	memcpy(x->p, reply->bytes, reply->n);
}

void accounting_take(struct accounting *a, const struct live_feed *feed, struct live_source *source,
    const struct udp_datagram *d, uint64_t after, int64_t now_ms, struct batch *out)
{
	const struct nas_rule *rule = nas_rule_of(a->nas, a->nas_n, &d->from);
	struct radius_reply reply;
	size_t had = out->session_n;
	uint64_t key;
	if (!rule) {
		live_add(&source->unknown_sender, 1);
		return;
	}
	const struct radius_packet in = {.p = d->p,
	    .n = d->n,
	    .secret = {rule->secret->text, rule->secret->n},
	    .from = d->from,
	    .now_ms = now_ms + rule->skew_ms};
	if (radius_accounting(&in, out, &reply)) {
		count_fault(source, reply.fault);
		return;
	}
	struct heard *h = place_of(a, d, &key);
	bool again = h->at_ms && h->key == key && now_ms - h->at_ms < AGAIN_MS;
	if (again) {
		live_add(&source->again, 1);
		out->session_n = had;
		after = h->after;
	}
	for (size_t i = had; i < out->session_n; i++)
		apply(rule, &out->sessions[i]);
	if (!again && out->session_n == had)
		after = 0; /* nothing of it is to be kept */
	*h = (struct heard){key, after, again ? h->at_ms : now_ms};
	keep_answer(a, feed, source, d, after, &reply);
}

/* One that finds no room is left: its NAS will ask again. */
static void send_answer(const struct answer *x)
{
	if (udp_answer(x->fd, &x->to, x->p, x->n))
		live_add(&x->source->answered, 1);
	else
		live_add(&x->source->unanswered, 1);
	free(x->p);
}

/* One after the other: an answer may wait a little for one before it. */
void accounting_answer(struct accounting *a, uint64_t done)
{
	while (a->n && a->answers[a->from].after <= done) {
		send_answer(&a->answers[a->from]);
		a->from = (a->from + 1) & (ANSWERS_MAX - 1);
		a->n--;
	}
}
