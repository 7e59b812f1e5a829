/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: see line.h. Identifiers stand in one array and find each other by a keyed hash; those of a
 * line form a tree over `parent`. The joins are kept as they were done, so that lines can be built
 * anew without those that a rule or a dispute forbids. Number 0 is nobody. */
#include "attribute/line.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { ROOM = 4 << 20, BUCKETS_MIN = 1 << 10, NAMES = 3 };
#define ALONE 0x80000000u /* of lines_of: a disputed identifier is a line of its own */

enum { IDENT_DISPUTED = 1, IDENT_APART = 2, IDENT_USED = 4 };

struct ident {
	uint64_t hash;
	int64_t first_ms, seen_ms;
	size_t at; /* of its bytes */
	uint32_t next, parent, held;
	uint32_t beside;       /* the next one of its line; the last one's is the first */
	uint32_t best;         /* of a root: the identifier that names the line; */
	uint32_t names[NAMES]; /* its account, circuit, assigned name, or 0 */
	uint16_t n;
	uint8_t kind, state, flags;
};

struct join { /* done, or refused */
	uint32_t a, b;
};

struct change {
	uint32_t line, was; /* the line of that number was named by this identifier */
};

struct rule { /* what operators named */
	struct line_id id;
};

struct lines {
	struct hash_key key;
	struct ident *v;
	uint32_t *buckets;
	struct text bytes; /* values; those of identifiers forgotten stay until the next sweep */
	struct join *joins;
	struct change *changes;
	struct rule *apart, *cui; /* cui: kind NAS */
	size_t apart_n, cui_n, join_n, join_cap, change_n, change_cap;
	uint32_t n, cap, room, mask, free;
	uint8_t rank[SESSION_ID_N];
	struct lines_counts counts;
};

static const char *const order_words[LINE_KINDS] = {
    "account", "circuit", "assigned", "mac", "duid"};
static const uint8_t order_kinds[LINE_KINDS] = {
    SESSION_USER, SESSION_CIRCUIT, SESSION_ASSIGNED, SESSION_MAC, SESSION_DUID};

struct lines *lines_new(uint64_t room)
{
	struct lines *l = mem_new(1, sizeof *l);
	l->key = hash_key_random();
	l->room = room && room < ALONE ? (uint32_t)room : ROOM;
	l->mask = BUCKETS_MIN - 1;
	l->buckets = mem_new(BUCKETS_MIN, sizeof *l->buckets);
	l->n = 1;
	for (uint8_t i = 0; i < LINE_KINDS; i++)
		l->rank[order_kinds[i]] = i;
	l->rank[SESSION_CUI] = l->rank[SESSION_USER];
	return l;
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	mem_unmap(l->v, l->cap * sizeof *l->v);
	free(l->buckets);
	free(l->joins);
	free(l->changes);
	free(l->apart);
	free(l->cui);
	text_fini(&l->bytes);
	free(l);
}

int lines_order(struct lines *l, const char *order, struct err *e)
{
	uint8_t next = 0;
	for (uint8_t i = 0; i < LINE_KINDS; i++)
		l->rank[order_kinds[i]] = (uint8_t)(LINE_KINDS + i);
	for (struct span rest = span_of(order); rest.p;) {
		struct span word = span_trim(span_cut(&rest, ','));
		size_t i = 0;
		while (i < LINE_KINDS && !span_is(word, order_words[i]))
			i++;
		if (i == LINE_KINDS)
			return err_set(e, ERR_CONFIG,
			    "'%.*s' names no line; want account, circuit, assigned, mac, duid",
			    (int)word.n, word.p);
		l->rank[order_kinds[i]] = next++;
	}
	l->rank[SESSION_CUI] = l->rank[SESSION_USER];
	return ERR_OK;
}

