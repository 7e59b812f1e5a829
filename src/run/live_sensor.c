/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sensor of a live sensor: records out of the ring -> smoothing -> pipeline -> findings as they
 * rise. The detectors' clock is the time of the records; the wall clock here only decides when to
 * look, when to keep a checkpoint, and when the smoothing has waited long enough. */
#include "base/mem.h"
#include "base/when.h"
#include "run/live.h"
#include "run/live_clock.h"
#include "run/live_lines.h"
#include "run/live_show.h"
#include "run/live_state.h"
#include "run/outlet.h"
#include "run/show.h"
#include "run/smooth.h"
#include "run/stages.h"
#include "run/told.h"
#include "run/wire.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With sessions there is time to hear of them at any rate. */
enum { SMOOTH_LIVE_RECORDS = 262144, SMOOTH_SESSIONS = 2097152, SMOOTH_LIVE_MS = 10000 };
enum {
	SLOTS_A_TURN = 8,
	IDLE_MS = 1000,
	STEP_IDLE_MS = 100,
	LAST_SEND_MS = 2000,
	RENAME_MS = 1000
};

#define LAST_RISE_DB 0.05 /* what the last words show */

struct live_sensor {
	struct live *l;
	struct live_board *board;
	int wire;
	struct stages stages;
	struct smooth_pool pool;
	struct smooth smooth;
	struct batch batch;
	struct stream_batch ready; /* to go on */
	struct live_clock clock;
	struct detnat_sets nats;
	struct live_lines lines;
	uint64_t not_exact[4]; /* as counted last */
	struct live_state state;
	struct told *told;
	struct outlet plain, out; /* stdout; whoever connected to --out */
	enum tier min;
	int64_t stage_ms;         /* newest record that went on */
	int64_t reported_ms;      /* stage clock at the last look */
	int64_t arrived_ms;       /* wall clock of the last record */
	bool fed;                 /* something went on since the last look */
	bool go, end, last, gone; /* last: no successor follows */
};

/* Whoever has lines by their names; a checkpoint under way would have some by either. */
static void rename_lines(struct live_sensor *s, const struct renames *r)
{
	live_state_close(&s->state);
	s->state.epoch = live_lines_epoch(&s->lines);
	pipeline_rename(s->stages.pipeline, r);
	told_rename(s->told, r);
}

/* A new week: outside, lines are called otherwise from now on; here nothing begins anew. */
static void rename_all(struct live_sensor *s, struct renames *r)
{
	char when[WHEN_TEXT];
	int64_t began_ms = live_now_ms();
	live_busy(s->l, true);
	rename_lines(s, r);
	live_busy(s->l, false);
	when_text(when, pseudonym_epoch_start_ms(live_lines_epoch(&s->lines)));
	if (r->n)
		live_say("lines have new names since %s: %u known, renamed in %lld ms", when, r->n,
		    (long long)(live_now_ms() - began_ms));
	live_add(&s->board->renamed, r->n);
	s->state.tried_ms = 0; /* the next checkpoint is due */
	renames_fini(r);
}

static void look_at_names(struct live_sensor *s)
{
	bool all = live_lines_prepare(&s->lines, s->stage_ms);
	int64_t every_ms = all ? 0 : s->state.writer ? INT64_MAX : RENAME_MS;
	struct renames *joined = live_lines_renamed(&s->lines, every_ms);
	if (joined) {
		rename_lines(s, joined);
		renames_reset(joined);
	}
	if (all) {
		struct renames r = live_lines_new_names(&s->lines);
		rename_all(s, &r);
	}
}

static void feed(struct live_sensor *s)
{
	struct stream_batch *b = &s->ready;
	b->n = b->dns_n = 0;
	while (stream_take(b, &s->smooth, &s->stage_ms))
		live_add(&s->board->late, b->v[b->n - 1].late);
	live_lines_follow(&s->lines, s->stage_ms);
	if (s->lines.store)
		look_at_names(s);
	stages_feed(&s->stages, b->v, b->n);
	s->fed |= b->n > 0;
}

