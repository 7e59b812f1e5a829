/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ordering and writing: see stage.h. Packet sampling thins each record by chance, packet by packet;
 * records without a packet left vanish, as on a router. */
#include "sim/stage.h"
#include "base/mem.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_FLUSH = 1 << 16 };

static void open_exporters(struct stage *s, bool ipfix, bool flags)
{
	struct exporter_about about = {
	    .ipfix = ipfix, .flags = flags, .sampling = s->sampling, .start_ms = s->start_ms};
	exporter_open(&s->exporters[EXPORTER_MAIN], &s->flows, &about);
	about.number = EXPORTER_OUTSIDE;
	if (s->access)
		exporter_open(&s->exporters[EXPORTER_OUTSIDE], &s->outside, &about);
}

int stage_open(
    struct stage *s, const char *dir, bool ipfix, bool flags, uint64_t seed, struct err *e)
{
	s->r = rand_of(seed, UINT64_MAX);
	int failed = sink_open(&s->flows, dir, s->zeek ? "conn.log" : "flows.pcap", e);
	if (!failed && s->dns)
		failed = sink_open(&s->lookups, dir, "dns.log", e);
	if (!failed && s->access && !s->zeek)
		failed = sink_open(&s->outside, dir, "flows-outside.pcap", e);
	if (failed)
		return failed;
	if (s->zeek) {
		zeek_conn_head(&s->text);
		sink_add(&s->flows, s->text.p, s->text.n);
	} else {
		open_exporters(s, ipfix, flags);
	}
	text_reset(&s->text);
	zeek_dns_head(&s->text);
	sink_add(&s->lookups, s->text.p, s->text.n);
	text_reset(&s->text);
	return ERR_OK;
}

static void add_talk(struct stage *s, const struct talk *t)
{
	if (s->talk_n == s->talk_cap) {
		s->talk_cap = s->talk_cap ? s->talk_cap + s->talk_cap / 2 : 1024;
		s->talks = mem_grow(s->talks, s->talk_cap, sizeof *s->talks);
	}
	s->talks[s->talk_n++] = *t;
	s->talk_count++;
}

void stage_talk(struct stage *s, const struct talk *t)
{
	struct talk left = *t, part;
	if (t->start_ms < s->start_ms || t->start_ms >= s->end_ms)
		return;
	left.piece = 0;
	talk_clip(&left, s->end_ms);
	if (!s->access) {
		add_talk(s, &left);
		return;
	}
	while (access_place(s->access, &left, &part))
		if (part.exporter != EXPORTER_NONE)
			add_talk(s, &part);
}

static void add_line(struct stage *s, const struct query *q)
{
	struct due *d = &s->due[q->at_ms / STAGE_MINUTE_MS % STAGE_AHEAD];
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap + d->cap / 2 : 256;
		d->lines = mem_grow(d->lines, d->cap, sizeof *d->lines);
	}
	d->lines[d->n++] = (struct due_line){q->at_ms, d->text.n};
	zeek_dns(&d->text, q, ++s->lookup_count << 1 | 1);
}

static void add_resolving(struct stage *s, uint32_t line, const struct query *q)
{
	enum { QUESTION = 12 + 6 + 11, ANSWER = 16 }; /* header, question and EDNS; each answer */
	uint32_t name_n = (uint32_t)strlen(q->name);
	struct talk t = {.start_ms = q->at_ms,
	    .host = q->client,
	    .peer = q->server,
	    .line = line,
	    .host_port = q->port,
	    .peer_port = 53};
	bool answered = q->rcode != DNS_RCODE_NONE;
	uint32_t answer_n = QUESTION + name_n + ANSWER * q->answer_n +
			    (uint32_t)(q->answer ? ANSWER + strlen(q->answer) : 0) +
			    (q->rcode == DNS_NXDOMAIN ? 70 : 0);
	talk_udp(&t, 1, QUESTION + name_n, answered, answer_n, answered ? q->rtt_ms : 0);
	stage_talk(s, &t);
}

void stage_query(struct stage *s, uint32_t line, const struct query *q)
{
	struct query seen = *q;
	if (q->at_ms < s->start_ms || q->at_ms >= s->end_ms ||
	    (s->access && !access_client(s->access, line, q->at_ms, &seen.client)))
		return;
	if (s->dns)
		add_line(s, &seen);
	add_resolving(s, line, q);
	const struct home *h = &s->homes[line];
	if (s->dns && h->bot >= 0 && (s->access || addr_is_v4(&q->client)))
		truth_query(s->truth, (uint32_t)h->bot, q);
}

