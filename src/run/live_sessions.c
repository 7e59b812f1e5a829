/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session reader of a live sensor: accounting packets, NATs' syslog and files that grow ->
 * sessions in a ring of their own. It alone knows the secrets of NASes. It opens nothing; sockets
 * and files come from the parent.
 *
 * What is put into the ring is kept until the sensor has it in its log (unlogged.h), and answers
 * wait for that. Where too much waits, nothing is read: packets wait in the kernel, files where
 * they are. Files are read from their beginning by every new reader: what is told twice counts
 * once. Of several files of one source the oldest is read to its end first. */
#include "base/mem.h"
#include "run/accounting.h"
#include "run/tail.h"
#include "run/unlogged.h"
#include "run/wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64, HOLD_MS = 5, LOGGED_MS = 2, LOOK_MS = 500, FULL_MS = 1, DRAIN_MS = 3000 };
enum { LEFT_FILE_MS = 60000, LEFT_DIR_MS = 3600000 }; /* how long a file stays that is silent */
enum { LINE_BYTES = 65536 + 1, YEAR_MS = 60000 };
enum { ON_FEED, ON_WIRE };

struct followed {
	struct tail tail;
	char name[WIRE_TEXT];
	size_t feed;
	uint32_t serial;
	bool current;
	bool caught_up;  /* was read to its end once */
	int64_t news_ms; /* when something of it was read last */
	uint64_t after;  /* loads that have to be logged before it may be left */
};

struct feed { /* what this process knows of one */
	struct reader_env env;
	struct decode_env told; /* of the syslog decoder */
	void *syslog;
	int64_t began_ms;  /* when that was opened: near it lies a time without a year */
	uint64_t batched;  /* its sessions in the batch */
	int64_t looked_ms; /* all its files were read to their ends then, */
	uint64_t after;    /* and are logged after so many loads; looked_ms 0: not */
};

struct live_sessions {
	struct live *l;
	int wire, epoll;
	struct udp *udp;
	struct unlogged unlogged;
	struct accounting accounting;
	struct exporters *names;
	struct batch batch;
	int64_t batch_ms; /* when it got its first record */
	int64_t now_ms, looked_ms;
	struct followed *files[LIVE_FILES_MAX];
	size_t files_n;
	struct feed feeds[LIVE_SOURCES_MAX];
	const struct decoder *syslog;
	uint8_t *line;
	bool more;              /* a file has more to read */
	bool stop, drain, gone; /* asked to end; to empty the sockets first; the parent is gone */
};

static int64_t wall(struct live_sessions *r)
{
	return r->now_ms = live_now_ms();
}

static struct live_source *source_of(const struct live_sessions *r, size_t feed)
{
	return &r->l->board->source[feed];
}

static void obey(struct live_sessions *r, const struct wire *m, int fd);

static void listen_to_parent(struct live_sessions *r)
{
	struct wire m;
	int fd, got;
	while ((got = wire_take(r->wire, &m, &fd)) > 0)
		obey(r, &m, fd);
	r->gone |= got < 0;
}

/* What the sensor has logged by now, and whoever waited for it. */
static void look_at_log(struct live_sessions *r)
{
	unlogged_look(&r->unlogged);
	accounting_answer(&r->accounting, r->unlogged.done);
	for (size_t i = 0; i < r->l->feeds_n; i++) {
		struct feed *f = &r->feeds[i];
		if (f->looked_ms && r->unlogged.done >= f->after) {
			atomic_store(&source_of(r, i)->kept_ms, f->looked_ms);
			f->looked_ms = 0;
		}
	}
}

static void batch_over(struct live_sessions *r)
{
	for (size_t i = 0; i < r->l->feeds_n; i++) {
		if (r->gone)
			live_add(&source_of(r, i)->ring_drops, r->feeds[i].batched);
		r->feeds[i].batched = 0;
	}
	batch_reset(&r->batch);
}

/* Waits where there is no room; what finds none when the end is asked for is lost, and so is not
 * answered. */
static void flush(struct live_sessions *r, int64_t received_ms)
{
	int64_t until_ms = r->now_ms + DRAIN_MS;
	if (!r->batch.session_n)
		return;
	while (!unlogged_room(&r->unlogged) && !r->gone) {
		(void)usleep(FULL_MS * 1000);
		live_beat(r->l);
		look_at_log(r);
		listen_to_parent(r);
		r->gone |= r->stop && wall(r) > until_ms;
	}
	if (!r->gone)
		unlogged_put(&r->unlogged, &r->batch, received_ms);
	batch_over(r);
}

