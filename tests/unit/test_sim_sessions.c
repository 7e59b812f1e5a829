/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated sessions: no address is held by two lines at once, conversations stay on what their
 * line holds, and from the files of sessions/ alone the holder is found, and never another one. */
#include "attribute/whose.h"
#include "base/hash.h"
#include "base/mem.h"
#include "decode/decode.h"
#include "folder.h"
#include "sim/sim.h"
#include "sim/stage.h"
#include "sim/world.h"

enum { LINES = 300, HOURS = 24, HOUR_MS = 3600000, SKEW_MS = 2000 };
#define START_MS 1772409600000LL
#define END_MS   (START_MS + (int64_t)HOURS * HOUR_MS)

static const char *const names[] = {
    "radius.detail", "dhcpd.leases", "dhcpd6.leases", "kea-legal.log", "cgn.log"};
static const char *const decoder_names[] = {
    "radius-detail", "dhcpd-leases", "dhcpd-leases", "kea-legal", "cgn-syslog"};

static struct access plan_of(uint64_t seed)
{
	struct access_options o = {
	    .redial_ms = 4 * HOUR_MS, .lease_ms = HOUR_MS, .behind_nat = 0.3};
	struct home homes[LINES];
	struct access a;
	struct prefix prefix;
	struct err e;
	for (uint32_t i = 0; i < LINES; i++)
		homes[i] = home_of(seed, i);
	assert_int_equal(prefix_parse(span_of("100.64.0.0/16"), &prefix, &e), ERR_OK);
	assert_int_equal(
	    access_plan(&a, &o, homes, LINES, &prefix, seed, START_MS, END_MS, &e), ERR_OK);
	return a;
}

struct holding {
	union addr addr;
	uint16_t port;
	uint32_t line;
	int64_t t0_ms, free_ms;
};

static int by_place(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof x->addr);
	if (order == 0)
		order = x->port - y->port;
	if (order == 0)
		order = (x->t0_ms > y->t0_ms) - (x->t0_ms < y->t0_ms);
	return order;
}

static size_t holdings_of(const struct access *a, struct holding **out)
{
	size_t n = 0;
	struct holding *v = mem_new(4 * a->n, sizeof *v);
	for (uint32_t i = 1; i < a->n; i++) {
		const struct stay *s = &a->stays[i];
		struct holding h = {stay_v4(a, s), 0, s->line, s->t0_ms, s->free_ms};
		v[n++] = h;
		h.addr = stay_v6(a, s).addr;
		if (stay_has_v6(s))
			v[n++] = h;
		for (unsigned k = 0; k < stay_block_n(s); k++) {
			struct block b = stay_block(a, s, k);
			v[n++] = (struct holding){
			    b.addr, b.first, s->line, k ? s->extra_ms : s->t0_ms, s->free_ms};
			assert_int_equal(b.last - b.first + 1, BLOCK_PORTS);
			assert_true(b.first >= 1024);
		}
	}
	qsort(v, n, sizeof *v, by_place);
	*out = v;
	return n;
}

static void nothing_is_held_by_two_lines_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 5; seed++) {
		struct access a = plan_of(seed);
		struct holding *v;
		size_t n = holdings_of(&a, &v), within_seconds = 0;
		for (size_t i = 1; i < n; i++) {
			bool same = addr_same(&v[i].addr, &v[i - 1].addr) &&
				    v[i].port == v[i - 1].port && v[i].line != v[i - 1].line;
			assert_false(same && v[i].t0_ms < v[i - 1].free_ms);
			within_seconds += same && v[i].t0_ms < v[i - 1].free_ms + 5000;
		}
		assert_true(within_seconds > 50);
		free(v);
		access_fini(&a);
	}
}