void lines_account_is_cui(struct lines *l, struct span nas)
{
	struct line_id id = {.kind = SESSION_NAS, .n = (uint16_t)(nas.n < 256 ? nas.n : 255)};
	memcpy(id.bytes, nas.p, id.n);
	l->cui = mem_grow(l->cui, l->cui_n + 1, sizeof *l->cui);
	l->cui[l->cui_n++].id = id;
}

static bool id_same(const struct line_id *a, uint8_t kind, const void *p, size_t n)
{
	return a->kind == kind && a->n == n && memcmp(a->bytes, p, n) == 0;
}

static bool is_named(const struct rule *v, size_t n, uint8_t kind, const void *p, size_t bytes)
{
	for (size_t i = 0; i < n; i++)
		if (id_same(&v[i].id, kind, p, bytes))
			return true;
	return false;
}

int lines_apart(struct lines *l, const char *id, struct err *e)
{
	struct line_id parsed;
	if (!line_id_parse(span_of(id), &parsed))
		return err_set(e, ERR_CONFIG,
		    "'%s' is no identifier; want one such as mac:02:00:00:00:00:01", id);
	l->apart = mem_grow(l->apart, l->apart_n + 1, sizeof *l->apart);
	l->apart[l->apart_n++].id = parsed;
	uint32_t known = lines_find(l, &parsed);
	if (known)
		l->v[known].state |= IDENT_APART;
	return ERR_OK;
}

static uint64_t hash_of(const struct lines *l, uint8_t kind, const void *p, size_t n)
{
	return hash_bytes(&l->key, p, n).a ^ hash_mix(kind);
}

static const void *bytes_of(const struct lines *l, const struct ident *i)
{
	return l->bytes.p + i->at;
}

static uint32_t seek(const struct lines *l, uint64_t hash, const struct line_id *id)
{
	uint32_t i = l->buckets[hash & l->mask];
	while (i && !(l->v[i].hash == hash &&
			id_same(id, l->v[i].kind, bytes_of(l, &l->v[i]), l->v[i].n)))
		i = l->v[i].next;
	return i;
}

uint32_t lines_find(const struct lines *l, const struct line_id *id)
{
	return seek(l, hash_of(l, id->kind, id->bytes, id->n), id);
}

static void link_all(struct lines *l)
{
	memset(l->buckets, 0, (l->mask + 1ull) * sizeof *l->buckets);
	for (uint32_t i = 1; i < l->n; i++) {
		if (!(l->v[i].state & IDENT_USED))
			continue;
		l->v[i].next = l->buckets[l->v[i].hash & l->mask];
		l->buckets[l->v[i].hash & l->mask] = i;
	}
}

/* In huge pages once it is large: look-ups end here. */
static void grow(struct lines *l)
{
	size_t old = l->cap * sizeof *l->v;
	l->cap = l->cap ? l->cap * 2 : BUCKETS_MIN;
	struct ident *v = mem_map(l->cap * sizeof *v);
	if (old)
		memcpy(v, l->v, old);
	mem_unmap(l->v, old);
	l->v = v;
}

static uint32_t new_number(struct lines *l)
{
	uint32_t i = l->free;
	if (i) {
		l->free = l->v[i].next;
		return i;
	}
	if (l->n > l->room)
		return 0;
	if (l->n >= l->cap)
		grow(l);
	return l->n++;
}

static void add_name(const struct lines *l, uint32_t i, uint32_t names[NAMES])
{
	uint8_t kind = l->v[i].kind;
	if (kind == SESSION_USER || kind == SESSION_CUI)
		names[0] = i;
	else if (kind == SESSION_CIRCUIT)
		names[1] = i;
	else if (kind == SESSION_ASSIGNED)
		names[2] = i;
}

/* A line of its own. */
static void make_root(struct lines *l, uint32_t i)
{
	struct ident *v = &l->v[i];
	v->parent = v->best = v->beside = i;
	memset(v->names, 0, sizeof v->names);
	add_name(l, i, v->names);
}

