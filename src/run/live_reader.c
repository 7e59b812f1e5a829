/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of a live sensor: datagrams, streams and files -> batches in the ring. It opens
 * nothing; what it reads was opened by the parent.
 *
 * Everything that is ready gets one turn after the other, a socket one system call: an exporter
 * that floods fills its own queue and gets its share of turns. Where the ring is full nothing is
 * read at all, so that what is too much is dropped by the kernel, queue by queue, and the exporters
 * that send little lose nothing. */
#include "base/mem.h"
#include "run/live_peer.h"
#include "run/reader.h"
#include "run/senders.h"
#include "run/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64, HOLD_MS = 5, IDLE_MS = 1000, FULL_MS = 1 };
enum { ROOM_SLOTS = 16 }; /* of the ring, for one turn */
enum { DRAIN_MS = 3000, FILE_MS = 30000, TOLD_MAX = 5 };
enum { ON_SOCKET, ON_PEER, ON_WIRE };

struct live_reader {
	struct live *l;
	struct live_board *board;
	int wire, epoll;
	struct exporters *names;
	struct senders *senders;
	struct export *export;
	struct dnstap *dnstap;
	struct udp *udp;
	struct batch batch;
	int64_t now_ms, batch_ms; /* wall clock; when the batch got its first record */
	struct peer peers[LIVE_PEERS_MAX];
	struct reader_env env;
	struct reader file;
	char file_name[WIRE_TEXT];
	bool file_open;
	bool stop, drain, gone; /* asked to end; to empty the sockets first; the parent is gone */
	unsigned foreign_told, peers_told;
};

static int64_t wall(struct live_reader *r)
{
	return r->now_ms = live_now_ms();
}

/* The exporters that turned up in this process get their places on the board. */
static void publish_names(struct live_reader *r)
{
	uint32_t n = live_exporters(r->board);
	for (; n < LIVE_EXPORTERS_MAX; n++) {
		const char *name = exporter_name(r->names, n + 1);
		if (!*name)
			break;
		(void)str_copy(r->board->exporter[n].name, ADDR_TEXT, name, strlen(name));
	}
	atomic_store(&r->board->exporters, n);
}

static struct live_exporter *place_of(struct live_reader *r, uint32_t number)
{
	return number && number <= LIVE_EXPORTERS_MAX ? &r->board->exporter[number - 1] : NULL;
}

static void publish_counts(struct live_reader *r, bool last)
{
	uint32_t n = live_exporters(r->board);
	struct export_counts c;
	publish_names(r);
	for (uint32_t i = 1; i <= n && export_counted(r->export, i, &c); i++)
		senders_publish(r->senders, i, &c, last, place_of(r, i));
}

/* Records count for their exporters once they are in the ring: what a reader that dies had not
 * passed on is missing there, and the sequence numbers will say so. */
static void count_records(struct live_reader *r)
{
	const struct batch *b = &r->batch;
	for (size_t i = 0, n; i < b->flow_n; i += n) {
		uint32_t number = b->flows[i].exporter;
		for (n = 1; i + n < b->flow_n && b->flows[i + n].exporter == number; n++)
			;
		struct live_exporter *x = place_of(r, number);
		if (x)
			live_add(&x->records, n);
	}
	for (size_t i = 0; i < b->session_n; i++) {
		struct live_exporter *x = place_of(r, b->sessions[i].exporter);
		if (x)
			live_add(&x->records, 1);
	}
}

/* Without a session source nobody keeps them. */
static void leave_sessions(struct live_reader *r, struct batch *b)
{
	if (r->l->feeds_n)
		return;
	live_add(&r->board->ignored, b->session_n);
	b->session_n = 0;
}

/* Before a record is added. */
static void begin_batch(struct live_reader *r)
{
	if (batch_records(&r->batch) == 0)
		r->batch_ms = r->now_ms;
}

/* Waits for the sensor where the ring has no room; records are lost only where the end is near. */
static void flush(struct live_reader *r)
{
	struct batch *b = &r->batch;
	int64_t until_ms = r->now_ms + DRAIN_MS;
	if (batch_records(b) == 0)
		return;
	while (ring_room(r->l->ring) < ROOM_SLOTS && !r->gone) {
		(void)usleep(FULL_MS * 1000);
		live_beat(r->l);
		if (r->stop && wall(r) > until_ms)
			break;
	}
	live_add(&r->board->flows, b->flow_n);
	live_add(&r->board->dns, b->dns_n);
	leave_sessions(r, b);
	live_add(&r->board->sessions, b->session_n);
	count_records(r);
	live_add(&r->board->ring_drops, ring_put(r->l->ring, b, r->batch_ms));
	batch_reset(&r->batch);
}

