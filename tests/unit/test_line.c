/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which identifiers are one line: names, joins, joins refused, rules, memory that is given back. */
#include "attribute/attribute.h"
#include "base/rand.h"
#include "rec/subject.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC1 "\x02\1\1\1\1\1"
#define MAC2 "\x02\1\1\1\1\2"

struct record {
	const char *user, *circuit, *remote, *mac, *nas, *cui, *assigned;
};

static void put(struct session_ids *ids, enum session_id kind, const char *text)
{
	if (text)
		assert_int_equal(session_ids_add(ids, kind, span_of(text)), ERR_OK);
}

static struct session_ids ids_of(const struct record *r)
{
	struct session_ids ids = {0};
	put(&ids, SESSION_USER, r->user);
	put(&ids, SESSION_CUI, r->cui);
	put(&ids, SESSION_CIRCUIT, r->circuit);
	put(&ids, SESSION_REMOTE, r->remote);
	put(&ids, SESSION_ASSIGNED, r->assigned);
	put(&ids, SESSION_MAC, r->mac);
	put(&ids, SESSION_NAS, r->nas);
	return ids;
}

static uint32_t enter(struct lines *l, const struct record *r)
{
	struct session_ids ids = ids_of(r);
	return lines_enter(l, &ids, 0, 1000);
}

static void expect(struct lines *l, const struct record *r, const char *want)
{
	char got[LINE_TEXT];
	struct line_id name;
	lines_name(l, enter(l, r), &name);
	line_id_text(&name, got);
	assert_string_equal(got, want);
}