static uint32_t add(struct lines *l, uint64_t hash, const struct line_id *id, int64_t now_ms)
{
	uint32_t i = new_number(l);
	if (!i) {
		l->counts.dropped++;
		return 0;
	}
	bool apart = is_named(l->apart, l->apart_n, id->kind, id->bytes, id->n);
	l->v[i] = (struct ident){.hash = hash,
	    .first_ms = now_ms,
	    .at = l->bytes.n,
	    .n = id->n,
	    .kind = id->kind,
	    .state = IDENT_USED | (apart ? IDENT_APART : 0)};
	text_add(&l->bytes, (const char *)id->bytes, id->n);
	make_root(l, i);
	if (++l->counts.ids > l->mask) {
		l->mask = l->mask * 2 + 1;
		l->buckets = mem_grow(l->buckets, l->mask + 1ull, sizeof *l->buckets);
		link_all(l);
		return i;
	}
	l->v[i].next = l->buckets[hash & l->mask];
	l->buckets[hash & l->mask] = i;
	return i;
}

uint32_t lines_enter_id(struct lines *l, const struct line_id *id, uint8_t flags, int64_t now_ms)
{
	uint64_t hash = hash_of(l, id->kind, id->bytes, id->n);
	uint32_t i = seek(l, hash, id);
	i = i ? i : add(l, hash, id, now_ms);
	if (!i)
		return 0;
	if (now_ms > l->v[i].seen_ms)
		l->v[i].seen_ms = now_ms;
	l->v[i].flags |= flags;
	return i;
}

static uint32_t root_of(const struct lines *l, uint32_t i)
{
	while (l->v[i].parent != i) {
		l->v[i].parent = l->v[l->v[i].parent].parent; /* halves the way of the next */
		i = l->v[i].parent;
	}
	return i;
}

/* Which of two identifiers of a line names it: the stronger kind, then the one that was first. */
static uint32_t better(const struct lines *l, uint32_t a, uint32_t b)
{
	const struct ident *x = &l->v[a], *y = &l->v[b];
	if (l->rank[x->kind] != l->rank[y->kind])
		return l->rank[x->kind] < l->rank[y->kind] ? a : b;
	if (x->first_ms != y->first_ms)
		return x->first_ms < y->first_ms ? a : b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = memcmp(bytes_of(l, x), bytes_of(l, y), n);
	return order < 0 || (order == 0 && x->n <= y->n) ? a : b;
}

/* Joins the lines of two identifiers. False: they are two lines. */
static bool unite(struct lines *l, uint32_t a, uint32_t b)
{
	uint32_t to = root_of(l, a), from = root_of(l, b);
	struct ident *x = &l->v[to], *y = &l->v[from];
	for (size_t i = 0; i < NAMES; i++)
		if (x->names[i] && y->names[i] && x->names[i] != y->names[i])
			return false;
	for (size_t i = 0; i < NAMES; i++)
		x->names[i] = x->names[i] ? x->names[i] : y->names[i];
	x->best = better(l, x->best, y->best);
	x->flags |= y->flags;
	y->parent = to;
	uint32_t beside = x->beside;
	x->beside = y->beside;
	y->beside = beside;
	return true;
}

static void note_join(struct lines *l, uint32_t a, uint32_t b)
{
	if (l->join_n == l->join_cap) {
		l->join_cap = l->join_cap ? l->join_cap * 2 : BUCKETS_MIN;
		l->joins = mem_grow(l->joins, l->join_cap, sizeof *l->joins);
	}
	l->joins[l->join_n++] = (struct join){a, b};
}

/* A line has another name, or other flags, than when it was as `before`. */
static void note_change(struct lines *l, uint32_t line, const struct ident *before)
{
	const struct ident *now = &l->v[root_of(l, line)];
	if (before->best == now->best && before->flags == now->flags)
		return;
	if (l->change_n == l->change_cap) {
		l->change_cap = l->change_cap ? l->change_cap * 2 : BUCKETS_MIN;
		l->changes = mem_grow(l->changes, l->change_cap, sizeof *l->changes);
	}
	l->changes[l->change_n++] = (struct change){line, before->best};
}

