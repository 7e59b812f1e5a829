/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that tell of the sessions: what happened, in the order in which the servers write it,
 * and what goes wrong on the way: ends that get lost, clocks a second off, packets sent again since
 * no answer came. See access.h; the text is tell.c's. */
#include "base/mem.h"
#include "sim/sink.h"
#include "sim/tell.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INTERIM_MS = 3600000, AGAIN_PERCENT = 3, TEXT_FLUSH = 1 << 16 };

static const char *const names[TELL_FILES] = {
    "radius.detail", "dhcpd.leases", "dhcpd6.leases", "kea-legal.log", "cgn.log"};

struct entry { /* a record to be written */
	int64_t written_ms, at_ms;
	uint32_t stay;
	uint8_t kind, file, block, delay_s;
};

struct book {
	const struct access *a;
	struct rand r;
	struct entry *v;
	size_t n, cap;
};

static void add(struct book *b, const struct entry *e)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap + b->cap / 2 : 4096;
		b->v = mem_grow(b->v, b->cap, sizeof *b->v);
	}
	b->v[b->n++] = *e;
}

static int64_t skew_of(const struct access *a, const struct entry *e)
{
	const struct area *area = &areas[a->stays[e->stay].area];
	return e->file == TELL_NAT ? area->nat_skew_ms : area->skew_ms;
}

/* What lies behind the run has not been written yet. */
static void enter(struct book *b, uint32_t stay, enum tell_file file, enum tell_kind kind,
    int64_t at_ms, uint8_t block)
{
	struct entry e = {.at_ms = at_ms,
	    .stay = stay,
	    .kind = (uint8_t)kind,
	    .file = (uint8_t)file,
	    .block = block};
	if (at_ms >= b->a->end_ms)
		return;
	e.written_ms = at_ms + skew_of(b->a, &e);
	add(b, &e);
	if (file != TELL_RADIUS || rand_below(&b->r, 100) >= AGAIN_PERCENT)
		return;
	e.delay_s = (uint8_t)(3 + rand_below(&b->r, 6));
	e.written_ms += e.delay_s * 1000;
	add(b, &e);
}

static void enter_radius(struct book *b, uint32_t i)
{
	const struct stay *s = &b->a->stays[i];
	int64_t end_ms = s->t1_ms < b->a->end_ms ? s->t1_ms : b->a->end_ms;
	enter(b, i, TELL_RADIUS, TELL_START, s->t0_ms, 0);
	for (int64_t at = s->t0_ms + INTERIM_MS; at < end_ms; at += INTERIM_MS)
		enter(b, i, TELL_RADIUS, TELL_INTERIM, at, 0);
	if (!s->lost_stop)
		enter(b, i, TELL_RADIUS, TELL_STOP, s->t1_ms, 0);
}

static void enter_nat(struct book *b, uint32_t i)
{
	const struct stay *s = &b->a->stays[i];
	for (uint8_t k = 0; k < stay_block_n(s); k++) {
		enter(b, i, TELL_NAT, TELL_ALLOC, k ? s->extra_ms : s->t0_ms, k);
		if (!s->lost_release)
			enter(b, i, TELL_NAT, TELL_RELEASE, s->t1_ms, k);
	}
}

static void enter_lease(struct book *b, uint32_t i, enum tell_file file)
{
	const struct stay *s = &b->a->stays[i], *next = s->next ? &b->a->stays[s->next] : NULL;
	int64_t half_ms = b->a->lease_ms / 2000 * 1000;
	int64_t end_ms = s->t1_ms < b->a->end_ms ? s->t1_ms : b->a->end_ms;
	enter(b, i, file, s->goes_on ? TELL_RENEWAL : TELL_LEASE, s->t0_ms, 0);
	for (int64_t at = s->t0_ms + half_ms; at < end_ms; at += half_ms)
		enter(b, i, file, TELL_RENEWAL, at, 0);
	bool over = !s->released && !(next && next->goes_on) && file != TELL_KEA;
	if (s->released || over)
		enter(b, i, file, TELL_LEASE_END, s->free_ms, 0);
}