/* Its source is its exporter from now on (live_lines_take). */
static void apply(const struct live_feed *f, size_t feed, struct session *s)
{
	s->exporter = (uint32_t)feed + 1;
	session_earlier(s, f->skew_ms);
	if (f->realm)
		s->realm = f->realm;
	if (f->realm && !s->holder.realm)
		s->holder.realm = f->realm;
}

/* What was appended to the batch since it had so many sessions. */
static void count(struct live_sessions *r, size_t feed, size_t had)
{
	struct live_source *s = source_of(r, feed);
	for (size_t i = had; i < r->batch.session_n; i++)
		apply(&r->l->feeds[feed], feed, &r->batch.sessions[i]);
	r->feeds[feed].batched += r->batch.session_n - had;
	live_add(&s->sessions, r->batch.session_n - had);
	live_add(&s->bad, r->batch.bad_n);
	live_add(&s->ignored, r->batch.ignored_n + r->batch.flow_n + r->batch.dns_n);
	r->batch.bad_n = r->batch.ignored_n = r->batch.flow_n = r->batch.dns_n = 0;
}

static void heard(struct live_sessions *r, size_t feed)
{
	atomic_store_explicit(&source_of(r, feed)->last_ms, r->now_ms, memory_order_relaxed);
}

static void close_syslog(const struct live_sessions *r, struct feed *f)
{
	if (f->syslog && r->syslog->close)
		r->syslog->close(f->syslog);
	free(f->syslog);
	f->syslog = NULL;
}

/* A fresh one each minute: the year that lines leave out is found by when it began, and by the line
 * before, whose time anybody may have made up. */
static void open_syslog(struct live_sessions *r, struct feed *f)
{
	if (f->syslog && r->now_ms >= f->began_ms && r->now_ms - f->began_ms < YEAR_MS)
		return;
	close_syslog(r, f);
	f->env.now_ms = f->began_ms = r->now_ms;
	f->syslog = reader_begin(r->syslog, &f->env, &f->told);
}

static void take_line(struct live_sessions *r, size_t feed, const struct udp_datagram *d)
{
	size_t n = d->n < LINE_BYTES ? d->n : LINE_BYTES - 1, used;
	if (r->l->rules_n && !exporter_rule_of(r->l->rules, r->l->rules_n, &d->from)) {
		live_add(&source_of(r, feed)->unknown_sender, 1);
		return;
	}
	open_syslog(r, &r->feeds[feed]);
	memcpy(r->line, d->p, n);
	while (n && (r->line[n - 1] == '\n' || r->line[n - 1] == '\0'))
		n--;
	r->line[n++] = '\n';
	for (size_t at = 0; at < n; at += used) {
		size_t had = r->batch.session_n;
		used = r->syslog->decode(
		    r->feeds[feed].syslog, r->line + at, n - at, 0, false, &r->batch);
		for (size_t i = had; i < r->batch.session_n; i++)
			r->batch.sessions[i].received_ms = r->now_ms;
		count(r, feed, had);
		if (batch_full(&r->batch))
			flush(r, r->batch_ms);
		else if (!used)
			break;
	}
}

static void take_packet(struct live_sessions *r, size_t feed, const struct udp_datagram *d)
{
	size_t had = r->batch.session_n;
	accounting_take(&r->accounting, &r->l->feeds[feed], source_of(r, feed), d,
	    r->unlogged.next + 1, r->now_ms, &r->batch);
	count(r, feed, had);
	if (batch_full(&r->batch))
		flush(r, r->batch_ms);
}

/* One system call; how many datagrams there were. */
static size_t take_socket(struct live_sessions *r, size_t feed)
{
	const struct live_feed *f = &r->l->feeds[feed];
	const struct udp_datagram *v;
	size_t n = udp_receive(f->fd, r->udp, &v);
	for (size_t i = 0; i < n; i++) {
		if (!r->batch.session_n)
			r->batch_ms = r->now_ms;
		live_add(&source_of(r, feed)->packets, 1);
		live_add(&source_of(r, feed)->bytes, v[i].n);
		heard(r, feed);
		if (f->kind == FEED_RADIUS)
			take_packet(r, feed, &v[i]);
		else
			take_line(r, feed, &v[i]);
	}
	return n;
}

