/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verifying the log: see audit.h. Both files are read once, side by side. The chain is followed to
 * its end or to where it breaks; every record must give the leaf of its entry, or say that it was
 * erased, and then a later entry must say so too. */
#include "base/mem.h"
#include "run/audit_line.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SAID_MAX = 20 };

struct numbers {
	uint64_t *v;
	size_t n, cap;
};

struct wanted {
	bool given, numbered, met;
	struct audit_head head;
};

struct check {
	FILE *chain, *records;
	struct audit_report *r;
	struct wanted wanted;
	char *line; /* the record line at hand, without its end */
	size_t line_cap;
	ssize_t line_n;             /* -1: there is none left */
	bool whole;                 /* it ended with a line end */
	struct audit_record record; /* what it says; n 0: nothing that can be understood */
	struct numbers erased, told;
	size_t said_n;
	bool broken; /* the chain cannot be followed further */
};

static void say(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct check *c, const char *fmt, ...)
{
	char sentence[256];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof sentence, fmt, ap);
	va_end(ap);
	if (c->said_n++ < SAID_MAX)
		text_fmt(&c->r->said, "%s\n", sentence);
	else if (c->said_n == SAID_MAX + 1)
		text_puts(&c->r->said, "and more of this kind\n");
}

#define WRONG(c, ...) ((c)->r->sound = false, say((c), __VA_ARGS__))

static unsigned long long number(uint64_t n)
{
	return n;
}

static void add(struct numbers *t, uint64_t n)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->v = mem_grow(t->v, t->cap, sizeof *t->v);
	}
	t->v[t->n++] = n;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static int read_wanted(const char *text, struct wanted *w, struct err *e)
{
	if (!text)
		return ERR_OK;
	struct span rest = span_of(text), n = span_cut(&rest, ':');
	w->numbered = rest.p;
	w->given = true;
	bool good = w->numbered ? span_uint(n, &w->head.n) : true;
	good &= span_hex(w->numbered ? rest : n, w->head.hash, sizeof w->head.hash);
	return good ? ERR_OK
		    : err_set(e, ERR_CONFIG,
			  "'%.80s' is no head of the log: it looks like 12:0f1e..., or the 64 "
			  "digits "
			  "alone",
			  text);
}

static void next_record(struct check *c)
{
	c->line_n = getline(&c->line, &c->line_cap, c->records);
	c->record = (struct audit_record){0};
	c->whole = c->line_n > 0 && c->line[c->line_n - 1] == '\n';
	c->line_n -= c->whole;
	if (c->whole && !audit_record_read((struct span){c->line, (size_t)c->line_n}, &c->record))
		c->record.n = 0;
}

/* The record of one entry of the chain. */
static void check_record(struct check *c, const struct audit_line *l)
{
	uint8_t leaf[DIGEST_SHA256];
	for (; c->line_n >= 0 && c->whole && c->record.n < l->n; next_record(c))
		WRONG(c, "before the record of entry %llu stands a line that is no record of it",
		    number(l->n));
	if (c->record.n != l->n) {
		WRONG(c, "entry %llu: its record is missing", number(l->n));
		return;
	}
	if (c->record.erased) {
		add(&c->erased, l->n);
	} else {
		audit_record_leaf(&c->record, leaf);
		if (memcmp(leaf, l->leaf, sizeof leaf) != 0)
			WRONG(c, "entry %llu: its record was changed", number(l->n));
		else if (audit_erasure_of(c->record.json))
			add(&c->told, audit_erasure_of(c->record.json));
	}
	next_record(c);
}

static void compare_wanted(struct check *c)
{
	struct wanted *w = &c->wanted;
	const struct audit_head *h = &c->r->head;
	bool same = memcmp(h->hash, w->head.hash, sizeof h->hash) == 0;
	if (!w->given || (w->numbered && w->head.n != h->n))
		return;
	w->met |= same;
	if (w->numbered && !same)
		WRONG(c, "entry %llu: its head is another than the one given", number(h->n));
}

