/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exporters' places on the board. The parent gives places while no reader runs, the reader
 * while it runs: there is one writer at a time. Places are kept over a restart, since the state
 * knows exporters by them. */
#include "base/mem.h"
#include "run/live.h"
#include "run/place.h"
#include <stdlib.h>
#include <string.h>

void live_places_kept(struct live *l)
{
	struct text all = {0};
	uint32_t n = 0;
	if (place_read(l->folder, "exporters", &all, NULL) == ERR_OK && all.n)
		for (struct span rest = {all.p, all.n}; rest.p && n < LIVE_EXPORTERS_MAX;) {
			struct span name = span_cut(&rest, '\n');
			if (name.n && name.n < ADDR_TEXT)
				memcpy(l->board->exporter[n++].name, name.p, name.n);
		}
	atomic_store(&l->board->exporters, n);
	text_fini(&all);
}

void live_keep_places(struct live *l)
{
	struct text all = {0};
	struct err e;
	for (uint32_t i = 0; i < live_exporters(l->board); i++) {
		const char *name = l->board->exporter[i].name;
		for (size_t k = 0; k < ADDR_TEXT - 1 && name[k]; k++)
			text_putc(&all, name[k] > ' ' && name[k] < 0x7f ? name[k] : '?');
		text_putc(&all, '\n');
	}
	if (all.n && place_write(l->folder, "exporters", all.p, all.n, &e))
		live_say("%s", e.msg);
	text_fini(&all);
}

void live_names(const struct live_board *b, struct exporters *names)
{
	char name[ADDR_TEXT];
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		const char *is = b->exporter[i].name;
		(void)str_copy(name, sizeof name, is, strnlen(is, ADDR_TEXT - 1));
		(void)exporter_number(names, name);
	}
}

bool live_place_addr(const struct live_exporter *x, union addr *a)
{
	return addr_parse((struct span){x->name, strnlen(x->name, ADDR_TEXT)}, a);
}

struct live_exporter *live_place_of(struct live_board *b, const union addr *a)
{
	char name[ADDR_TEXT];
	addr_text(name, a);
	for (uint32_t i = 0; i < live_exporters(b); i++)
		if (strncmp(b->exporter[i].name, name, sizeof name) == 0)
			return &b->exporter[i];
	return NULL;
}

/* Whether a rule names the exporter at that place, by its address or, less surely, its network. */
enum claim { CLAIM_NONE, CLAIM_NETWORK, CLAIM_NAMED };
static enum claim claim_of(const struct live *l, const struct live_exporter *x)
{
	union addr a;
	const struct exporter_rule *rule =
	    live_place_addr(x, &a) ? exporter_rule_of(l->rules, l->rules_n, &a) : NULL;
	if (!rule)
		return CLAIM_NONE;
	return exporter_rule_single(rule) ? CLAIM_NAMED : CLAIM_NETWORK;
}

/* A free place, else that of whoever has the least claim and was heard longest ago. NULL: all are
 * named. */
static struct live_exporter *find_place(struct live *l)
{
	struct live_exporter *worst = NULL;
	enum claim least = CLAIM_NAMED;
	uint32_t n = live_exporters(l->board);
	if (n < LIVE_EXPORTERS_MAX) {
		atomic_store(&l->board->exporters, n + 1);
		return &l->board->exporter[n];
	}
	for (uint32_t i = 0; i < n; i++) {
		struct live_exporter *x = &l->board->exporter[i];
		enum claim claim = claim_of(l, x);
		if (claim < least || (worst && claim == least && x->last_ms < worst->last_ms)) {
			worst = x;
			least = claim;
		}
	}
	return worst;
}

void live_give_places(struct live *l)
{
	for (size_t i = 0; i < l->rules_n; i++) {
		const union addr *a = &l->rules[i].from.addr;
		if (!exporter_rule_single(&l->rules[i]) || live_place_of(l->board, a))
			continue;
		struct live_exporter *x = find_place(l);
		if (!x)
			return;
		if (x->name[0])
			live_say("%.*s gives its place to an exporter that is named", ADDR_TEXT - 1,
			    x->name);
		memset(x, 0, sizeof *x);
		addr_text(x->name, a);
	}
}