static void feed_ready(struct live_sensor *s, bool all)
{
	while (smooth_ready(&s->smooth, all))
		feed(s);
}

static void take_records(struct live_sensor *s, int64_t received_ms)
{
	live_add(&s->board->taken, s->batch.flow_n + s->batch.dns_n);
	if (s->batch.session_n)
		live_lines_take(&s->lines, &s->clock, &s->batch, received_ms, OF_EXPORTER);
	live_clock_check(&s->clock, &s->batch, received_ms);
	if (s->batch.flow_n + s->batch.dns_n)
		live_add(&s->board->refused, smooth_batch(&s->smooth, &s->batch));
}

/* Some slots of the sessions' ring; false: it is empty. */
static bool take_sessions(struct live_sensor *s)
{
	int64_t received_ms;
	int bad, n = 0;
	while (s->l->sessions && n < SLOTS_A_TURN &&
	       ring_take(s->l->sessions, &s->batch, &received_ms, &bad)) {
		n++;
		if (bad)
			live_add(&s->board->refused, 1);
		else
			live_lines_take(&s->lines, &s->clock, &s->batch, received_ms, OF_SOURCE);
	}
	return n > 0;
}

/* Some slots of the rings, of sessions first; false: they are empty. */
static bool take(struct live_sensor *s)
{
	int64_t received_ms;
	int bad, n = 0;
	bool sessions = take_sessions(s);
	while (n < SLOTS_A_TURN && ring_take(s->l->ring, &s->batch, &received_ms, &bad)) {
		n++;
		if (bad)
			live_add(&s->board->refused, 1);
		else
			take_records(s, received_ms);
		feed_ready(s, false);
	}
	if (n)
		s->arrived_ms = live_now_ms();
	return n > 0 || sessions;
}

static void tell(struct live_sensor *s, const struct text *json, const struct text *plain)
{
	bool sent = outlet_line(&s->plain, plain->p, plain->n);
	if (s->l->o->out)
		sent &= outlet_line(&s->out, json->p, json->n);
	if (!sent)
		live_add(&s->board->unsent, 1);
}

static void tell_verdict(
    struct live_sensor *s, const struct evidence_table *t, const struct verdict_line *v)
{
	struct text json = {0}, words = {0};
	struct json j = json_to(&json);
	verdict_json(t, v, &j);
	show_line(t, v, &words);
	tell(s, &json, s->l->o->json ? &json : &words);
	live_add(&s->board->findings, 1);
	text_fini(&json);
	text_fini(&words);
}

static void count_tiers(struct live_sensor *s, const struct verdict_line *v, size_t n)
{
	_Static_assert(TIER_NOTICE + 1 == (int)LIVE_TIERS, "a place for every tier");
	uint64_t tiers[LIVE_TIERS] = {0};
	for (size_t i = 0; i < n; i++)
		tiers[v[i].tier]++;
	for (int i = 0; i < LIVE_TIERS; i++)
		atomic_store(&s->board->tier[i], tiers[i]);
}

enum word { WORD_NONE, WORD_NEWS, WORD_LAST }; /* how much is told */

static void judge(struct live_sensor *s, struct evidence_table *t, uint64_t lines, enum word word)
{
	size_t n;
	const struct verdict_line *v =
	    evidence_judge(t, s->stages.span_ms, lines, TIER_OBSERVE, &n);
	count_tiers(s, v, n);
	for (size_t i = 0; i < n && v[i].tier >= s->min; i++)
		if (told_rose(s->told, &v[i], word == WORD_LAST ? LAST_RISE_DB : TOLD_RISE_DB) &&
		    word != WORD_NONE)
			tell_verdict(s, t, &v[i]);
	told_forget(s->told, s->stage_ms - evidence_forgotten_ms,
	    settings_evidence(s->l->settings)->lines_max);
	atomic_store(&s->board->lines, lines);
}