static struct talk some_talk(struct rand *r)
{
	union addr hosts[] = {addr_v4(0x64400002), home_v6(7, 1, 20000)};
	struct talk t = {.start_ms = START_MS + (int64_t)rand_below(r, 24) * HOUR_MS + 1,
	    .host = hosts[rand_below(r, 2)],
	    .peer = world_random(r),
	    .line = (uint32_t)rand_below(r, LINES),
	    .host_port = (uint16_t)rand_below(r, 65536),
	    .peer_port = 443};
	if (rand_below(r, 2)) {
		t.beat_ms = 60000;
		talk_udp(&t, 2 * 300, 60, 2 * 300, 60, 299 * 60000);
	} else {
		talk_tcp(&t, 5000, 500000, 1 + (uint32_t)rand_below(r, 4 * HOUR_MS));
	}
	return t;
}

static const struct stay *stay_at(const struct access *a, uint32_t line, int64_t at_ms)
{
	for (uint32_t i = a->first[line]; i; i = a->stays[i].next)
		if (a->stays[i].t0_ms <= at_ms && at_ms < a->stays[i].t1_ms)
			return &a->stays[i];
	return NULL;
}

static bool is_on(const struct access *a, const struct stay *s, const struct talk *t)
{
	union addr v4 = stay_v4(a, s);
	struct prefix v6 = stay_v6(a, s);
	if (!addr_is_v4(&t->host))
		return prefix_holds(&v6, &t->host);
	if (t->exporter == EXPORTER_MAIN)
		return addr_same(&t->host, &v4);
	for (unsigned k = 0; k < stay_block_n(s); k++) {
		struct block b = stay_block(a, s, k);
		if (addr_same(&t->host, &b.addr) && b.first <= t->host_port &&
		    t->host_port <= b.last)
			return areas[s->area].outside && (k == 0 || t->start_ms >= s->extra_ms);
	}
	return false;
}

static void conversations_stay_on_what_their_line_holds(void **state)
{
	(void)state;
	struct access a = plan_of(1);
	struct rand r = rand_of(1, 1);
	size_t parts = 0, outside = 0, split = 0;
	for (int i = 0; i < 20000; i++) {
		struct talk left = some_talk(&r), part, whole = left;
		int64_t after_ms = left.start_ms;
		uint64_t packets = 0;
		if (!addr_is_v4(&left.host) && !home_of(1, left.line).dual)
			continue;
		for (size_t k = 0; access_place(&a, &left, &part); k++) {
			if (part.exporter == EXPORTER_NONE)
				continue;
			const struct stay *s = stay_at(&a, part.line, part.start_ms);
			uint32_t last = talk_pieces(&part, 60000) - 1;
			struct piece p = talk_piece(&part, last, 0, 60000);
			assert_true(s && p.end_ms < s->t1_ms);
			assert_true(part.start_ms >= after_ms && is_on(&a, s, &part));
			after_ms = p.end_ms;
			packets += part.packets[0];
			parts++;
			split += k > 0;
			outside += part.exporter == EXPORTER_OUTSIDE;
		}
		assert_true(packets <= whole.packets[0]);
	}
	assert_true(parts > 15000 && outside > 500 && split > 500);
	access_fini(&a);
}

static void unsolicited_traffic_does_not_come_through_the_nat(void **state)
{
	(void)state;
	struct access a = plan_of(2);
	struct rand r = rand_of(2, 2);
	for (int i = 0; i < 2000; i++) {
		struct talk left = some_talk(&r), part;
		left.host = addr_v4(0x64400002);
		left.by_peer = true;
		while (access_place(&a, &left, &part))
			assert_true(areas[a.area_of[part.line]].kind != ACCESS_NAT ||
				    part.exporter == EXPORTER_NONE);
	}
	access_fini(&a);
}

struct read_session {
	size_t number; /* of equal times the order of the file stays */
	struct session s;
};

static int by_event(const void *a, const void *b)
{
	const struct read_session *p = a, *q = b;
	int64_t x = session_time_ms(&p->s), y = session_time_ms(&q->s);
	return x != y ? (x > y) - (x < y) : (p->number > q->number) - (p->number < q->number);
}

