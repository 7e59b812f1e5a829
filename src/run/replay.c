/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replayed datagrams: see replay.h. Two ways of knowing them:
 *
 * - by their content: hashes of what came in the last one to two minutes, or as many as there is
 *   room for: 131,072 to twice that of one sender, less where senders share all the room there is.
 * - by their header (RFC 3954, 5.1; RFC 7011, 3.1; NetFlow v5's is like v9's): one that is behind
 * in its sequence and was exported seconds before the newest. An exporter that restarts begins its
 *   sequence anew, too, but its time goes on, and by NetFlow's uptime it is seen to be younger.
 *   Numbers alone say nothing: two processes behind one address may number alike, each its own way.
 *   So that nobody makes an honest exporter look old by one forged datagram from the future, no
 *   time counts as later than its arrival.
 *
 * What is older than an hour is left to the check of clocks. What it misses: sFlow has no time in
 * its header, so that only its content tells; a restart of the reader forgets all. An IPFIX
 * exporter that restarts while its clock is set back by less than an hour is refused until it is
 * past its old time again. */
#include "run/replay.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { CAP_FIRST = 256, CAP_MAX = 1 << 18, SLOTS_MAX = 1 << 22 /* 32 MiB, of all senders */ };
enum { TURN_MS = 60000, BEHIND_MS = 5000, HOUR_MS = 3600000, YOUNGER_MS = 3000 };

struct replay {
	struct hash_key key;
	size_t slots; /* of all sets */
};

struct replay *replay_new(void)
{
	struct replay *r = mem_new(1, sizeof *r);
	r->key = hash_key_random();
	return r;
}

void replay_free(struct replay *r)
{
	free(r);
}

static void drop_set(struct replay *r, struct replay_set *s)
{
	r->slots -= s->cap;
	free(s->slots);
	*s = (struct replay_set){0};
}

void replay_forget(struct replay *r, struct replay_sender *s)
{
	drop_set(r, &s->now);
	drop_set(r, &s->before);
}

static uint64_t *find(const struct replay_set *s, uint64_t hash)
{
	size_t i = hash & (s->cap - 1);
	while (s->slots[i] && s->slots[i] != hash)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

static bool holds(const struct replay_set *s, uint64_t hash)
{
	return s->cap && *find(s, hash) == hash;
}

static bool grow(struct replay *r, struct replay_set *s)
{
	struct replay_set wider = {.n = s->n, .cap = s->cap ? s->cap * 2 : CAP_FIRST};
	if (wider.cap > CAP_MAX || (s->cap && r->slots + wider.cap > SLOTS_MAX))
		return false;
	wider.slots = mem_new(wider.cap, sizeof *wider.slots);
	r->slots += wider.cap;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			*find(&wider, s->slots[i]) = s->slots[i];
	drop_set(r, s);
	*s = wider;
	return true;
}

static void turn(struct replay *r, struct replay_sender *s, int64_t now_ms)
{
	drop_set(r, &s->before);
	s->before = s->now;
	s->now = (struct replay_set){0};
	s->turned_ms = now_ms;
}

static void remember(struct replay *r, struct replay_sender *s, uint64_t hash, int64_t now_ms)
{
	if (now_ms - s->turned_ms >= TURN_MS || now_ms < s->turned_ms)
		turn(r, s, now_ms);
	if (2 * s->now.n >= s->now.cap && !grow(r, &s->now)) {
		turn(r, s, now_ms);
		(void)grow(r, &s->now); /* the first room is there for everybody */
	}
	*find(&s->now, hash) = hash;
	s->now.n++;
}

static uint64_t hash_of(const struct replay *r, const uint8_t *p, size_t n)
{
	uint64_t words[3] = {0, 0, n};
	size_t whole = n / sizeof *words * sizeof *words;
	words[0] = hash_words(&r->key, (const uint64_t *)(const void *)p, n / sizeof *words);
	if (n > whole)
		memcpy(&words[1], p + whole, n - whole);
	uint64_t hash = hash_words(&r->key, words, 3);
	return hash ? hash : 1;
}

/* False where the datagram has no such header. */
static bool read_head(const uint8_t *p, size_t n, struct replay_course *c)
{
	struct buf b = buf_of(p, n);
	uint16_t version = buf_be16(&b);
	uint32_t domain;
	if (version != 5 && version != 9 && version != 10)
		return false;
	buf_skip(&b, 2);
	uint32_t uptime_ms = version == 10 ? 0 : buf_be32(&b);
	c->time_ms = (int64_t)buf_be32(&b) * 1000;
	buf_skip(&b, version == 5 ? 4 : 0); /* nanoseconds */
	c->sequence = buf_be32(&b);
	domain = version == 5 ? buf_be16(&b) : buf_be32(&b);
	c->boot_ms = (uint32_t)((uint64_t)c->time_ms - uptime_ms);
	c->of = (uint64_t)version << 32 | domain;
	return !b.bad;
}

static bool is_younger(const struct replay_course *c, const struct replay_course *than)
{
	return c->of >> 32 != 10 && (int32_t)(c->boot_ms - than->boot_ms) > YOUNGER_MS;
}

static struct replay_course *course_of(struct replay_sender *s, uint64_t of)
{
	for (size_t i = 0; i < REPLAY_COURSES; i++)
		if (s->courses[i].of == of)
			return &s->courses[i];
	struct replay_course *c = &s->courses[s->next++ % REPLAY_COURSES];
	*c = (struct replay_course){0};
	return c;
}

static bool is_behind(struct replay_sender *s, const uint8_t *p, size_t n, int64_t now_ms)
{
	struct replay_course is;
	if (!read_head(p, n, &is))
		return false;
	struct replay_course *newest = course_of(s, is.of);
	int64_t behind_ms = newest->time_ms - is.time_ms;
	bool before = (int32_t)(is.sequence - newest->sequence) < 0;
	if (newest->of && before && behind_ms > 0 && behind_ms <= HOUR_MS &&
	    !is_younger(&is, newest))
		return behind_ms >= BEHIND_MS;
	if (is.time_ms > now_ms)
		is.time_ms = now_ms;
	*newest = is;
	return false;
}

bool replay_is(
    struct replay *r, struct replay_sender *s, const uint8_t *p, size_t n, int64_t now_ms)
{
	uint64_t hash = hash_of(r, p, n);
	if (holds(&s->now, hash) || holds(&s->before, hash) || is_behind(s, p, n, now_ms))
		return true;
	remember(r, s, hash, now_ms);
	return false;
}