/* It names its line no more; the others of the line do. */
static void dispute(struct lines *l, uint32_t b)
{
	uint32_t root = root_of(l, b), i = b, best = 0, names[NAMES] = {0};
	const struct ident before = l->v[root];
	l->counts.refused++;
	l->counts.disputed++;
	l->v[b].state |= IDENT_DISPUTED;
	while ((i = l->v[i].beside) != b) {
		if (l->v[i].state & IDENT_DISPUTED)
			continue;
		best = best ? better(l, best, i) : i;
		add_name(l, i, names);
	}
	if (!best)
		return;
	l->v[root].best = best;
	memcpy(l->v[root].names, names, sizeof names);
	note_change(l, root, &before);
}

/* fresh: b was not there before, so that nobody knows it by its name. */
static void join(struct lines *l, uint32_t a, uint32_t b, bool fresh)
{
	enum { NEVER = IDENT_APART | IDENT_DISPUTED };
	if (!a || !b || a >= l->n || b >= l->n || (l->v[a].state | l->v[b].state) & NEVER)
		return;
	uint32_t to = root_of(l, a), from = root_of(l, b);
	const struct ident x = l->v[to], y = l->v[from];
	if (to == from)
		return;
	note_join(l, a, b);
	if (!unite(l, a, b)) {
		dispute(l, b);
		return;
	}
	l->counts.joined++;
	note_change(l, to, &x);
	if (!fresh)
		note_change(l, from, &y);
}

void lines_join(struct lines *l, uint32_t a, uint32_t b)
{
	join(l, a, b, false);
}

static void id_set(struct line_id *id, uint8_t kind, struct span value)
{
	id->kind = kind;
	id->n = (uint16_t)value.n;
	memcpy(id->bytes, value.p, value.n);
}

static void id_set_circuit(struct line_id *id, struct span circuit, struct span far)
{
	id->kind = SESSION_CIRCUIT;
	id->bytes[0] = (uint8_t)circuit.n;
	id->n = (uint16_t)(1 + circuit.n + far.n);
	if (circuit.n)
		memcpy(id->bytes + 1, circuit.p, circuit.n);
	if (far.n)
		memcpy(id->bytes + 1 + circuit.n, far.p, far.n);
}

/* The identifiers of a record, each as one of ours; how many. */
static size_t gather(
    const struct lines *l, const struct session_ids *ids, struct line_id v[LINE_KINDS])
{
	struct span nas = session_ids_get(ids, SESSION_NAS),
		    user = session_ids_get(ids, SESSION_USER);
	struct span cui = session_ids_get(ids, SESSION_CUI);
	struct span circuit = session_ids_get(ids, SESSION_CIRCUIT);
	struct span far = session_ids_get(ids, SESSION_REMOTE);
	bool by_cui = nas.n && is_named(l->cui, l->cui_n, SESSION_NAS, nas.p, nas.n);
	size_t n = 0;
	if (user.n && !by_cui)
		id_set(&v[n++], SESSION_USER, user);
	else if (cui.n)
		id_set(&v[n++], SESSION_CUI, cui);
	if (circuit.n || far.n)
		id_set_circuit(&v[n++], circuit, far);
	for (size_t i = 2; i < LINE_KINDS; i++) {
		struct span value = session_ids_get(ids, (enum session_id)order_kinds[i]);
		if (value.n)
			id_set(&v[n++], order_kinds[i], value);
	}
	return n;
}

static size_t strongest(const struct lines *l, const struct line_id *v, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (l->rank[v[i].kind] < l->rank[v[best].kind])
			best = i;
	return best;
}

