/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's list of what is muted: see evidence.h. Rows: line or prefix, detector or *, peer
 * or port or
 * *, until, reason. What is muted is counted. */
#include "base/mem.h"
#include "base/when.h"
#include "evidence/evidence.h"
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 5 };

struct rule {
	struct prefix line;
	char detector[40]; /* "" any */
	struct prefix peer;
	uint16_t port;
	bool by_peer, by_port;
	int64_t until_ms; /* 0: for ever */
};

struct allow {
	struct rule *v;
	size_t n;
};

struct allow *allow_new(void)
{
	return mem_new(1, sizeof(struct allow));
}

void allow_free(struct allow *a)
{
	if (a)
		free(a->v);
	free(a);
}

static bool any(struct span s)
{
	return s.n == 0 || span_is(s, "*");
}

static int what_of(struct span s, struct rule *r, struct err *e)
{
	uint64_t port;
	if (any(s))
		return ERR_OK;
	if (span_uint(s, &port) && port <= UINT16_MAX) {
		r->by_port = true;
		r->port = (uint16_t)port;
		return ERR_OK;
	}
	r->by_peer = true;
	return prefix_parse(s, &r->peer, e);
}

static int rule_of(struct span f[COLUMNS], size_t n, struct rule *r, struct err *e)
{
	*r = (struct rule){0};
	if (n < 2)
		return err_set(e, ERR_CONFIG, "want line,detector,peer or port,until,reason");
	int bad = prefix_parse(f[0], &r->line, e);
	if (!bad && n > 2)
		bad = what_of(f[2], r, e);
	if (!bad && !any(f[1]) && !str_copy(r->detector, sizeof r->detector, f[1].p, f[1].n))
		bad = err_set(e, ERR_CONFIG, "'%.*s' is no detector", (int)f[1].n, f[1].p);
	if (!bad && n > 3 && !any(f[3]) && !when_parse(f[3], 0, &r->until_ms))
		bad = err_set(e, ERR_CONFIG, "'%.*s' is not a time", (int)f[3].n, f[3].p);
	return bad;
}

int allow_read(struct allow *a, const char *file_name, const char *text, size_t n, struct err *e)
{
	struct span rest = {text, n}, f[COLUMNS];
	for (unsigned line = 1; rest.p; line++) {
		struct span row = span_trim(span_cut(&rest, '\n'));
		if (row.n == 0 || row.p[0] == '#')
			continue;
		size_t fields = 0;
		for (struct span left = row; left.p && fields < COLUMNS; fields++)
			f[fields] = span_trim(span_cut(&left, ','));
		if (a->n == 0 && span_is_nocase(f[0], "line"))
			continue;
		struct rule r;
		struct err why;
		if (rule_of(f, fields, &r, &why))
			return err_set(
			    e, ERR_CONFIG, "%s line %u: %.160s", file_name, line, why.msg);
		a->v = mem_grow(a->v, a->n + 1, sizeof *a->v);
		a->v[a->n++] = r;
	}
	return ERR_OK;
}

static bool covers_top(const struct rule *r, const struct evidence *e)
{
	for (uint32_t i = 0; i < e->top_n; i++)
		if ((r->by_port && e->top[i].port != r->port) ||
		    (r->by_peer && !prefix_holds(&r->peer, &e->top[i].addr)))
			return false;
	return e->top_n > 0;
}

bool allow_holds(const struct allow *a, const struct evidence *e, const char *detector)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct rule *r = &a->v[i];
		if (!prefix_holds(&r->line, &e->subject.id) ||
		    (r->detector[0] && strcmp(r->detector, detector) != 0) ||
		    (r->until_ms && e->first_ms > r->until_ms))
			continue;
		if ((!r->by_peer && !r->by_port) || covers_top(r, e))
			return true;
	}
	return false;
}