static void enter_all(struct book *b)
{
	for (uint32_t i = 1; i < b->a->n; i++) {
		const struct stay *s = &b->a->stays[i];
		bool kea = strcmp(areas[s->area].name, "kea") == 0;
		if (areas[s->area].kind != ACCESS_DHCP)
			enter_radius(b, i);
		if (areas[s->area].kind == ACCESS_NAT)
			enter_nat(b, i);
		if (areas[s->area].kind == ACCESS_DHCP)
			enter_lease(b, i, kea ? TELL_KEA : TELL_DHCPD);
		if (areas[s->area].kind == ACCESS_DHCP && !kea && stay_has_v6(s))
			enter_lease(b, i, TELL_DHCPD6);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->written_ms != y->written_ms)
		return x->written_ms < y->written_ms ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->stay != y->stay)
		return x->stay < y->stay ? -1 : 1;
	return x->block - y->block;
}

static void put(struct text *out, const struct access *a, const struct entry *e)
{
	struct telling t = {.a = a,
	    .s = &a->stays[e->stay],
	    .at_ms = e->at_ms,
	    .skew_ms = skew_of(a, e),
	    .number = e->file == TELL_NAT ? e->block : e->stay,
	    .delay_s = e->delay_s,
	    .kind = e->kind};
	if (e->file == TELL_RADIUS)
		tell_radius(out, &t);
	else if (e->file == TELL_KEA)
		tell_kea(out, &t);
	else if (e->file == TELL_NAT)
		tell_nat(out, &t);
	else
		tell_dhcpd(out, &t, e->file == TELL_DHCPD6);
}

static int write_file(
    const struct book *b, enum tell_file file, const char *dir, uint64_t *bytes, struct err *e)
{
	struct sink sink = {0};
	struct text out = {0};
	int failed = sink_open(&sink, dir, names[file], e);
	if (failed)
		return failed;
	text_puts(&out, tell_head(file));
	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].file != file)
			continue;
		put(&out, b->a, &b->v[i]);
		if (out.n < TEXT_FLUSH)
			continue;
		sink_add(&sink, out.p, out.n);
		text_reset(&out);
	}
	sink_add(&sink, out.p, out.n);
	text_fini(&out);
	*bytes += sink.bytes;
	return sink_close(&sink, e);
}

static int folder_of(char path[512], const char *dir, struct err *e)
{
	int n = snprintf(path, 512, "%s/sessions", dir);
	return n > 0 && n < 512 ? ERR_OK : err_set(e, ERR_SYS, "%s: the path is too long", dir);
}

int sessions_write(
    const struct access *a, const char *dir, uint64_t seed, uint64_t *bytes, struct err *e)
{
	struct book b = {.a = a, .r = rand_of(seed, UINT64_MAX - 3)};
	char path[512];
	int failed = folder_of(path, dir, e);
	if (!failed && mkdir(path, 0777) != 0 && errno != EEXIST)
		failed = err_set(e, ERR_SYS, "%s: cannot be made: %s", path, strerror(errno));
	if (failed)
		return failed;
	enter_all(&b);
	if (b.n)
		qsort(b.v, b.n, sizeof *b.v, by_time);
	for (enum tell_file file = 0; file < TELL_FILES && !failed; file++)
		failed = write_file(&b, file, path, bytes, e);
	free(b.v);
	return failed;
}

int sessions_remove(const char *dir, struct err *e)
{
	char folder[512], path[600];
	if (folder_of(folder, dir, NULL))
		return ERR_OK; /* refused when a file is opened */
	for (int i = 0; i < TELL_FILES; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return err_set(
			    e, ERR_SYS, "%s: cannot be removed: %s", path, strerror(errno));
	}
	(void)rmdir(folder); /* what others put there stays */
	return ERR_OK;
}