static void count_notes(struct live_reader *r)
{
	live_add(&r->board->bad, r->batch.bad_n);
	live_add(&r->board->ignored, r->batch.ignored_n);
	r->batch.bad_n = r->batch.ignored_n = 0;
}

static void tell_foreign(struct live_reader *r, const union addr *from)
{
	char name[ADDR_TEXT];
	live_add(&r->board->foreign, 1);
	if (r->foreign_told >= TOLD_MAX)
		return;
	addr_text(name, from);
	live_say(r->l->rules_n ? "%s is no allowed exporter: what it sends is dropped%s"
			       : "%s is one exporter too many: what it sends is dropped; name "
				 "yours with --exporter%s",
	    name, ++r->foreign_told == TOLD_MAX ? "; more senders are only counted" : "");
}

static void take_export(struct live_reader *r, struct sender *s, const uint8_t *p, size_t n)
{
	struct live_exporter *x = place_of(r, s->number);
	size_t flow_n = r->batch.flow_n, session_n = r->batch.session_n;
	begin_batch(r);
	export_datagram(r->export, &s->addr, r->now_ms, p, n, 0, &r->batch);
	senders_mark(s, &r->batch, flow_n, session_n);
	senders_sift(s, &r->batch, flow_n, r->now_ms, x);
	count_notes(r);
	live_add(&r->board->datagrams, 1);
	live_add(&r->board->bytes, n);
	if (x) {
		live_add(&x->datagrams, 1);
		live_add(&x->bytes, n);
		atomic_store_explicit(&x->last_ms, r->now_ms, memory_order_relaxed);
	}
	if (batch_full(&r->batch))
		flush(r);
}

static void take_datagram(struct live_reader *r, const struct udp_datagram *d)
{
	struct sender *s = senders_of(r->senders, &d->from);
	if (!s)
		tell_foreign(r, &d->from);
	else if (senders_take(r->senders, s, d, r->now_ms, place_of(r, s->number)))
		take_export(r, s, d->p, d->n);
}

/* One system call; how many datagrams there were. */
static size_t take_socket(struct live_reader *r, const struct live_socket *socket)
{
	const struct udp_datagram *v;
	size_t n = udp_receive(socket->fd, r->udp, &v);
	for (size_t i = 0; i < n; i++)
		take_datagram(r, &v[i]);
	return n;
}

static void take_ipfix(void *arg, const union addr *from, const uint8_t *p, size_t n)
{
	struct live_reader *r = arg;
	struct sender *s = senders_of(r->senders, from);
	if (s)
		take_export(r, s, p, n);
	else
		tell_foreign(r, from);
}

static void take_dnstap(void *arg, const uint8_t *p, size_t n)
{
	struct live_reader *r = arg;
	begin_batch(r);
	dnstap_frame(r->dnstap, p, n, 0, &r->batch);
	count_notes(r);
	live_add(&r->board->bytes, n);
	if (batch_full(&r->batch))
		flush(r);
}

static void end_peer(struct live_reader *r, struct peer *x, const char *why)
{
	struct wire m = {.kind = WIRE_PEER_END, .id = x->is.id};
	char from[ADDR_TEXT] = "a unix socket's peer";
	if (!addr_is_zero(&x->is.from))
		addr_text(from, &x->is.from);
	if (why) {
		live_add(&r->board->bad, 1);
		if (r->peers_told++ < TOLD_MAX)
			live_say("%s %s: the connection is closed", from, why);
	}
	(void)wire_send(r->wire, &m, -1);
	peer_close(x);
}

static void take_peer(struct live_reader *r, struct peer *x)
{
	const struct peer_sink to = {r, take_ipfix, take_dnstap};
	enum live_stream was = x->is.kind;
	const char *why;
	x->last_ms = r->now_ms;
	if (!peer_read(x, &to, &why)) {
		end_peer(r, x, why);
	} else if (x->is.kind != was) {
		struct wire m = {
		    .kind = WIRE_PEER_IS, .id = x->is.id, .number = (uint32_t)x->is.kind};
		(void)wire_send(r->wire, &m, -1);
	}
}

static void end_idle_peers(struct live_reader *r)
{
	char from[ADDR_TEXT];
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++) {
		if (!peer_idle(&r->peers[i], r->now_ms))
			continue;
		addr_text(from, &r->peers[i].is.from);
		if (r->peers_told++ < TOLD_MAX)
			live_say("%s has been silent for long: the connection is closed", from);
		end_peer(r, &r->peers[i], NULL);
	}
}