static void look(struct live_sensor *s, enum word word)
{
	struct evidence_table *t = stages_table(&s->stages);
	struct stats now = {0};
	stages_look(&s->stages, t, &now);
	judge(s, t, now.lines, word);
	atomic_store(&s->board->muted, now.muted);
	atomic_store(&s->board->dropped, now.dropped);
	evidence_free(t);
	s->reported_ms = s->stage_ms;
	s->fed = false;
}

static void send_lines(struct live_sensor *s)
{
	outlet_send(&s->plain);
	outlet_send(&s->out);
	if (s->plain.lost)
		live_say("nobody reads the findings on the standard output any more");
	s->plain.lost = s->out.lost = false;
}

static void ring_sleeps(struct live_sensor *s, bool sleeps)
{
	ring_waits(s->l->ring, sleeps);
	if (s->l->sessions)
		ring_waits(s->l->sessions, sleeps);
}

static int patience(const struct live_sensor *s)
{
	return live_lines_patience(&s->lines, s->state.writer ? STEP_IDLE_MS : IDLE_MS);
}

/* Sleeps until something comes; what the ring gets between the question and the sleep wakes it. */
static void wait_for_more(struct live_sensor *s)
{
	struct pollfd v[] = {{.fd = s->wire, .events = POLLIN},
	    {.fd = ring_event(s->l->ring), .events = POLLIN},
	    {.fd = s->l->sessions ? ring_event(s->l->sessions) : -1, .events = POLLIN},
	    {.fd = s->lines.store ? errand_event(s->lines.syncing) : -1, .events = POLLIN},
	    {.fd = outlet_waits(&s->plain) ? s->plain.fd : -1, .events = POLLOUT},
	    {.fd = outlet_waits(&s->out) ? s->out.fd : -1, .events = POLLOUT}};
	if (s->go) {
		ring_sleeps(s, true);
		if (take(s)) {
			ring_sleeps(s, false);
			return;
		}
	}
	(void)poll(v, sizeof v / sizeof *v, patience(s));
	if (s->go)
		ring_sleeps(s, false);
}

/* Where nothing comes, what waits for its turn need not wait for ever. On replay time stands still
 * between records. */
static void drain_idle(struct live_sensor *s)
{
	int64_t idle_ms = live_now_ms() - s->arrived_ms;
	if (s->l->o->replay || !s->arrived_ms || idle_ms < SMOOTH_LIVE_MS)
		return;
	feed_ready(s, true);
	if (s->fed)
		look(s, WORD_NEWS);
}

static void checkpoint(struct live_sensor *s, int64_t now_ms)
{
	struct live_state *x = &s->state;
	if (now_ms - x->tried_ms >= s->l->o->checkpoint_ms || now_ms < x->tried_ms)
		live_state_begin(x, &s->stages, s->board, s->stage_ms, smooth_held(&s->smooth));
	if (!live_state_due(x, now_ms))
		return;
	if (live_state_is_last(x))
		look(s, WORD_NEWS);
	live_state_step(x, &s->stages, s->board);
}

static void count_not_exact(struct live_sensor *s)
{
	const struct attribute_counts *c = attribute_counted(s->stages.attribute);
	for (size_t i = 0; i < sizeof s->not_exact / sizeof *s->not_exact; i++) {
		live_add(&s->board->not_exact[i], c->not_exact[i] - s->not_exact[i]);
		s->not_exact[i] = c->not_exact[i];
	}
}

static void look_around(struct live_sensor *s)
{
	int64_t now_ms = live_now_ms();
	if (s->lines.store) {
		live_lines_turn(&s->lines, s->stage_ms);
		look_at_names(s);
		count_not_exact(s);
	}
	if (s->fed && s->stage_ms - s->reported_ms >= s->l->o->report_ms)
		look(s, WORD_NEWS);
	checkpoint(s, now_ms);
}

static void summary(struct live_sensor *s, struct stats *stats)
{
	struct text json = {0}, words = {0};
	live_summary(s->l, stats, &json, &words);
	tell(s, &json, s->l->o->json ? &json : &words);
	text_fini(&json);
	text_fini(&words);
}