static void add_file(struct live_sessions *r, const struct wire *m, int fd)
{
	size_t feed = m->number & WIRE_FEED;
	if (fd < 0 || feed >= r->l->feeds_n || r->files_n == LIVE_FILES_MAX) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	struct followed *f = mem_new(1, sizeof *f);
	memcpy(f->name, m->text, sizeof f->name);
	f->feed = feed;
	f->serial = m->id;
	f->current = m->number & WIRE_CURRENT;
	f->news_ms = wall(r);
	for (size_t i = 0; f->current && i < r->files_n; i++)
		if (r->files[i]->feed == feed && r->files[i]->current) {
			r->files[i]->current = false;
			live_add(&source_of(r, feed)->rotated, 1);
		}
	r->feeds[feed].env.now_ms = r->now_ms;
	tail_open(&f->tail, fd, f->name, &r->feeds[feed].env);
	r->files[r->files_n++] = f;
	live_add(&source_of(r, feed)->files, 1);
	r->more = true;
}

static void obey(struct live_sessions *r, const struct wire *m, int fd)
{
	if (m->kind == WIRE_FILE) {
		add_file(r, m, fd);
		return;
	}
	if (m->kind == WIRE_STOP) {
		r->stop = true;
		r->drain = m->number;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* A batch of a file; true: there is more now. */
static bool read_file(struct live_sessions *r, struct followed *f)
{
	struct live_source *s = source_of(r, f->feed);
	uint64_t bytes = f->tail.read_bytes, rewritten = f->tail.rewritten;
	bool more = tail_read(&f->tail, &r->batch);
	if (f->tail.read_bytes != bytes) {
		f->news_ms = r->now_ms;
		heard(r, f->feed);
	}
	live_add(&s->bytes, f->tail.read_bytes - bytes);
	live_add(&s->rewritten, f->tail.rewritten - rewritten);
	count(r, f->feed, 0); /* also of bytes that were read before */
	flush(r, 0);
	f->after = r->unlogged.next;
	f->caught_up |= !more;
	return more;
}

static void leave_file(struct live_sessions *r, size_t i)
{
	struct followed *f = r->files[i];
	struct wire m = {.kind = WIRE_FILE_END, .id = f->serial, .number = (uint32_t)f->feed};
	m.text_n = (uint32_t)snprintf(m.text, WIRE_TEXT, "%lld", (long long)f->tail.mtime_ns);
	if (!wire_send(r->wire, &m, -1))
		return; /* at the next look */
	tail_close(&f->tail);
	free(f);
	r->files_n--;
	memmove(&r->files[i], &r->files[i + 1], (r->files_n - i) * sizeof *r->files);
}

/* One that was moved away, or of a folder, is left once it has been silent for long and is logged.
 */
static bool is_over(struct live_sessions *r, struct followed *f)
{
	bool crowded = r->files_n > LIVE_FILES_MAX / 4 * 3;
	int64_t patience_ms =
	    r->l->feeds[f->feed].kind == FEED_DIR && !crowded ? LEFT_DIR_MS : LEFT_FILE_MS;
	if (f->current || !f->caught_up ||
	    (!f->tail.ended && r->now_ms - f->news_ms < patience_ms && r->now_ms >= f->news_ms))
		return false;
	if (tail_end(&f->tail, &r->batch))
		return false;
	count(r, f->feed, 0);
	if (r->batch.session_n) {
		flush(r, 0);
		f->after = r->unlogged.next;
	}
	return r->unlogged.done >= f->after;
}

static void leave_files(struct live_sessions *r)
{
	for (size_t i = r->files_n; i-- > 0;)
		if (is_over(r, r->files[i]))
			leave_file(r, i);
}

/* A batch of each file; of one source, the next only where those before it have been read. */
static void read_files(struct live_sessions *r)
{
	bool waits[LIVE_SOURCES_MAX] = {false}, any[LIVE_SOURCES_MAX] = {false};
	int64_t began_ms = r->now_ms;
	flush(r, r->batch_ms);
	r->more = false;
	for (size_t i = 0; i < r->files_n && !r->gone; i++) {
		struct followed *f = r->files[i];
		any[f->feed] = true;
		if (!waits[f->feed])
			waits[f->feed] = read_file(r, f);
		r->more |= waits[f->feed];
	}
	for (size_t i = 0; i < r->l->feeds_n; i++)
		if (any[i] && !waits[i] && !r->feeds[i].looked_ms) {
			r->feeds[i].looked_ms = began_ms;
			r->feeds[i].after = r->unlogged.next;
		}
	leave_files(r);
	r->looked_ms = began_ms;
}

static void take_event(struct live_sessions *r, uint64_t data)
{
	if (data >> 32 == ON_FEED)
		(void)take_socket(r, (uint32_t)data);
	else
		listen_to_parent(r);
}

static int patience(const struct live_sessions *r)
{
	if (r->more)
		return 0;
	if (r->batch.session_n)
		return HOLD_MS;
	return r->unlogged.done < r->unlogged.next ? LOGGED_MS : LOOK_MS;
}

static void turn(struct live_sessions *r)
{
	struct epoll_event v[EVENTS];
	live_beat(r->l);
	look_at_log(r);
	if (!unlogged_room(&r->unlogged) || !accounting_room(&r->accounting)) {
		(void)usleep(FULL_MS * 1000);
		listen_to_parent(r);
		return;
	}
	int n = epoll_wait(r->epoll, v, EVENTS, patience(r));
	wall(r);
	for (int i = 0; i < n; i++)
		take_event(r, v[i].data.u64);
	if (n <= 0 || r->now_ms - r->batch_ms >= HOLD_MS)
		flush(r, r->batch_ms);
	if (r->more || r->now_ms - r->looked_ms >= LOOK_MS || r->now_ms < r->looked_ms)
		read_files(r);
}

static void follow(struct live_sessions *r, int fd, uint32_t kind, size_t index)
{
	struct epoll_event event = {
	    .events = EPOLLIN, .data.u64 = (uint64_t)kind << 32 | (uint32_t)index};
	(void)epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void open_reader(struct live_sessions *r)
{
	const struct live *l = r->l;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->udp = udp_new();
	r->names = exporters_new();
	r->line = mem_new(LINE_BYTES, 1);
	wall(r);
	r->unlogged.ring = l->sessions;
	r->unlogged.logged = &l->board->sessions_logged;
	r->unlogged.turn = &l->board->session_turn;
	r->unlogged.turn_at = &l->board->session_turn_at;
	accounting_open(&r->accounting, l->nas, l->nas_n);
	r->syslog = decoder_find("cgn-syslog");
	for (size_t i = 0; i < l->feeds_n; i++) {
		r->feeds[i].env = (struct reader_env){.exporters = r->names,
		    .now_ms = r->now_ms,
		    .zone_ms = l->feeds[i].zone_ms,
		    .decoder_opts = settings_decoders(l->settings)};
		if (l->feeds[i].fd >= 0)
			follow(r, l->feeds[i].fd, ON_FEED, i);
	}
	follow(r, r->wire, ON_WIRE, 0);
}

/* What waits in the sockets when the end is asked for. Files are read on by whoever comes next. */
static void drain(struct live_sessions *r)
{
	int64_t until_ms = wall(r) + DRAIN_MS;
	for (size_t any = 1; any && wall(r) < until_ms && !r->gone;) {
		any = 0;
		for (size_t i = 0; i < r->l->feeds_n; i++)
			if (r->l->feeds[i].fd >= 0 && accounting_room(&r->accounting))
				any += take_socket(r, i);
		look_at_log(r);
	}
}

/* The log is waited for, and then whoever waits for that is answered. */
static void conclude(struct live_sessions *r)
{
	if (r->drain)
		drain(r);
	flush(r, r->batch_ms);
	int64_t until_ms = wall(r) + DRAIN_MS;
	look_at_log(r);
	while (r->unlogged.done < r->unlogged.next && wall(r) < until_ms) {
		(void)usleep(FULL_MS * 1000);
		look_at_log(r);
	}
}

static void close_reader(struct live_sessions *r)
{
	while (r->files_n) {
		tail_close(&r->files[--r->files_n]->tail);
		free(r->files[r->files_n]);
	}
	for (size_t i = 0; i < r->l->feeds_n; i++)
		close_syslog(r, &r->feeds[i]);
	accounting_close(&r->accounting);
	unlogged_fini(&r->unlogged);
	batch_fini(&r->batch);
	udp_free(r->udp);
	exporters_free(r->names);
	free(r->line);
	(void)close(r->epoll);
}

int live_sessions(struct live *l, int wire)
{
	struct live_sessions *r = mem_new(1, sizeof *r);
	r->l = l;
	r->wire = wire;
	open_reader(r);
	while (!r->gone && !r->stop)
		turn(r);
	live_busy(l, true);
	if (!r->gone)
		conclude(r);
	close_reader(r);
	free(r);
	return 0;
}