static void follow(struct live_reader *r, int fd, uint32_t kind, size_t index)
{
	struct epoll_event event = {
	    .events = EPOLLIN, .data.u64 = (uint64_t)kind << 32 | (uint32_t)index};
	(void)epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void add_peer(struct live_reader *r, const struct live_peer *is)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (!r->peers[i].is.id) {
			peer_open(&r->peers[i], is);
			r->peers[i].last_ms = r->now_ms;
			follow(r, is->fd, ON_PEER, i);
			return;
		}
	(void)close(is->fd);
}

static void end_file(struct live_reader *r, struct tally *t)
{
	reader_close(&r->file, t);
	r->file_open = false;
	(void)wire_word(r->wire, WIRE_FILE_END, 0);
}

static void count_file(struct live_reader *r, const struct tally *t)
{
	live_add(&r->board->flows, t->flow_n);
	live_add(&r->board->dns, t->dns_n);
	live_add(&r->board->bad, t->bad_n);
	live_add(&r->board->sessions, t->session_n);
	live_add(&r->board->ignored, t->ignored_n);
	live_add(&r->board->files_read, t->files_read);
	live_add(&r->board->files_ignored, t->files_ignored);
	live_add(&r->board->files_failed, t->files_failed);
}

static void open_file(struct live_reader *r, const struct wire *m, int fd)
{
	struct tally t = {0};
	struct err e;
	memcpy(r->file_name, m->text, sizeof r->file_name);
	r->file_open = true;
	r->env.now_ms = wall(r);
	if (reader_adopt(&r->file, fd, r->file_name, &r->env, &t, &e)) {
		live_say("%s", e.msg);
		t.files_failed++;
		end_file(r, &t);
	}
	count_file(r, &t);
}

/* A batch of the file: it waits for room in the ring as everything does. Its records were not
 * received just now, so they go without that time. */
static void take_file(struct live_reader *r)
{
	struct tally t = {0};
	if (reader_next(&r->file, &t)) {
		leave_sessions(r, &r->file.batch);
		t.session_n = r->file.batch.session_n;
		live_add(&r->board->ring_drops, ring_put(r->l->ring, &r->file.batch, 0));
	} else {
		end_file(r, &t);
	}
	count_file(r, &t);
}

static void give_templates(struct live_reader *r)
{
	struct text t = {0};
	flush(r);
	export_save(r->export, &t);
	for (uint32_t i = 0; i < live_exporters(r->board); i++)
		atomic_store(&r->board->exporter[i].records_saved, r->board->exporter[i].records);
	const struct wire m = {.kind = WIRE_SAVED};
	wire_give(r->wire, &m, wire_memory("theriac-templates", t.p, t.n));
	text_fini(&t);
}

static void obey(struct live_reader *r, const struct wire *m, int fd)
{
	struct live_peer is = {fd, m->id, (enum live_stream)m->number, {{0}}, -1};
	switch ((enum wire_kind)m->kind) {
	case WIRE_PEER:
		(void)addr_parse((struct span){m->text, m->text_n}, &is.from);
		add_peer(r, &is);
		return;
	case WIRE_FILE:
		open_file(r, m, fd);
		return;
	case WIRE_SAVE:
		publish_counts(r, false);
		give_templates(r);
		break;
	case WIRE_STOP:
		r->stop = true;
		r->drain = m->number;
		break;
	case WIRE_PEER_IS:
	case WIRE_PEER_END:
	case WIRE_PEER_REST:
	case WIRE_FILE_END:
	case WIRE_SAVED:
	case WIRE_READY:
	case WIRE_GO:
	case WIRE_LINES:
	case WIRE_CLIENT:
	case WIRE_END:
		break;
	}
	if (fd >= 0)
		(void)close(fd);
}

static void listen_to_parent(struct live_reader *r)
{
	struct wire m;
	int fd, got;
	while ((got = wire_take(r->wire, &m, &fd)) > 0)
		obey(r, &m, fd);
	r->gone |= got < 0;
}

static void take_event(struct live_reader *r, uint64_t data)
{
	size_t i = (uint32_t)data;
	switch (data >> 32) {
	case ON_SOCKET:
		(void)take_socket(r, &r->l->sockets[i]);
		break;
	case ON_PEER:
		if (r->peers[i].is.id)
			take_peer(r, &r->peers[i]);
		break;
	default:
		listen_to_parent(r);
	}
}