/* Appends the file's sessions; none of its records may be bad. */
static void read_file(const char *decoder, const char *path, struct read_session **v, size_t *n)
{
	const struct decoder *d = decoder_find(decoder);
	struct decode_env env = {.exporters = exporters_new()};
	struct text t = file_bytes(path);
	struct batch batch = {0};
	void *state = mem_new(1, d->state_bytes);
	size_t before = *n;
	d->open(state, &env);
	for (size_t at = 0; at < t.n;) {
		at += d->decode(state, (const uint8_t *)t.p + at, t.n - at, at, true, &batch);
		while (at == t.n && d->flush && d->flush(state, &batch))
			;
		assert_int_equal(batch.bad_n, 0);
		assert_int_equal(batch.ignored_n, 0);
		*v = mem_grow(*v, *n + batch.session_n + 1, sizeof **v);
		for (size_t i = 0; i < batch.session_n; i++, (*n)++)
			(*v)[*n] = (struct read_session){*n, batch.sessions[i]};
		batch_reset(&batch);
	}
	assert_true(*n > before + 100);
	if (d->close)
		d->close(state);
	free(state);
	batch_fini(&batch);
	exporters_free(env.exporters);
	text_fini(&t);
}

/* All files, in the order of their times. */
static struct read_session *read_files(size_t *n)
{
	struct read_session *v = NULL;
	*n = 0;
	for (size_t i = 0; i < ROWS(names); i++) {
		char path[512];
		(void)snprintf(path, sizeof path, "%s/sessions/%s", folder, names[i]);
		read_file(decoder_names[i], path, &v, n);
		(void)unlink(path);
	}
	(void)rmdir(folder_path("sessions"));
	qsort(v, *n, sizeof *v, by_event);
	return v;
}

struct told_world {
	struct lines *lines;
	struct sessions *sessions;
	struct tolds tolds;
};

static struct told_world told_of(const struct read_session *v, size_t n)
{
	struct sessions_options o;
	struct told_world w = {.lines = lines_new(0)};
	opt_defaults(sessions_rows, sessions_rows_n, &o);
	o.keep_ms = 4LL * 24 * HOUR_MS;
	w.sessions = sessions_new(&o, w.lines);
	for (size_t i = 0; i < n; i++)
		sessions_event(w.sessions, &v[i].s, &w.tolds);
	sessions_flush(w.sessions, &w.tolds);
	return w;
}

struct score {
	size_t exact, other, wrong;
};

static void ask(struct asker *asker, const struct access *a, const struct stay *s,
    const struct question *q, struct score *score)
{
	char got[LINE_TEXT], want[ACCESS_NAME];
	struct answer answer;
	whose_ask(asker, q, &answer);
	if (answer.kind != WHOSE_EXACT) {
		score->other++;
		return;
	}
	whose_name(asker, &answer, 0, got);
	access_name(a, s->line, want);
	if (strcmp(got, want) == 0)
		score->exact++;
	else
		score->wrong++;
}

/* At what was held, a few times in each stay from lo to hi. */
static struct score ask_all(
    struct asker *asker, const struct access *a, int64_t margin_ms, struct rand *r)
{
	struct score score = {0};
	for (uint32_t i = 1; i < a->n; i++) {
		const struct stay *s = &a->stays[i];
		int64_t lo = s->t0_ms + margin_ms, hi = s->t1_ms < END_MS ? s->t1_ms : END_MS;
		hi -= margin_ms;
		if (hi <= lo)
			continue;
		struct question q = {.addr = stay_v4(a, s),
		    .at_ms = lo + (int64_t)rand_below(r, (uint64_t)(hi - lo)),
		    .skew_ms = SKEW_MS};
		ask(asker, a, s, &q, &score);
		q.addr = stay_v6(a, s).addr;
		q.addr.b[15] = 9;
		if (stay_has_v6(s))
			ask(asker, a, s, &q, &score);
		for (unsigned k = 0; k < stay_block_n(s); k++) {
			struct block b = stay_block(a, s, k);
			q.addr = b.addr;
			q.port = (uint16_t)(b.first + rand_below(r, BLOCK_PORTS));
			if (k == 0 || q.at_ms > s->extra_ms + margin_ms)
				ask(asker, a, s, &q, &score);
		}
	}
	return score;
}