static bool lines_left(const struct live_sensor *s)
{
	return (s->plain.fd >= 0 && outlet_waits(&s->plain)) ||
	       (s->out.fd >= 0 && outlet_waits(&s->out));
}

/* Whoever reads slowly gets a moment. */
static void send_all(struct live_sensor *s)
{
	int64_t until_ms = live_now_ms() + LAST_SEND_MS;
	for (send_lines(s); lines_left(s) && live_now_ms() < until_ms; send_lines(s))
		(void)usleep(1000);
}

static void last_words(struct live_sensor *s)
{
	struct stats stats = stats_begin();
	struct exporters *names = exporters_new();
	live_names(s->board, names);
	stages_finish(&s->stages, names, &stats);
	count_not_exact(s);
	judge(s, s->stages.evidence, stats.lines, WORD_LAST);
	summary(s, &stats);
	exporters_free(names);
}

static void hand_lines(struct live_sensor *s, const struct outlet *o, uint32_t number)
{
	struct wire m = {.kind = WIRE_LINES, .number = number};
	size_t sent;
	struct span rest = outlet_rest(o, &sent);
	m.id = (uint32_t)sent;
	if (rest.n)
		wire_give(s->wire, &m, wire_memory("theriac-lines", rest.p, rest.n));
}

/* Whoever reads the findings stays, and what he has not taken yet waits on. */
static void hand_over(struct live_sensor *s)
{
	struct wire m = {.kind = WIRE_CLIENT};
	hand_lines(s, &s->plain, 0);
	hand_lines(s, &s->out, 1);
	if (s->out.fd >= 0)
		(void)wire_send(s->wire, &m, s->out.fd);
}

/* At the end, or for the successor: all that was taken goes through, then the state is kept. The
 * last words come behind it, since windows that are still open go on after a restart. */
static void conclude(struct live_sensor *s)
{
	live_busy(s->l, true);
	while (s->last && take(s))
		;
	feed_ready(s, true);
	look(s, WORD_NEWS);
	live_state_keep(&s->state, &s->stages, s->board, s->stage_ms, smooth_held(&s->smooth));
	if (s->last)
		last_words(s);
	send_all(s);
	count_not_exact(s);
	live_lines_close(&s->lines); /* the next sensor may open the index */
	if (!s->last)
		hand_over(s);
}

static struct stages_options stages_of(const struct live_sensor *s)
{
	const struct run_sensor_options *o = s->l->o;
	return (struct stages_options){.live = true,
	    .settings = s->l->settings,
	    .inside = o->inside,
	    .indicators = o->indicators,
	    .allow = o->allow,
	    .sampling = o->sampling,
	    .threads = o->threads,
	    .no_dns = o->no_dns,
	    .quiet = o->json};
}

static int open_stages(struct live_sensor *s, struct err *e)
{
	const struct stages_options so = stages_of(s);
	int bad = nats_read(&s->l->o->nats, &s->nats, e);
	if (!bad && s->nats.n && !s->l->sessions)
		bad = err_set(e, ERR_CONFIG, "--nat leads to lines of --sessions");
	bad = bad ? bad : stages_open(&s->stages, &so, e);
	if (!bad)
		stages_start(&s->stages, (struct pipeline_idle){0});
	return bad;
}

/* A state that turns out to be of no use has left something of it in the stages. */
static void take_over(struct live_sensor *s)
{
	struct err e;
	switch (live_state_take(&s->state, &s->stages, s->board, &s->stage_ms)) {
	case LIVE_NOTHING:
		return;
	case LIVE_TAKEN:
		look(s, WORD_NONE); /* it was told before it was kept */
		return;
	case LIVE_USELESS:
		stages_close(&s->stages);
		detnat_sets_fini(&s->nats);
		s->gone = open_stages(s, &e) != 0;
		if (s->gone)
			live_say("%s", e.msg);
		return;
	}
}