uint32_t lines_enter(struct lines *l, const struct session_ids *ids, uint8_t flags, int64_t now_ms)
{
	struct line_id v[LINE_KINDS];
	size_t n = gather(l, ids, v);
	if (!n)
		return 0;
	size_t best = strongest(l, v, n);
	uint32_t number = lines_enter_id(l, &v[best], flags, now_ms);
	for (size_t i = 0; i < n && number; i++) {
		uint64_t known = l->counts.ids;
		uint32_t other = i == best ? 0 : lines_enter_id(l, &v[i], flags, now_ms);
		join(l, number, other, l->counts.ids > known);
	}
	return number;
}

bool line_id_of(const struct lines *l, const struct session_ids *ids, struct line_id *id)
{
	struct line_id v[LINE_KINDS];
	size_t n = gather(l, ids, v);
	if (n)
		*id = v[strongest(l, v, n)];
	return n > 0;
}

uint32_t lines_of(const struct lines *l, uint32_t id)
{
	if (!id || id >= l->n)
		return 0;
	return l->v[id].state & IDENT_DISPUTED ? id | ALONE : root_of(l, id);
}

void lines_look(const struct lines *l, uint32_t id)
{
	mem_near(&l->v[id].parent);
	mem_near(&l->v[id].flags);
}

uint8_t lines_flags(const struct lines *l, uint32_t id)
{
	if (!id || id >= l->n)
		return 0;
	bool alone = l->v[id].state & IDENT_DISPUTED;
	return l->v[id].flags | (alone ? 0 : l->v[root_of(l, id)].flags);
}

void lines_get(const struct lines *l, uint32_t id, struct line_id *out)
{
	out->kind = 0;
	out->n = 0;
	if (id && id < l->n)
		id_set(out, l->v[id].kind, (struct span){bytes_of(l, &l->v[id]), l->v[id].n});
}

void lines_name(const struct lines *l, uint32_t id, struct line_id *name)
{
	uint32_t line = lines_of(l, id);
	lines_get(l, line & ALONE ? id : line ? l->v[line].best : 0, name);
}

void lines_hold(struct lines *l, uint32_t id)
{
	if (id && id < l->n)
		l->v[id].held++;
}

void lines_release(struct lines *l, uint32_t id)
{
	if (id && id < l->n && l->v[id].held)
		l->v[id].held--;
}

/* What is left moves together; a number that is forgotten is free for another. */
static void forget(struct lines *l, int64_t before_ms)
{
	struct text kept = {0};
	l->free = 0;
	for (uint32_t i = l->n - 1; i > 0; i--) {
		struct ident *v = &l->v[i];
		bool used = v->state & IDENT_USED && (v->held || v->seen_ms >= before_ms);
		if (!used) {
			l->counts.ids -= v->state & IDENT_USED ? 1 : 0;
			*v = (struct ident){.next = l->free};
			l->free = i;
			continue;
		}
		size_t at = kept.n;
		text_add(&kept, bytes_of(l, v), v->n);
		v->at = at;
		make_root(l, i);
	}
	text_fini(&l->bytes);
	l->bytes = kept;
}

void lines_sweep(struct lines *l, int64_t before_ms)
{
	size_t kept = 0;
	forget(l, before_ms);
	link_all(l);
	for (size_t i = 0; i < l->join_n; i++) {
		struct join j = l->joins[i];
		bool good = l->v[j.a].state == IDENT_USED && l->v[j.b].state == IDENT_USED;
		if (good && root_of(l, j.a) != root_of(l, j.b) && unite(l, j.a, j.b))
			l->joins[kept++] = j;
	}
	l->join_n = kept;
	l->change_n = 0;
}

const struct lines_counts *lines_counted(const struct lines *l)
{
	return &l->counts;
}

bool lines_next_join(const struct lines *l, size_t *at, uint32_t *a, uint32_t *b)
{
	if (*at >= l->join_n)
		return false;
	*a = l->joins[*at].a;
	*b = l->joins[*at].b;
	++*at;
	return true;
}