static void the_files_name_the_holder_and_nobody_else(void **state)
{
	(void)state;
	struct access a = plan_of(3);
	struct rand r = rand_of(3, 3);
	uint64_t bytes = 0;
	size_t n;
	struct err e;
	assert_int_equal(sessions_write(&a, folder, 3, &bytes, &e), ERR_OK);
	struct read_session *v = read_files(&n);
	struct told_world w = told_of(v, n);
	struct whose_live live = {w.sessions, w.lines};
	struct whose_source source = whose_live_source(&live);
	struct asker asker = {.v = &source, .n = 1};
	struct score inside = ask_all(&asker, &a, SKEW_MS + 2000, &r);
	assert_true(inside.exact > 3000);
	assert_int_equal(inside.other, 0);
	assert_int_equal(inside.wrong, 0);
	size_t exact = 0;
	for (int i = 0; i < 5; i++) {
		struct score any = ask_all(&asker, &a, 0, &r);
		assert_int_equal(any.wrong, 0);
		exact += any.exact;
	}
	assert_true(exact > 15000);
	whose_fini(&asker);
	sessions_free(w.sessions);
	lines_free(w.lines);
	free(w.tolds.v);
	free(v);
	access_fini(&a);
}

static uint64_t hash_of_run(uint64_t seed)
{
	static const char *const all[] = {"flows.pcap", "flows-outside.pcap", "dns.log",
	    "truth.jsonl", "indicators.csv", "sessions/radius.detail", "sessions/dhcpd.leases",
	    "sessions/dhcpd6.leases", "sessions/kea-legal.log", "sessions/cgn.log"};
	struct sim_options o = {0};
	struct sim_result result;
	struct err e = {0};
	uint64_t sum = 0;
	opt_defaults(sim_rows, SIM_ROWS, &o);
	o.lines = 40;
	o.hours = 2;
	o.seed = seed;
	o.sessions = true;
	o.out = folder;
	assert_int_equal(sim_run(&o, (struct sim_watch){0}, &result, &e), ERR_OK);
	for (size_t i = 0; i < ROWS(all); i++) {
		struct text t = file_bytes(folder_path(all[i]));
		assert_true(t.n > 0);
		sum = hash_mix(sum ^ hash_bytes(&hash_key_offline, t.p, t.n).a);
		text_fini(&t);
		(void)unlink(folder_path(all[i]));
	}
	(void)rmdir(folder_path("sessions"));
	return sum;
}

static void the_same_options_give_the_same_bytes(void **state)
{
	(void)state;
	uint64_t first = hash_of_run(7);
	assert_true(first == hash_of_run(7));
	assert_true(first != hash_of_run(8));
}

static void a_prefix_without_room_is_refused(void **state)
{
	struct access_options o = {.redial_ms = HOUR_MS, .lease_ms = HOUR_MS, .behind_nat = 0.5};
	struct home homes[LINES] = {0};
	struct access a;
	struct prefix prefix;
	struct err e;
	(void)state;
	assert_int_equal(prefix_parse(span_of("100.64.0.0/25"), &prefix, &e), ERR_OK);
	assert_int_equal(
	    access_plan(&a, &o, homes, LINES, &prefix, 1, START_MS, END_MS, &e), ERR_CONFIG);
	access_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_held_by_two_lines_at_once),
	    cmocka_unit_test(conversations_stay_on_what_their_line_holds),
	    cmocka_unit_test(unsolicited_traffic_does_not_come_through_the_nat),
	    cmocka_unit_test_setup_teardown(
		the_files_name_the_holder_and_nobody_else, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		the_same_options_give_the_same_bytes, folder_make, folder_remove),
	    cmocka_unit_test(a_prefix_without_room_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