static void strongest_names_the_line(void **state)
{
	static const struct {
		struct record r;
		const char *want;
	} rows[] = {
	    {{.user = "alice@isp.example", .circuit = "olt1/1/3:42", .mac = MAC1},
		"user:alice@isp.example"},
	    {{.circuit = "olt1/1/3:42", .remote = "x"}, "circuit:olt1/1/3:42,remote:x"},
	    {{.remote = "x"}, "circuit:,remote:x"},
	    {{.circuit = "a,b%c\x01"}, "circuit:a%2Cb%25c%01"},
	    {{.assigned = "school 4", .mac = MAC1}, "assigned:school 4"},
	    {{.mac = MAC1}, "mac:02:01:01:01:01:01"},
	    {{.cui = "c1"}, "cui:c1"},
	    {{.cui = "c1", .user = "u1"}, "user:u1"},
	    {{.cui = "c1", .user = "anonymous", .nas = "wifi"}, "cui:c1"},
	    {{.user = "anonymous", .nas = "wifi", .mac = MAC2}, "mac:02:01:01:01:01:02"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct lines *l = lines_new(0);
		lines_account_is_cui(l, span_of("wifi"));
		expect(l, &rows[i].r, rows[i].want);
		struct line_id back;
		char again[LINE_TEXT];
		assert_true(line_id_parse(span_of(rows[i].want), &back));
		line_id_text(&back, again);
		assert_string_equal(again, rows[i].want);
		assert_true(lines_find(l, &back) > 0);
		lines_free(l);
	}
}

static void seen_together_is_one_line(void **state)
{
	struct lines *l = lines_new(0);
	(void)state;
	(void)enter(l, &(struct record){.circuit = "c1", .mac = MAC1});
	(void)enter(l, &(struct record){.user = "alice", .mac = MAC1});
	expect(l, &(struct record){.mac = MAC1}, "user:alice");
	expect(l, &(struct record){.circuit = "c1"}, "user:alice");
	assert_int_equal(lines_of(l, enter(l, &(struct record){.mac = MAC1})),
	    lines_of(l, enter(l, &(struct record){.user = "alice"})));
	lines_free(l);
}

/* The join would merge two accounts: refused, counted, and the MAC accuses neither. */
static void two_accounts_stay_two(void **state)
{
	struct lines *l = lines_new(0);
	(void)state;
	(void)enter(l, &(struct record){.user = "alice", .mac = MAC1});
	(void)enter(l, &(struct record){.user = "bob", .mac = MAC1});
	assert_int_equal(lines_counted(l)->refused, 1);
	expect(l, &(struct record){.user = "alice"}, "user:alice");
	expect(l, &(struct record){.user = "bob"}, "user:bob");
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	lines_sweep(l, 0);
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	expect(l, &(struct record){.user = "bob", .mac = MAC1}, "user:bob");
	(void)enter(l, &(struct record){.circuit = "c1", .mac = MAC2});
	(void)enter(l, &(struct record){.circuit = "c2", .mac = MAC2});
	expect(l, &(struct record){.mac = MAC2}, "mac:02:01:01:01:01:02");
	lines_free(l);
}

/* The circuit named its line, and the MAC with it; now it names neither. */
static void a_disputed_identifier_names_no_line(void **state)
{
	struct lines *l = lines_new(0);
	size_t at = 0;
	struct line_change c;
	struct line_id was, is;
	(void)state;
	(void)enter(l, &(struct record){.circuit = "c1", .mac = MAC1});
	(void)enter(l, &(struct record){.user = "bob", .circuit = "c2"});
	assert_false(lines_next_change(l, &at, &c));
	(void)enter(l, &(struct record){.user = "bob", .circuit = "c1"});
	expect(l, &(struct record){.circuit = "c1"}, "circuit:c1");
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	assert_true(lines_next_change(l, &at, &c));
	lines_get(l, c.was, &was);
	lines_get(l, c.is, &is);
	assert_int_equal(was.kind, SESSION_CIRCUIT);
	assert_int_equal(is.kind, SESSION_MAC);
	assert_false(lines_next_change(l, &at, &c));
	lines_free(l);
}

enum { USERS = 6, CIRCUITS = 6, MACS = 8, KNOWN = USERS + CIRCUITS + MACS };

static struct record record_of(struct rand *r, char room[3][16])
{
	struct record v = {0};
	(void)snprintf(room[0], 16, "u%u", (unsigned)rand_below(r, USERS));
	(void)snprintf(room[1], 16, "c%u", (unsigned)rand_below(r, CIRCUITS));
	(void)snprintf(room[2], 16, "\2\1\1\1\1%c", (char)(1 + rand_below(r, MACS)));
	uint64_t which = 1 + rand_below(r, 7);
	v.user = which & 1 ? room[0] : NULL;
	v.circuit = which & 2 ? room[1] : NULL;
	v.mac = which & 4 ? room[2] : NULL;
	return v;
}

/* The identifier that names the line of another. */
static uint32_t best_of(const struct lines *l, uint32_t i)
{
	struct line_id name;
	lines_name(l, i, &name);
	return lines_find(l, &name);
}

/* Lines of different numbers have different names, and each is enumerated once. */
static void check_names(const struct lines *l, uint32_t n)
{
	uint32_t seen[KNOWN + 1] = {0}, lines = 0, at = 0, enumerated = 0;
	for (uint32_t i = 1; i <= n; i++) {
		uint32_t best = best_of(l, i);
		assert_true(!seen[best] || seen[best] == lines_of(l, i));
		lines += !seen[best];
		seen[best] = lines_of(l, i);
	}
	while (lines_next_line(l, &at)) {
		assert_int_equal(best_of(l, at), at);
		enumerated++;
	}
	assert_int_equal(enumerated, lines);
}

/* Who follows the changes calls all lines by the names that they have, whatever is seen together;
 * and the joins, done again in a table of their own, make the same lines. */
static void changes_tell_all_names(void **state)
{
	enum { RUNS = 200, STEPS = 40 };
	struct rand r = rand_of(17, 2);
	unsigned changed = 0, disputed = 0;
	(void)state;
	for (int run = 0; run < RUNS; run++) {
		struct lines *l = lines_new(0);
		uint32_t called[KNOWN + 1] = {0};
		size_t at = 0;
		for (int step = 0; step < STEPS; step++) {
			char room[3][16];
			struct record v = record_of(&r, room);
			struct line_change c;
			(void)enter(l, &v);
			uint32_t n = (uint32_t)lines_counted(l)->ids;
			while (lines_next_change(l, &at, &c)) {
				for (uint32_t i = 1; i <= n; i++)
					if (called[i] == c.was &&
					    lines_of(l, i) == lines_of(l, c.is))
						called[i] = c.is;
				changed++;
			}
			for (uint32_t i = 1; i <= n; i++) {
				bool alone = lines_of(l, i) != lines_of(l, best_of(l, called[i])) &&
					     best_of(l, i) == i;
				if (!called[i] || alone)
					called[i] = best_of(l, i);
				assert_int_equal(called[i], best_of(l, i));
			}
			check_names(l, n);
		}
		disputed += (unsigned)lines_counted(l)->disputed;
		lines_free(l);
	}
	assert_true(changed > RUNS && disputed > RUNS);
}

/* As a log does, whose reader makes its table of identifiers and joins. */
static void joins_done_again_make_the_same_lines(void **state)
{
	enum { RUNS = 200, STEPS = 40 };
	struct rand r = rand_of(19, 2);
	(void)state;
	for (int run = 0; run < RUNS; run++) {
		struct lines *l = lines_new(0), *again = lines_new(0);
		uint32_t a, b, n;
		size_t at = 0;
		for (int step = 0; step < STEPS; step++) {
			char room[3][16];
			struct record v = record_of(&r, room);
			(void)enter(l, &v);
		}
		n = (uint32_t)lines_counted(l)->ids;
		for (uint32_t i = 1; i <= n; i++) {
			struct line_id id;
			lines_get(l, i, &id);
			assert_int_equal(lines_enter_id(again, &id, 0, 1000), i);
		}
		while (lines_next_join(l, &at, &a, &b))
			lines_join(again, a, b);
		for (uint32_t i = 1; i <= n; i++)
			assert_int_equal(best_of(again, i), best_of(l, i));
		lines_free(l);
		lines_free(again);
	}
}

static void rules_part_and_order(void **state)
{
	struct lines *l = lines_new(0);
	struct err e;
	(void)state;
	(void)enter(l, &(struct record){.user = "alice", .mac = MAC1});
	expect(l, &(struct record){.mac = MAC1}, "user:alice");
	assert_int_equal(lines_apart(l, "mac:02:01:01:01:01:01", &e), ERR_OK);
	lines_sweep(l, 0);
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	expect(l, &(struct record){.user = "alice", .mac = MAC1}, "user:alice");
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	assert_int_equal(lines_apart(l, "mac:zz", &e), ERR_CONFIG);
	assert_int_equal(lines_order(l, "circuit,account", &e), ERR_OK);
	expect(l, &(struct record){.user = "carol", .circuit = "c9"}, "circuit:c9");
	assert_int_equal(lines_order(l, "circuit,nobody", &e), ERR_CONFIG);
	lines_free(l);
}

static void forgotten_unless_in_use(void **state)
{
	struct lines *l = lines_new(0);
	struct session_ids old = ids_of(&(struct record){.user = "old", .mac = MAC1});
	struct session_ids held = ids_of(&(struct record){.user = "held"});
	(void)state;
	(void)lines_enter(l, &old, 0, 1000);
	lines_hold(l, lines_enter(l, &held, SUBJECT_BUSINESS, 1000));
	lines_sweep(l, 2000);
	struct line_id id;
	assert_true(line_id_parse(span_of("user:old"), &id));
	assert_int_equal(lines_find(l, &id), 0);
	assert_true(line_id_parse(span_of("user:held"), &id));
	assert_true(lines_find(l, &id) > 0);
	assert_int_equal(lines_flags(l, lines_find(l, &id)), SUBJECT_BUSINESS);
	assert_int_equal(lines_counted(l)->ids, 1);
	expect(l, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	lines_free(l);
}

static int sink(void *to, const void *p, size_t n, struct err *e)
{
	(void)e;
	text_add(to, p, n);
	return ERR_OK;
}

static int source(void *from, void *p, size_t n, struct err *e)
{
	struct span *s = from;
	if (s->n < n)
		return err_set(e, ERR_INPUT, "cut");
	memcpy(p, s->p, n);
	*s = (struct span){s->p + n, s->n - n};
	return ERR_OK;
}

static void saved_and_loaded(void **state)
{
	struct lines *l = lines_new(0), *again = lines_new(0);
	struct text out = {0};
	(void)state;
	(void)enter(l, &(struct record){.user = "alice", .mac = MAC1, .circuit = "c1"});
	(void)enter(l, &(struct record){.user = "bob", .mac = MAC1});
	struct save s = save_to(sink, &out);
	lines_save(l, &s);
	assert_int_equal(save_finish(&s, NULL), ERR_OK);
	(void)enter(again, &(struct record){.user = "somebody else"});
	struct span rest = {out.p, out.n};
	struct load in = load_from(source, &rest);
	assert_int_equal(lines_load(again, &in), ERR_OK);
	assert_int_equal(load_finish(&in, NULL), ERR_OK);
	expect(again, &(struct record){.circuit = "c1"}, "user:alice");
	expect(again, &(struct record){.mac = MAC1}, "mac:02:01:01:01:01:01");
	for (size_t n = 0; n < out.n; n++) { /* cut anywhere: an error, no crash */
		struct lines *x = lines_new(0);
		struct span cut = {out.p, n};
		struct load bad = load_from(source, &cut);
		(void)lines_load(x, &bad);
		assert_int_not_equal(load_finish(&bad, NULL), ERR_OK);
		lines_free(x);
	}
	text_fini(&out);
	lines_free(l);
	lines_free(again);
}

static void full_table_counts(void **state)
{
	struct lines *l = lines_new(10);
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char user[16];
		(void)snprintf(user, sizeof user, "u%u", i);
		assert_int_equal(enter(l, &(struct record){.user = user}) > 0, i < 10);
	}
	assert_int_equal(lines_counted(l)->dropped, 10);
	lines_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strongest_names_the_line),
	    cmocka_unit_test(seen_together_is_one_line),
	    cmocka_unit_test(two_accounts_stay_two),
	    cmocka_unit_test(a_disputed_identifier_names_no_line),
	    cmocka_unit_test(changes_tell_all_names),
	    cmocka_unit_test(joins_done_again_make_the_same_lines),
	    cmocka_unit_test(rules_part_and_order),
	    cmocka_unit_test(forgotten_unless_in_use),
	    cmocka_unit_test(saved_and_loaded),
	    cmocka_unit_test(full_table_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