bool lines_next_change(const struct lines *l, size_t *at, struct line_change *c)
{
	if (*at >= l->change_n)
		return false;
	c->line = l->changes[*at].line;
	c->was = l->changes[*at].was;
	c->is = l->v[root_of(l, c->line)].best;
	++*at;
	return true;
}

bool lines_next_line(const struct lines *l, uint32_t *at)
{
	while (++*at < l->n) {
		const struct ident *v = &l->v[*at];
		if (v->state & IDENT_USED &&
		    (v->state & IDENT_DISPUTED || l->v[root_of(l, *at)].best == *at))
			return true;
	}
	return false;
}

static void save_ids(const struct lines *l, struct save *out)
{
	bool open = false;
	for (uint32_t i = 1; i < l->n; i++) {
		const struct ident *v = &l->v[i];
		if (!(v->state & IDENT_USED))
			continue;
		if (!open)
			save_begin(out, "LNID");
		save_uint(out, i, 4);
		save_uint(out, v->kind, 1);
		save_uint(out, v->flags, 1);
		save_uint(out, v->state & IDENT_DISPUTED, 1);
		save_uint(out, (uint64_t)v->first_ms, 8);
		save_uint(out, (uint64_t)v->seen_ms, 8);
		save_uint(out, v->n, 2);
		save_bytes(out, bytes_of(l, v), v->n);
		open = !save_is_full(out);
		if (!open)
			save_end(out);
	}
	if (open)
		save_end(out);
}

void lines_save(const struct lines *l, struct save *out)
{
	save_ids(l, out);
	for (size_t i = 0; i < l->join_n;) {
		save_begin(out, "LNJN");
		for (; i < l->join_n && !save_is_full(out); i++) {
			save_uint(out, l->joins[i].a, 4);
			save_uint(out, l->joins[i].b, 4);
		}
		save_end(out);
	}
}

struct renumber { /* old number -> new one */
	uint32_t *v;
	size_t n;
};

static bool load_id(struct lines *l, struct buf *b, struct renumber *numbers)
{
	struct line_id id = {0};
	uint32_t old = buf_le32(b);
	id.kind = buf_u8(b);
	uint8_t flags = buf_u8(b), state = buf_u8(b) & IDENT_DISPUTED;
	int64_t first_ms = (int64_t)buf_le64(b), seen_ms = (int64_t)buf_le64(b);
	id.n = buf_le16(b);
	const uint8_t *p = buf_take(b, id.n);
	if (!p || id.n > LINE_VALUE_MAX || !id.kind || id.kind >= SESSION_ID_N || old > 1u << 28)
		return false;
	memcpy(id.bytes, p, id.n);
	uint32_t i = lines_enter_id(l, &id, flags, seen_ms);
	if (i) {
		l->v[i].first_ms = first_ms;
		l->v[i].state |= state;
	}
	if (old >= numbers->n) {
		size_t n = old + old / 2 + BUCKETS_MIN;
		numbers->v = mem_grow(numbers->v, n, sizeof *numbers->v);
		memset(numbers->v + numbers->n, 0, (n - numbers->n) * sizeof *numbers->v);
		numbers->n = n;
	}
	numbers->v[old] = i;
	return true;
}

static bool load_join(struct lines *l, struct buf *b, const struct renumber *numbers)
{
	uint32_t x = buf_le32(b), y = buf_le32(b);
	if (b->bad || x >= numbers->n || y >= numbers->n)
		return false;
	lines_join(l, numbers->v[x], numbers->v[y]);
	return true;
}

int lines_load(struct lines *l, struct load *in)
{
	struct renumber numbers = {0};
	bool good = true;
	while (good && (load_is(in, "LNID") || load_is(in, "LNJN"))) {
		bool ids = load_is(in, "LNID");
		while (good && buf_left(&in->section))
			good = ids ? load_id(l, &in->section, &numbers)
				   : load_join(l, &in->section, &numbers);
		if (good)
			load_next(in);
	}
	free(numbers.v);
	return load_check(in, good);
}
