/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Senders: see senders.h. */
#include "run/senders.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4 * LIVE_EXPORTERS_MAX }; /* a power of two */

struct senders {
	struct hash_key key;
	struct replay *replay;
	struct sender *slots; /* open addressing, at most a quarter full */
	size_t n;             /* places that are taken */
	struct exporters *names;
	const struct exporter_rule *rules;
	size_t rules_n;
	struct live_board *board;
	struct export_counts told[LIVE_EXPORTERS_MAX];
	uint64_t passed_on[LIVE_EXPORTERS_MAX]; /* of what will seem to be lost at first */
	bool resumed[LIVE_EXPORTERS_MAX];       /* and nothing was lost since */
};

static struct sender *slot_of(const struct senders *s, const union addr *from)
{
	size_t i = hash_words(&s->key, from->q, 2) & (SLOTS - 1);
	while (s->slots[i].number && !addr_same(&s->slots[i].addr, from))
		i = (i + 1) & (SLOTS - 1);
	return &s->slots[i];
}

static struct sender *add(struct senders *s, const union addr *from, uint32_t number)
{
	struct sender *x = slot_of(s, from);
	*x = (struct sender){.addr = *from,
	    .number = number,
	    .rule = exporter_rule_of(s->rules, s->rules_n, from),
	    .heard = x->heard ? x->heard : mem_new(1, sizeof *x->heard)};
	return x;
}

/* Those that have a place already. */
static void add_known(struct senders *s)
{
	union addr a;
	for (uint32_t i = 0; i < live_exporters(s->board); i++, s->n++)
		if (live_place_addr(&s->board->exporter[i], &a))
			(void)add(s, &a, i + 1);
}

struct senders *senders_new(struct exporters *names, const struct exporter_rule *rules,
    size_t rules_n, struct live_board *board)
{
	struct senders *s = mem_new(1, sizeof *s);
	s->key = hash_key_random();
	s->replay = replay_new();
	s->slots = mem_new(SLOTS, sizeof *s->slots);
	s->names = names;
	s->rules = rules;
	s->rules_n = rules_n;
	s->board = board;
	add_known(s);
	return s;
}

void senders_free(struct senders *s)
{
	for (size_t i = 0; s && i < SLOTS; i++)
		if (s->slots[i].heard) {
			replay_forget(s->replay, s->slots[i].heard);
			free(s->slots[i].heard);
		}
	if (s) {
		replay_free(s->replay);
		free(s->slots);
	}
	free(s);
}

struct sender *senders_of(struct senders *s, const union addr *from)
{
	struct sender *x = slot_of(s, from);
	if (x->number)
		return x->rule || !s->rules_n ? x : NULL;
	size_t most = s->rules_n ? LIVE_EXPORTERS_MAX : LIVE_STRANGERS_MAX;
	if (s->n >= most || (s->rules_n && !exporter_rule_of(s->rules, s->rules_n, from)))
		return NULL;
	char name[ADDR_TEXT];
	addr_text(name, from);
	uint32_t number = exporter_number(s->names, name);
	s->n += number != 0;
	return number ? add(s, from, number) : NULL;
}

static void count(_Atomic uint64_t *at, uint64_t n)
{
	if (at && n)
		live_add(at, n);
}

bool senders_take(struct senders *s, struct sender *x, const struct udp_datagram *d, int64_t now_ms,
    struct live_exporter *at)
{
	const struct exporter_rule *rule = x->rule;
	if (rule && rule->via && d->via != rule->via)
		count(at ? &at->via_drops : NULL, 1);
	else if (rule && d->ttl < rule->ttl)
		count(at ? &at->far_drops : NULL, 1);
	else if (replay_is(s->replay, x->heard, d->p, d->n, now_ms))
		count(at ? &at->replayed : NULL, 1);
	else
		return true;
	return false;
}

void senders_mark(const struct sender *x, struct batch *b, size_t flows_from, size_t sessions_from)
{
	const struct exporter_rule *r = x->rule;
	if (!r || (!r->realm && !r->skew_ms))
		return;
	for (size_t i = flows_from; i < b->flow_n; i++)
		if (!b->flows[i].realm)
			b->flows[i].realm = r->realm;
	for (size_t i = sessions_from; i < b->session_n; i++) {
		struct session *s = &b->sessions[i];
		session_earlier(s, r->skew_ms);
		s->realm = s->realm ? s->realm : r->realm;
		s->holder.realm = s->holder.realm ? s->holder.realm : r->realm;
	}
}

void senders_sift(
    struct sender *x, struct batch *b, size_t from, int64_t now_ms, struct live_exporter *at)
{
	size_t kept = from, n = b->flow_n;
	if (!x->rule)
		return;
	for (size_t i = from; x->rule->prefixes_n && i < n; i++) {
		const struct flow *f = &b->flows[i];
		if (!exporter_rule_reports(x->rule, &f->src, &f->dst))
			continue;
		if (kept != i)
			b->flows[kept] = *f;
		kept++;
	}
	kept = x->rule->prefixes_n ? kept : n;
	uint64_t pass = bucket_take(&x->bucket, x->rule->rate, now_ms, kept - from);
	count(at ? &at->foreign : NULL, n - kept);
	count(at ? &at->bucket_drops : NULL, kept - from - pass);
	while (b->flow_n > from + pass)
		batch_undo_flow(b);
}

void senders_export_rules(const struct senders *s, struct export *x)
{
	struct export_rule *v = mem_new(s->rules_n, sizeof *v);
	for (size_t i = 0; i < s->rules_n; i++)
		v[i] = (struct export_rule){.from = s->rules[i].from,
		    .sampling = s->rules[i].sampling,
		    .dialect = s->rules[i].dialect == RULE_JUNOS ? EXPORT_DIALECT_JUNOS
								 : EXPORT_DIALECT_RFC8158};
	export_rules(x, v, s->rules_n);
	free(v);
}

void senders_resume(struct senders *s, bool kept)
{
	for (uint32_t i = 0; i < LIVE_EXPORTERS_MAX; i++) {
		const struct live_exporter *x = &s->board->exporter[i];
		s->resumed[i] = kept;
		s->passed_on[i] = x->records - x->records_saved;
	}
}

/* The first gap after a start is what was lost while nobody listened: it is said. */
static uint64_t lost_since(struct senders *s, size_t i, uint64_t lost)
{
	uint64_t known = lost < s->passed_on[i] ? lost : s->passed_on[i];
	s->passed_on[i] -= known;
	if (lost > known && s->resumed[i])
		live_say("exporter %.*s: %llu records were lost since the sequence numbers were "
			 "last kept",
		    ADDR_TEXT - 1, s->board->exporter[i].name, (unsigned long long)(lost - known));
	s->resumed[i] &= lost == 0;
	return lost - known;
}

void senders_publish(struct senders *s, uint32_t number, const struct export_counts *c, bool last,
    struct live_exporter *to)
{
	if (!to)
		return;
	struct export_counts *old = &s->told[number - 1];
	uint64_t lost = c->lost - old->lost + (last ? c->waiting : 0);
	live_add(&to->bad, c->bad - old->bad);
	live_add(&to->ignored, c->ignored - old->ignored);
	live_add(&to->no_template, c->no_template - old->no_template);
	live_add(&to->lost, lost_since(s, number - 1, lost));
	live_add(&to->resets, c->resets - old->resets);
	live_add(&to->wrong_sampling, c->wrong_sampling - old->wrong_sampling);
	live_add(&to->redefined, c->redefined - old->redefined);
	atomic_store(&to->sampling, c->sampling);
	*old = *c;
}