/* Room for the keys and the order of n things. */
static void make_room(struct stage *s, uint32_t n)
{
	if (n <= s->order_cap)
		return;
	s->order_cap = n + n / 2;
	s->ms = mem_grow(s->ms, s->order_cap, sizeof *s->ms);
	s->order = mem_grow(s->order, s->order_cap, sizeof *s->order);
}

/* Fills s->order with 0..n-1 sorted by s->ms, the milliseconds behind the minute's start; equal
 * ones keep their order (a counting sort). */
static void sort_by_ms(struct stage *s, uint32_t n)
{
	memset(s->first, 0, sizeof s->first);
	for (uint32_t i = 0; i < n; i++)
		s->first[s->ms[i] + 1]++;
	for (uint32_t i = 0; i < STAGE_MINUTE_MS; i++)
		s->first[i + 1] += s->first[i];
	for (uint32_t i = 0; i < n; i++)
		s->order[s->first[s->ms[i]]++] = i;
}

static void write_lines(struct stage *s, int64_t minute_ms)
{
	struct due *d = &s->due[minute_ms / STAGE_MINUTE_MS % STAGE_AHEAD];
	make_room(s, d->n);
	for (uint32_t i = 0; i < d->n; i++)
		s->ms[i] = (uint16_t)(d->lines[i].at_ms - minute_ms);
	sort_by_ms(s, d->n);
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t k = s->order[i];
		size_t end = k + 1 < d->n ? d->lines[k + 1].offset : d->text.n;
		sink_add(&s->lookups, d->text.p + d->lines[k].offset, end - d->lines[k].offset);
	}
	/* Given back, since a full bucket for each minute ahead would be much the largest table. */
	free(d->lines);
	text_fini(&d->text);
	*d = (struct due){0};
}

static void thin(struct stage *s, struct piece *p)
{
	double share = 1.0 / s->sampling;
	uint32_t n = p->packets, kept = 0;
	if (n <= 64)
		for (uint32_t i = 0; i < n; i++)
			kept += rand_unit(&s->r) < share;
	else
		kept = rand_poisson(&s->r, n * share);
	kept = kept < n ? kept : n;
	p->packets = kept;
	if (kept == 0)
		return;
	p->bytes = p->bytes * kept / n;
	/* SYN and FIN are one packet each, and seen only if that one is sampled. */
	if (n > 1 && (p->flags & TCP_ACK)) {
		if ((p->flags & TCP_SYN) && rand_unit(&s->r) > (double)kept / n)
			p->flags &= (uint8_t)~TCP_SYN;
		if ((p->flags & TCP_FIN) && rand_unit(&s->r) > (double)kept / n)
			p->flags &= (uint8_t)~TCP_FIN;
	}
	if (!(p->flags & (TCP_FIN | TCP_RST)) && p->reason == FLOW_REASON_FIN)
		p->reason = FLOW_REASON_IDLE;
	double span = (double)(p->end_ms - p->start_ms);
	if (kept < n) {
		p->start_ms += (int64_t)(span * rand_unit(&s->r) / (kept + 1));
		if (kept == 1)
			p->end_ms = p->start_ms;
	}
}

static uint16_t icmp_of(const struct talk *t, int way)
{
	uint16_t type = t->peer_port >> 8;
	if (t->proto != PROTO_ICMP)
		return 0;
	return way == 1 && type == 8 ? 0 : t->peer_port; /* an echo's answer is of type 0 */
}

static void export_way(
    struct stage *s, const struct talk *t, uint32_t number, int way, int64_t at_ms)
{
	struct piece p = talk_piece(t, number, way, s->active_ms);
	if (p.packets && s->sampling > 1)
		thin(s, &p);
	if (p.packets == 0)
		return;
	bool icmp = t->proto == PROTO_ICMP;
	struct export_record r = {.src = way ? t->peer : t->host,
	    .dst = way ? t->host : t->peer,
	    .sport = icmp  ? 0
		     : way ? t->peer_port
			   : t->host_port,
	    .dport = icmp  ? 0
		     : way ? t->host_port
			   : t->peer_port,
	    .icmp = icmp_of(t, way),
	    .start_ms = p.start_ms,
	    .end_ms = p.end_ms,
	    .exported_ms = at_ms,
	    .bytes = p.bytes,
	    .packets = p.packets,
	    .proto = t->proto,
	    .flags = p.flags,
	    .reason = p.reason,
	    .outward = way == 0};
	exporter_add(&s->exporters[t->exporter], &r);
	s->flow_count++;
	if (t->doing)
		truth_piece(s->truth, (uint32_t)s->homes[t->line].bot, t, number, way, &p);
}