/* Queries that will have no answer any more; a resolver that fell silent must not hold them. */
static void advance_dnstap(struct live_reader *r)
{
	bool more = true;
	while (more) {
		begin_batch(r);
		if (r->stop)
			more = dnstap_flush(r->dnstap, &r->batch);
		else
			more = !r->l->o->replay && dnstap_advance(r->dnstap, r->now_ms, &r->batch);
		if (more)
			flush(r);
	}
}

static int patience(const struct live_reader *r)
{
	if (r->file_open)
		return 0;
	return batch_records(&r->batch) ? HOLD_MS : IDLE_MS;
}

/* One turn for everything that is ready. */
static void turn(struct live_reader *r)
{
	struct epoll_event v[EVENTS];
	live_beat(r->l);
	if (ring_room(r->l->ring) < ROOM_SLOTS) {
		(void)usleep(FULL_MS * 1000);
		listen_to_parent(r);
		return;
	}
	int n = epoll_wait(r->epoll, v, EVENTS, patience(r));
	wall(r);
	for (int i = 0; i < n; i++)
		take_event(r, v[i].data.u64);
	if (r->file_open && ring_room(r->l->ring) >= ROOM_SLOTS)
		take_file(r);
	if (n <= 0 || r->now_ms - r->batch_ms >= HOLD_MS)
		flush(r);
}

/* Connections go on with the next reader, from where they are. */
static void give_peers(struct live_reader *r)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++) {
		const struct peer *x = &r->peers[i];
		const struct wire m = {.kind = WIRE_PEER_REST, .id = x->is.id};
		if (x->is.id && x->n)
			wire_give(r->wire, &m, wire_memory("theriac-rest", x->p, x->n));
	}
}

/* What waits in the sockets when the end is asked for; what comes meanwhile for a moment as well.
 */
static void drain(struct live_reader *r)
{
	int64_t until_ms = wall(r) + DRAIN_MS;
	for (size_t any = 1; any && wall(r) < until_ms && !r->gone;) {
		any = 0;
		for (size_t i = 0; i < r->l->sockets_n; i++)
			any += take_socket(r, &r->l->sockets[i]);
	}
}

static void open_reader(struct live_reader *r)
{
	struct live *l = r->l;
	struct err e;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->names = exporters_new();
	live_names(r->board, r->names);
	r->env = (struct reader_env){
	    .exporters = r->names, .decoder_opts = settings_decoders(l->settings)};
	const struct decode_env env = {.exporters = r->names};
	r->export = export_new(&env);
	r->dnstap = dnstap_new(&env);
	if (l->templates.n &&
	    export_load(r->export, (struct span){l->templates.p, l->templates.n}, &e))
		live_say("templates: %s", e.msg);
	r->senders = senders_new(r->names, l->rules, l->rules_n, r->board);
	senders_resume(r->senders, l->templates.n > 0);
	senders_export_rules(r->senders, r->export);
	r->udp = udp_new();
	for (size_t i = 0; i < l->sockets_n; i++)
		follow(r, l->sockets[i].fd, ON_SOCKET, i);
	follow(r, r->wire, ON_WIRE, 0);
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (l->peers[i].id)
			add_peer(r, &l->peers[i]);
}

static void close_reader(struct live_reader *r)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (r->peers[i].is.id)
			peer_close(&r->peers[i]);
	batch_fini(&r->batch);
	udp_free(r->udp);
	dnstap_free(r->dnstap);
	export_free(r->export);
	senders_free(r->senders);
	exporters_free(r->names);
	(void)close(r->epoll);
}

int live_reader(struct live *l, int wire)
{
	struct live_reader *r = mem_new(1, sizeof *r);
	int64_t asked_ms = 0, published_ms = 0;
	r->l = l;
	r->board = l->board;
	r->wire = wire;
	wall(r);
	open_reader(r);
	while (!r->gone) {
		turn(r);
		if (r->now_ms - published_ms >= IDLE_MS || r->now_ms < published_ms) {
			publish_counts(r, false);
			advance_dnstap(r);
			end_idle_peers(r);
			published_ms = r->now_ms;
		}
		if (r->stop && !asked_ms)
			asked_ms = r->now_ms;
		if (r->stop && !(r->file_open && r->now_ms - asked_ms < FILE_MS))
			break;
	}
	live_busy(l, true);
	if (r->drain)
		drain(r);
	advance_dnstap(r);
	publish_counts(r, r->drain);
	give_templates(r);
	give_peers(r);
	close_reader(r);
	free(r);
	return 0;
}