/* The sessions of the state, and lines by the names that they have now. */
static void open_lines(struct live_sensor *s)
{
	struct renames r = {0};
	struct err e;
	if (live_lines_open(
		&s->lines, s->l, &s->state.key, &s->nats, &s->stages, s->stage_ms, &e)) {
		live_say("%s", e.msg);
		s->gone = true;
		return;
	}
	if (live_lines_resume(&s->lines, s->state.epoch, &r)) {
		if (r.others_go)
			rename_all(s, &r);
		else
			rename_lines(s, &r);
	}
	renames_fini(&r);
	s->state.epoch = live_lines_epoch(&s->lines);
}

/* What a sensor before us could not send yet. It is read as a file, whatever it is. */
static void resume_lines(struct live_sensor *s, const struct wire *m, int fd)
{
	struct text t = {0};
	if (wire_read_memory(fd, OUTLET_BYTES_MAX, &t))
		outlet_resume(m->number ? &s->out : &s->plain, &t, m->id);
	text_fini(&t);
}

static void obey(struct live_sensor *s, const struct wire *m, int fd)
{
	if (m->kind == WIRE_GO) {
		live_busy(s->l, true);
		take_over(s);
		if (!s->gone)
			open_lines(s);
		live_busy(s->l, false);
		s->go = true;
	} else if (m->kind == WIRE_END) {
		s->end = true;
		s->last = m->number;
	} else if (m->kind == WIRE_CLIENT && fd >= 0) {
		outlet_reader(&s->out, fd);
		return;
	} else if (m->kind == WIRE_LINES && fd >= 0) {
		resume_lines(s, m, fd);
	}
	if (fd >= 0)
		(void)close(fd);
}

static void listen_to_parent(struct live_sensor *s)
{
	struct wire m;
	int fd, got;
	while ((got = wire_take(s->wire, &m, &fd)) > 0)
		obey(s, &m, fd);
	s->gone |= got < 0;
}

static void turn(struct live_sensor *s)
{
	live_beat(s->l);
	if (!s->go || !take(s)) {
		wait_for_more(s);
		drain_idle(s);
	}
	listen_to_parent(s);
	if (s->go)
		look_around(s);
	send_lines(s);
	atomic_store(&s->board->clock_ms, s->stage_ms);
	atomic_store(&s->board->smoothing, smooth_held(&s->smooth));
}

static int open_sensor(struct live_sensor *s, struct err *e)
{
	const struct run_sensor_options *o = s->l->o;
	s->min = tier_of(o->min_tier);
	s->told = told_new();
	s->clock = (struct live_clock){.board = s->board, .replay = o->replay};
	s->smooth = (struct smooth){
	    .pool = &s->pool, .limit_n = SMOOTH_LIVE_RECORDS, .limit_ms = SMOOTH_LIVE_MS};
	if (s->l->sessions)
		s->smooth.limit_n = SMOOTH_SESSIONS;
	outlet_init(&s->plain, STDOUT_FILENO);
	outlet_init(&s->out, -1);
	int bad = live_state_open(&s->state, s->l->folder, e);
	return bad ? bad : open_stages(s, e);
}

static void close_sensor(struct live_sensor *s)
{
	live_state_close(&s->state);
	live_lines_close(&s->lines);
	stages_close(&s->stages);
	detnat_sets_fini(&s->nats);
	smooth_fini(&s->smooth);
	smooth_pool_fini(&s->pool);
	batch_fini(&s->batch);
	told_free(s->told);
	outlet_fini(&s->plain);
	outlet_fini(&s->out);
}

int live_sensor(struct live *l, int wire)
{
	struct live_sensor *s = mem_map(sizeof *s);
	struct err e;
	s->l = l;
	s->board = l->board;
	s->wire = wire;
	int bad = open_sensor(s, &e);
	if (bad)
		live_say("%s", e.msg);
	else
		(void)wire_word(wire, WIRE_READY, 0);
	while (!bad && !s->end && !s->gone)
		turn(s);
	if (!bad && s->go && !s->gone)
		conclude(s);
	close_sensor(s);
	mem_unmap(s, sizeof *s);
	return bad ? (bad == ERR_CONFIG ? 2 : 1) : 0;
}