static void write_conn(struct stage *s, const struct talk *t)
{
	zeek_conn(&s->text, t, ++s->flow_count << 1);
	if (s->text.n > LINE_BYTES_FLUSH) {
		sink_add(&s->flows, s->text.p, s->text.n);
		text_reset(&s->text);
	}
	for (int way = 0; t->doing && way < 2; way++) {
		struct piece p = {.start_ms = t->start_ms,
		    .end_ms = t->start_ms + t->span_ms,
		    .packets = t->packets[way],
		    .bytes = t->bytes[way]};
		if (p.packets)
			truth_piece(s->truth, (uint32_t)s->homes[t->line].bot, t, 0, way, &p);
	}
}

static int64_t next_export(const struct stage *s, const struct talk *t)
{
	return s->zeek ? t->start_ms + t->span_ms : talk_exported(t, t->piece, s->active_ms);
}

static void collect_pieces(struct stage *s, int64_t minute_ms)
{
	s->piece_n = 0;
	for (uint32_t i = 0; i < s->talk_n; i++) {
		struct talk *t = &s->talks[i];
		uint32_t n = s->zeek ? 1 : talk_pieces(t, s->active_ms);
		for (; t->piece < n; t->piece++) {
			int64_t at = next_export(s, t);
			if (at >= minute_ms + STAGE_MINUTE_MS)
				break;
			if (s->piece_n == s->piece_cap) {
				s->piece_cap =
				    s->piece_cap ? s->piece_cap + s->piece_cap / 2 : 1024;
				s->pieces = mem_grow(s->pieces, s->piece_cap, sizeof *s->pieces);
			}
			assert(at >= minute_ms);
			s->pieces[s->piece_n++] =
			    (struct due_piece){i, t->piece, (uint16_t)(at - minute_ms)};
		}
	}
}

static void drop_ended(struct stage *s)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->talk_n; i++) {
		const struct talk *t = &s->talks[i];
		if (t->piece < (s->zeek ? 1 : talk_pieces(t, s->active_ms)))
			s->talks[kept++] = *t;
	}
	s->talk_n = kept;
}

void stage_minute(struct stage *s, int64_t minute_ms)
{
	write_lines(s, minute_ms);
	collect_pieces(s, minute_ms);
	make_room(s, s->piece_n);
	for (uint32_t i = 0; i < s->piece_n; i++)
		s->ms[i] = s->pieces[i].ms;
	sort_by_ms(s, s->piece_n);
	for (uint32_t i = 0; i < s->piece_n; i++) {
		const struct due_piece *d = &s->pieces[s->order[i]];
		const struct talk *t = &s->talks[d->talk];
		if (s->zeek) {
			write_conn(s, t);
			continue;
		}
		for (int k = 0; k < 2; k++) {
			int way = t->by_peer ? !k : k; /* the opener's direction first */
			if (way == 0 || !s->one_way)
				export_way(s, t, d->piece, way, minute_ms + d->ms);
		}
	}
	drop_ended(s);
	truth_flush(s->truth, minute_ms - STAGE_MINUTE_MS);
}

bool stage_is_idle(const struct stage *s)
{
	return s->talk_n == 0;
}

static void close_exporters(struct stage *s)
{
	if (s->flows.f)
		exporter_close(&s->exporters[EXPORTER_MAIN]);
	if (s->outside.f)
		exporter_close(&s->exporters[EXPORTER_OUTSIDE]);
}

int stage_close(struct stage *s, struct err *e)
{
	if (s->zeek)
		sink_add(&s->flows, s->text.p, s->text.n);
	else
		close_exporters(s);
	for (int i = 0; i < STAGE_AHEAD; i++) {
		free(s->due[i].lines);
		text_fini(&s->due[i].text);
	}
	free(s->talks);
	free(s->pieces);
	free(s->order);
	free(s->ms);
	text_fini(&s->text);
	int failed = sink_close(&s->flows, e);
	int other = sink_close(&s->lookups, failed ? NULL : e);
	failed = failed ? failed : other;
	other = sink_close(&s->outside, failed ? NULL : e);
	return failed ? failed : other;
}
