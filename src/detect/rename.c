/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines under other names: in place, all that is kept of them stays. A line whose new name belongs
 * to another shard moves there. Shards may be full, so lines change places: one goes over, and out
 * of its new shard the next one that has to leave follows at once; a table has room for one line
 * more than it is allowed to hold. */
#include "rec/rename.h"
#include "base/mem.h"
#include "detect/shard.h"
#include <stdlib.h>
#include <string.h>

struct renaming {
	struct detect *const *shards;
	unsigned n;
	uint32_t *cursor; /* of each shard: up to here nobody has to leave any more */
	bool *came;       /* whether it got lines of others */
};

static unsigned home_of(const struct renaming *x, const struct line *l, uint64_t *hash)
{
	*hash = subject_hash(&x->shards[0]->key, &l->subject);
	return detect_shard(&(struct hint){.line = *hash}, x->n);
}

/* The set of `to` that lies where `set` does in the state of `from`; NULL: `to` did not take it. */
static struct distinct *same_set(const struct detect *d, const struct line *from, struct detect *d2,
    const struct line *to, const struct distinct *set, const bool *taken)
{
	for (size_t i = 0; i < detectors_n; i++) {
		const uint8_t *p = from->state[i] ? blocks_at(&d->states[i], from->state[i]) : NULL;
		const uint8_t *at = (const uint8_t *)set;
		if (p && at >= p && at < p + detectors[i]->state_bytes)
			return taken[i]
				   ? (void *)((uint8_t *)blocks_at(&d2->states[i], to->state[i]) +
					      (at - p))
				   : NULL;
	}
	return NULL;
}

static void copy_sets(const struct detect *d, const struct line *from, struct detect *d2,
    struct line *to, const bool *taken)
{
	for (uint32_t i = from->cold, next; i; i = next) {
		const struct cold *c = &d->cold.v[i - 1];
		struct distinct *set = same_set(d, from, d2, to, c->owner, taken);
		next = c->next;
		struct cold *copy = set ? cold_take(d2, set, to) : NULL;
		if (!copy || copy == c)
			continue;
		copy->day = c->day;
		copy->n = c->n;
		memcpy(copy->regs, c->regs, sizeof copy->regs);
	}
}

static void copy_states(
    const struct detect *d, const struct line *from, struct detect *d2, struct line *to)
{
	bool taken[DETECTORS_MAX] = {false};
	for (size_t i = 0; i < detectors_n; i++) {
		if (!from->state[i] || to->state[i])
			continue;
		to->state[i] = blocks_take(&d2->states[i]);
		memcpy(blocks_at(&d2->states[i], to->state[i]),
		    blocks_at(&d->states[i], from->state[i]), detectors[i]->state_bytes);
		taken[i] = true;
	}
	copy_sets(d, from, d2, to, taken);
}

static void copy_findings(
    const struct detect *d, const struct line *from, struct detect *d2, struct line *to)
{
	const struct finding *f;
	for (uint32_t i = from->findings; i; i = f->next) {
		f = blocks_at(&d->findings, i);
		if (finding_find(d2, to, f->detector))
			continue;
		struct finding *copy = finding_made(d2, to, f->detector);
		uint32_t next = copy->next;
		*copy = *f;
		copy->next = next;
		copy->notes = 0;
		struct notes *notes = f->notes ? notes_take(d2, copy) : NULL;
		if (!notes)
			continue;
		notes->n = d->notes.v[f->notes - 1].n;
		memcpy(notes->top, d->notes.v[f->notes - 1].top, sizeof notes->top);
	}
}

/* What `from` keeps and `to` does not yet. */
static void copy_line(
    const struct detect *d, const struct line *from, struct detect *d2, struct line *to)
{
	for (size_t i = 0; i < 8; i++) {
		to->seen[0][i] |= from->seen[0][i];
		to->seen[1][i] |= from->seen[1][i];
	}
	to->seen_bits = from->seen_bits > to->seen_bits ? from->seen_bits : to->seen_bits;
	if (from->p2p_day > to->p2p_day ||
	    (from->p2p_day == to->p2p_day && from->p2p_n > to->p2p_n)) {
		to->p2p_day = from->p2p_day;
		to->p2p_n = from->p2p_n;
	}
	to->last_s = from->last_s > to->last_s ? from->last_s : to->last_s;
	copy_states(d, from, d2, to);
	copy_findings(d, from, d2, to);
}

/* The names of all lines; nobody stands in a bucket then. */
static void give_names(struct detect *d, const struct renames *r)
{
	memset(d->buckets, 0, (d->mask + 1ul) * sizeof *d->buckets);
	for (uint32_t i = 1; i <= d->used;) {
		if (renames_apply(r, &line_at(d, i)->subject)) {
			line_at(d, i++)->chain = 0;
			continue;
		}
		line_reset(d, line_at(d, i));
		line_remove(d, i);
	}
}

/* Those whose home it is get into their buckets; of two that have one name now, the second gives
 * the first what that has not. */
static void settle(struct renaming *x, unsigned shard)
{
	struct detect *d = x->shards[shard];
	for (uint32_t i = 1; i <= d->used;) {
		struct line *l = line_at(d, i), *other;
		uint64_t hash;
		bool here = home_of(x, l, &hash) == shard;
		other = here ? line_find(d, &l->subject, hash) : NULL;
		if (other) {
			copy_line(d, l, d, other);
			line_reset(d, l);
			line_remove(d, i);
			continue;
		}
		if (here)
			line_link(d, i, hash);
		i++;
	}
}

/* The line goes home, and its place is free. */
static unsigned go_home(struct renaming *x, struct detect *d, uint32_t number)
{
	struct line *l = line_at(d, number);
	uint64_t hash;
	unsigned home = home_of(x, l, &hash);
	struct detect *to = x->shards[home];
	struct line *other = line_find(to, &l->subject, hash);
	if (!other) {
		other = line_add(to);
		other->subject = l->subject;
		line_link(to, to->used, hash);
	}
	copy_line(d, l, to, other);
	line_reset(d, l);
	line_remove(d, number);
	x->came[home] = true;
	return home;
}

/* The next line of the shard that has to leave it; 0: there is none. */
static uint32_t next_leaver(struct renaming *x, unsigned shard)
{
	const struct detect *d = x->shards[shard];
	uint64_t hash;
	while (x->cursor[shard] < d->used) {
		uint32_t i = x->cursor[shard] + 1;
		if (home_of(x, line_at(d, i), &hash) != shard)
			return i;
		x->cursor[shard] = i;
	}
	return 0;
}

static void deal(struct renaming *x)
{
	for (unsigned i = 0; i < x->n; i++) {
		unsigned shard = i;
		uint32_t leaver;
		while ((leaver = next_leaver(x, shard)) || shard != i) {
			if (leaver)
				shard = go_home(x, x->shards[shard], leaver);
			if (x->shards[shard]->used <= x->shards[shard]->cap)
				shard = i;
			else if (!next_leaver(x, shard))
				line_evict(x->shards[shard]);
		}
	}
}

void detect_rename(
    struct detect *const *shards, unsigned n, const struct renames *r, struct evidences *const *out)
{
	struct renaming x = {shards, n, mem_new(n, sizeof *x.cursor), mem_new(n, sizeof *x.came)};
	for (unsigned i = 0; i < n; i++) {
		shards[i]->out = out[i];
		give_names(shards[i], r);
	}
	for (unsigned i = 0; i < n; i++)
		settle(&x, i);
	deal(&x);
	for (unsigned i = 0; i < n; i++)
		if (x.came[i])
			lines_sort(shards[i]);
	free(x.cursor);
	free(x.came);
}