/* One entry further. False: the chain ends or breaks here; *rest: bytes that are no whole line. */
static bool check_line(struct check *c, size_t *rest)
{
	static const char zeros[AUDIT_LINE];
	char bytes[AUDIT_LINE];
	struct audit_line l, want;
	size_t n = fread(bytes, 1, sizeof bytes, c->chain);
	uint64_t here = c->r->head.n + 1;
	*rest = n < sizeof bytes ? n : 0;
	if (n < sizeof bytes)
		return false;
	if (memcmp(bytes, zeros, sizeof bytes) == 0 && getc(c->chain) == EOF) {
		*rest = n;
		return false;
	}
	bool good = audit_line_read((struct span){bytes, n}, &l) && l.n == here;
	if (good) {
		want = audit_line_next(&c->r->head, l.leaf);
		good = memcmp(want.head, l.head, sizeof l.head) == 0;
	}
	if (!good) {
		c->broken = true;
		WRONG(c, "the chain breaks at entry %llu: a line was changed, added or deleted",
		    number(here));
		return false;
	}
	c->r->head.n = here;
	memcpy(c->r->head.hash, l.head, sizeof l.head);
	compare_wanted(c);
	check_record(c, &l);
	return true;
}

/* What stands behind the last entry: a crash leaves at most one record, or a piece of one, and then
 * a piece of a line of the chain. */
static void check_end(struct check *c, size_t rest)
{
	uint64_t next = c->r->head.n + 1;
	bool one = c->line_n >= 0 && c->whole && c->record.n == next && !c->record.erased;
	if (one) {
		say(c,
		    "entry %llu was being written when its program ended: its record is there, "
		    "the chain lacks it. It was not answered. The next entry puts it right.",
		    number(next));
		next_record(c);
	} else if (rest) {
		WRONG(c, "behind entry %llu stand %zu bytes in the chain that are no entry",
		    number(next - 1), rest);
	}
	if (c->line_n >= 0 && !c->whole && !one)
		say(c,
		    "the record of entry %llu was half written when its program ended. It was not "
		    "answered. The next entry puts it right.",
		    number(next));
	else if (c->line_n >= 0)
		WRONG(c, "behind entry %llu stand records that the chain lacks: it was cut",
		    number(next - 1));
}

static void check_erasures(struct check *c)
{
	c->r->erased = c->erased.n;
	if (c->told.n)
		qsort(c->told.v, c->told.n, sizeof *c->told.v, by_number);
	for (size_t i = 0; i < c->erased.n; i++)
		if (!c->told.n ||
		    !bsearch(&c->erased.v[i], c->told.v, c->told.n, sizeof *c->told.v, by_number))
			WRONG(c,
			    "entry %llu: its record is gone, and no entry says that it was "
			    "erased",
			    number(c->erased.v[i]));
}

static void check_all(struct check *c)
{
	size_t rest = 0;
	const struct wanted *w = &c->wanted;
	next_record(c);
	compare_wanted(c);
	while (check_line(c, &rest))
		;
	check_erasures(c);
	if (c->broken)
		return;
	check_end(c, rest);
	if (w->given && w->numbered && w->head.n > c->r->head.n)
		WRONG(c, "the log has %llu entries, the head given is of %llu: its end was cut off",
		    number(c->r->head.n), number(w->head.n));
	else if (w->given && !w->numbered && !w->met)
		WRONG(c, "no entry has the head given: the log was cut off or written anew");
}

int audit_verify(const char *state, const char *wanted, struct audit_report *r, struct err *e)
{
	struct check c = {.r = r};
	*r = (struct audit_report){.sound = true};
	int bad = read_wanted(wanted, &c.wanted, e);
	if (bad)
		return bad;
	int chain = audit_file(state, "chain", O_RDONLY), records = -1;
	bool none = chain < 0 && errno == ENOENT;
	if (none || (chain >= 0 && flock(chain, LOCK_SH) == 0))
		records = audit_file(state, "records", O_RDONLY);
	if (none && records < 0 && errno == ENOENT && !wanted)
		return err_set(e, ERR_NONE, "%.150s: there is no log yet", state);
	c.chain = chain >= 0 ? fdopen(chain, "r") : fopen("/dev/null", "re");
	c.records = records >= 0 ? fdopen(records, "r") : fopen("/dev/null", "re");
	if (!c.chain || !c.records || ((chain < 0 || records < 0) && errno == EACCES))
		bad = err_set(e, ERR_SYS, "%.150s/audit: %s", state, strerror(errno));
	else
		check_all(&c);
	if (c.chain)
		(void)fclose(c.chain);
	if (c.records)
		(void)fclose(c.records);
	free(c.line);
	free(c.erased.v);
	free(c.told.v);
	return bad;
}
