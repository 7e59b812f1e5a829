/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Showing the board: see live_show.h. Counters are rows of two tables, so that status, metrics and
 * summary name all of them and name them alike. */
#include "run/live_show.h"
#include "base/when.h"
#include "evidence/evidence.h"
#include <stddef.h>
#include <string.h>

enum shown { /* in words; JSON and metrics have them all */
	SHOWN_NOT,
	SHOWN_APART, /* it has a place of its own */
	SHOWN_NAMED, /* where it is not 0 */
};

struct counter {
	const char *name, *help;
	size_t offset;
	enum shown shown;
};

#define OF(field) offsetof(struct live_exporter, field)
static const struct counter exporter_counters[] = {
    {"datagrams", "datagrams and messages taken", OF(datagrams), SHOWN_NOT},
    {"bytes", "bytes of them", OF(bytes), SHOWN_NOT},
    {"records", "records decoded and passed on", OF(records), SHOWN_NOT},
    {"lost", "records missing by sequence numbers", OF(lost), SHOWN_APART},
    {"kernel_drops", "datagrams its own socket had no room for", OF(kernel_drops), SHOWN_NAMED},
    {"bucket_drops", "records over its token bucket", OF(bucket_drops), SHOWN_NAMED},
    {"far_drops", "datagrams that came over too many hops", OF(far_drops), SHOWN_NAMED},
    {"via_drops", "datagrams that came in by another interface", OF(via_drops), SHOWN_NAMED},
    {"replayed", "datagrams that had come before", OF(replayed), SHOWN_NAMED},
    {"foreign", "flows of none of its prefixes", OF(foreign), SHOWN_NAMED},
    {"bad", "damaged records, sets and datagrams", OF(bad), SHOWN_APART},
    {"ignored", "records of no use", OF(ignored), SHOWN_NOT},
    {"no_template", "data sets that came before their template", OF(no_template), SHOWN_APART},
    {"resets", "times that its sequence began anew", OF(resets), SHOWN_NOT},
    {"redefined", "templates that changed their form while in use", OF(redefined), SHOWN_NAMED},
    {"refused", "records that failed their check", OF(drop[DROP_REFUSED]), SHOWN_NAMED},
    {"wrong_clock", "records held apart for their time", OF(drop[DROP_CLOCK]), SHOWN_APART},
    {"log_drops", "translations lost, since the session index could not be kept for long",
	OF(drop[DROP_LOG]), SHOWN_NAMED},
    {"wrong_sampling", "announcements of sampling that were not believed", OF(wrong_sampling),
	SHOWN_NAMED},
};
#undef OF
#define OF(field) offsetof(struct live_board, field)
static const struct counter board_counters[] = {
    {"datagrams", "datagrams and messages taken", OF(datagrams), SHOWN_NAMED},
    {"bytes", "bytes of them", OF(bytes), SHOWN_NAMED},
    {"flows", "flows decoded", OF(flows), SHOWN_APART},
    {"lookups", "DNS records decoded", OF(dns), SHOWN_APART},
    {"sessions", "address translations decoded", OF(sessions), SHOWN_NAMED},
    {"bad", "damaged records", OF(bad), SHOWN_NAMED},
    {"ignored", "records of no use", OF(ignored), SHOWN_NAMED},
    {"refused", "records that failed their check", OF(refused), SHOWN_NAMED},
    {"foreign", "datagrams and connections of senders that are not allowed", OF(foreign),
	SHOWN_NAMED},
    {"kernel_drops", "datagrams the common sockets had no room for", OF(kernel_drops), SHOWN_NAMED},
    {"ring_drops", "records that found no room between reader and sensor", OF(ring_drops),
	SHOWN_NAMED},
    {"wrong_clock", "records held apart for their time", OF(wrong_clock), SHOWN_NAMED},
    {"late", "records behind the clock, used against indicators only", OF(late), SHOWN_NAMED},
    {"line_unknown", "contacts and look-ups that no session names a line of", OF(not_exact[0]),
	SHOWN_NAMED},
    {"line_ambiguous", "contacts and look-ups that may be of several lines", OF(not_exact[2]),
	SHOWN_NAMED},
    {"line_expired", "contacts and look-ups of before the sessions that are kept", OF(not_exact[3]),
	SHOWN_NAMED},
    {"sessions_taken", "session records that the sensor took", OF(sessions_taken), SHOWN_NAMED},
    {"sessions_dropped", "sessions pushed out of a full table", OF(sessions_dropped), SHOWN_NAMED},
    {"joins_refused", "identifiers that were seen with two lines and name neither",
	OF(joins_refused), SHOWN_NAMED},
    {"session_troubles", "times that the session index could not be kept", OF(session_troubles),
	SHOWN_NAMED},
    {"session_log_drops", "session records lost, since the index could not be kept for long",
	OF(log_drops), SHOWN_NAMED},
    {"renamed", "lines that a new week gave new names", OF(renamed), SHOWN_NAMED},
    {"muted", "findings that the operator mutes", OF(muted), SHOWN_NAMED},
    {"dropped", "lines and conversations pushed out of full tables", OF(dropped), SHOWN_NAMED},
    {"findings", "findings told", OF(findings), SHOWN_NAMED},
    {"unsent", "findings that nobody read in time", OF(unsent), SHOWN_NAMED},
    {"files_read", "files of watched folders read", OF(files_read), SHOWN_NAMED},
    {"files_ignored", "files of no use", OF(files_ignored), SHOWN_NAMED},
    {"files_failed", "files that could not be read", OF(files_failed), SHOWN_NAMED},
    {"restarts", "processes that died and were started again", OF(restarts), SHOWN_NAMED},
    {"checkpoints", "checkpoints kept", OF(checkpoints), SHOWN_NAMED},
    {"checkpoints_failed", "checkpoints that could not be kept", OF(checkpoints_failed),
	SHOWN_NAMED},
};
#undef OF
#define OF(field) offsetof(struct live_source, field)
static const struct counter source_counters[] = {
    {"sessions", "session records passed on", OF(sessions), SHOWN_APART},
    {"packets", "datagrams taken", OF(packets), SHOWN_APART},
    {"answered", "accounting packets answered", OF(answered), SHOWN_APART},
    {"again", "accounting packets that came again, and were answered again", OF(again),
	SHOWN_NAMED},
    {"forged", "packets with a wrong authenticator", OF(forged), SHOWN_NAMED},
    {"unknown_sender", "packets of senders that are not named", OF(unknown_sender), SHOWN_NAMED},
    {"replayed", "packets whose Event-Timestamp is too far from now", OF(replayed), SHOWN_NAMED},
    {"unanswered", "answers that could not be sent", OF(unanswered), SHOWN_NAMED},
    {"kernel_drops", "datagrams its socket had no room for", OF(kernel_drops), SHOWN_NAMED},
    {"ring_drops", "session records that found no room at the end", OF(ring_drops), SHOWN_NAMED},
    {"refused", "session records that failed their check", OF(drop[DROP_REFUSED]), SHOWN_NAMED},
    {"wrong_clock", "session records held apart for their time", OF(drop[DROP_CLOCK]), SHOWN_NAMED},
    {"log_drops", "session records lost, since the index could not be kept for long",
	OF(drop[DROP_LOG]), SHOWN_NAMED},
    {"bad", "damaged packets and records", OF(bad), SHOWN_APART},
    {"ignored", "records and lines of no use", OF(ignored), SHOWN_NAMED},
    {"bytes", "bytes read", OF(bytes), SHOWN_NOT},
    {"files", "files opened", OF(files), SHOWN_APART},
    {"rotated", "times that another file came in its place", OF(rotated), SHOWN_NAMED},
    {"rewritten", "times that a file was written anew", OF(rewritten), SHOWN_NAMED},
};
#undef OF
enum {
	SOURCE_COUNTERS = sizeof source_counters / sizeof *source_counters,
	EXPORTER_COUNTERS = sizeof exporter_counters / sizeof *exporter_counters,
	BOARD_COUNTERS = sizeof board_counters / sizeof *board_counters
};

static uint64_t value(const void *base, const struct counter *c)
{
	const char *at = (const char *)base + c->offset;
	return atomic_load_explicit(
	    (const _Atomic uint64_t *)(const void *)at, memory_order_relaxed);
}

/* Printable ASCII without quotes, whatever the reader wrote there. */
static void name_of(char out[ADDR_TEXT], const struct live_exporter *x)
{
	size_t n = 0;
	for (; n < ADDR_TEXT - 1 && x->name[n]; n++)
		out[n] = x->name[n] > ' ' && x->name[n] < 0x7f && !strchr("\"\\", x->name[n])
			     ? x->name[n]
			     : '?';
	out[n] = '\0';
}

void live_view_rate(struct live_view *v, int64_t now_ms)
{
	const struct live_board *b = v->l->board;
	int64_t span_ms = now_ms - v->rated_ms;
	if (span_ms <= 0)
		return;
	uint64_t ms = (uint64_t)span_ms, flows = b->flows, dns = b->dns;
	v->flow_rate = (flows - v->flows_was) * 1000 / ms;
	v->dns_rate = (dns - v->dns_was) * 1000 / ms;
	v->flows_was = flows;
	v->dns_was = dns;
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		uint64_t records = b->exporter[i].records;
		v->rate[i] = (records - v->records_was[i]) * 1000 / ms;
		v->records_was[i] = records;
	}
	v->rated_ms = now_ms;
}

static void sampling_text(char out[24], uint32_t sampling)
{
	if (sampling)
		(void)snprintf(out, 24, "1:%u", sampling);
	else
		(void)snprintf(out, 24, "unknown");
}

static void ago(char out[WHEN_TEXT], int64_t then_ms)
{
	if (then_ms)
		when_span(out, live_now_ms() - then_ms);
	else
		(void)str_copy(out, WHEN_TEXT, "never", strlen("never"));
}

/* Those that are not 0. */
static void named_text(const struct counter *v, int n, const void *base, struct text *out)
{
	for (int k = 0; k < n; k++)
		if (v[k].shown == SHOWN_NAMED && value(base, &v[k]))
			text_fmt(out, "%37llu %s: %s\n", (unsigned long long)value(base, &v[k]),
			    v[k].name, v[k].help);
}

static void exporters_text(const struct live_view *v, struct text *out)
{
	const struct live_board *b = v->l->board;
	if (live_exporters(b))
		text_fmt(out, "\n%-24s %12s %10s %10s %10s %8s %8s %8s  %-8s %s\n", "exporter",
		    "records", "records/s", "lost", "dropped", "bad", "no tmpl", "clock",
		    "sampling", "heard");
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		const struct live_exporter *x = &b->exporter[i];
		char name[ADDR_TEXT], sampling[24], heard[WHEN_TEXT];
		name_of(name, x);
		sampling_text(sampling, x->sampling);
		ago(heard, x->last_ms);
		text_fmt(out, "%-24s %12llu %10llu %10llu %10llu %8llu %8llu %8llu  %-8s %s%s\n",
		    name, (unsigned long long)x->records, (unsigned long long)v->rate[i],
		    (unsigned long long)x->lost,
		    (unsigned long long)(x->kernel_drops + x->bucket_drops + x->far_drops +
					 x->via_drops + x->replayed),
		    (unsigned long long)x->bad, (unsigned long long)x->no_template,
		    (unsigned long long)x->drop[DROP_CLOCK], sampling, heard,
		    x->last_ms ? " ago" : "");
		named_text(exporter_counters, EXPORTER_COUNTERS, x, out);
	}
}

/* Socket by socket: what it is for, how full it is. */
static void listeners_text(const struct live_view *v, struct text *out)
{
	const struct live *l = v->l;
	uint32_t dropped, waiting;
	text_fmt(out, "\n%-36s %-24s %12s %12s %10s\n", "listener", "for", "buffer", "waiting",
	    "dropped");
	for (size_t i = 0; i < l->sockets_n; i++) {
		const struct live_socket *s = &l->sockets[i];
		struct text name = {0};
		char from[ADDR_TEXT] = "others";
		if (s->own)
			addr_text(from, &s->own->from.addr);
		listen_text(&l->listens[s->listen], &name);
		if (!udp_dropped(s->fd, &dropped, &waiting))
			dropped = waiting = 0;
		text_fmt(
		    out, "%-36s %-24s %12zu %12u %10u\n", name.p, from, s->bytes, waiting, dropped);
		text_fini(&name);
	}
	for (size_t i = 0; i < l->listens_n; i++) {
		if (l->listens[i].kind == LISTEN_UDP)
			continue;
		struct text name = {0};
		listen_text(&l->listens[i], &name);
		text_fmt(out, "%s\n", name.p);
		text_fini(&name);
	}
}

static void sources_text(const struct live_view *v, struct text *out)
{
	if (v->l->feeds_n)
		text_fmt(out, "\n%-36s %12s %12s %12s %8s %8s  %s\n", "source of sessions",
		    "sessions", "packets", "answered", "files", "bad", "heard");
	for (size_t i = 0; i < v->l->feeds_n; i++) {
		const struct live_source *x = &v->l->board->source[i];
		char heard[WHEN_TEXT];
		ago(heard, x->last_ms);
		text_fmt(out, "%-36s %12llu %12llu %12llu %8llu %8llu  %s%s\n", v->l->feeds[i].name,
		    (unsigned long long)x->sessions, (unsigned long long)x->packets,
		    (unsigned long long)x->answered, (unsigned long long)x->files,
		    (unsigned long long)x->bad, heard, x->last_ms ? " ago" : "");
		named_text(source_counters, SOURCE_COUNTERS, x, out);
	}
}

static void process_text(const char *name, pid_t pid, struct text *out)
{
	if (pid)
		text_fmt(out, "%s %d", name, (int)pid);
	else
		text_fmt(out, "%s not running", name);
}

static unsigned ring_percent(const struct live *l)
{
	return 100 - ring_room(l->ring) * 100 / RING_SLOTS_DEFAULT;
}

static void checkpoint_text(const struct live_board *b, struct text *out)
{
	char age[WHEN_TEXT];
	ago(age, b->checkpoint_at_ms);
	if (b->checkpoint_at_ms)
		text_fmt(out, "checkpoint %s ago, %.1f MB in %llu ms", age,
		    (double)b->checkpoint_bytes / 1e6, (unsigned long long)b->checkpoint_ms);
	else
		text_puts(out, "no checkpoint yet");
	if (b->checkpoints_failed)
		text_fmt(out, ", %llu failed", (unsigned long long)b->checkpoints_failed);
	text_putc(out, '\n');
}

static void findings_text(const struct live_board *b, struct text *out)
{
	text_fmt(out, "%llu lines:", (unsigned long long)b->lines);
	for (int i = TIER_NOTICE; i >= TIER_OBSERVE; i--)
		text_fmt(out, " %llu %s%s", (unsigned long long)b->tier[i], tier_words[i],
		    i == TIER_OBSERVE ? "\n" : ",");
}

void live_status_text(const struct live_view *v, struct text *out)
{
	const struct live_board *b = v->l->board;
	char up[WHEN_TEXT], clock[WHEN_TEXT] = "not set";
	when_span(up, live_now_ms() - b->started_ms);
	if (b->clock_ms)
		when_text(clock, b->clock_ms);
	text_fmt(out, "up %s; ", up);
	process_text("reader", v->reader, out);
	text_puts(out, ", ");
	if (v->l->feeds_n) {
		process_text("session reader", v->sessions, out);
		text_puts(out, ", ");
	}
	process_text("sensor", v->sensor, out);
	text_fmt(out, ", %llu restarts\n", (unsigned long long)b->restarts);
	text_fmt(out, "%llu flows (%llu/s), %llu look-ups (%llu/s); clock %s; ring %u %% full\n",
	    (unsigned long long)b->flows, (unsigned long long)v->flow_rate,
	    (unsigned long long)b->dns, (unsigned long long)v->dns_rate, clock, ring_percent(v->l));
	findings_text(b, out);
	checkpoint_text(b, out);
	for (int i = 0; i < BOARD_COUNTERS; i++) {
		const struct counter *c = &board_counters[i];
		if (c->shown != SHOWN_APART && value(b, c))
			text_fmt(out, "%14llu %s: %s\n", (unsigned long long)value(b, c), c->name,
			    c->help);
	}
	listeners_text(v, out);
	sources_text(v, out);
	exporters_text(v, out);
}

static void exporters_json(const struct live_board *b, const uint64_t *rate, struct json *j)
{
	char name[ADDR_TEXT];
	json_list(j, "exporters");
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		const struct live_exporter *x = &b->exporter[i];
		name_of(name, x);
		json_open(j, NULL);
		json_text(j, "exporter", name);
		for (int k = 0; k < EXPORTER_COUNTERS; k++)
			json_uint(j, exporter_counters[k].name, value(x, &exporter_counters[k]));
		json_uint(j, "sampling", x->sampling);
		if (rate)
			json_uint(j, "records_per_s", rate[i]);
		if (x->last_ms)
			json_time(j, "last", x->last_ms);
		json_close(j);
	}
	json_end(j);
}

static void sources_json(const struct live *l, struct json *j)
{
	json_list(j, "sources");
	for (size_t i = 0; i < l->feeds_n; i++) {
		const struct live_source *x = &l->board->source[i];
		json_open(j, NULL);
		json_text(j, "source", l->feeds[i].name);
		for (int k = 0; k < SOURCE_COUNTERS; k++)
			json_uint(j, source_counters[k].name, value(x, &source_counters[k]));
		if (x->last_ms)
			json_time(j, "last", x->last_ms);
		json_close(j);
	}
	json_end(j);
}

static void listeners_json(const struct live *l, struct json *j)
{
	uint32_t dropped, waiting;
	json_list(j, "listeners");
	for (size_t i = 0; i < l->listens_n; i++) {
		struct text name = {0};
		listen_text(&l->listens[i], &name);
		json_open(j, NULL);
		json_text(j, "listen", name.p);
		json_list(j, "sockets");
		for (size_t k = 0; k < l->sockets_n; k++) {
			const struct live_socket *s = &l->sockets[k];
			char from[ADDR_TEXT] = "";
			if (s->listen != i || !udp_dropped(s->fd, &dropped, &waiting))
				continue;
			if (s->own)
				addr_text(from, &s->own->from.addr);
			json_open(j, NULL);
			json_text(j, "exporter", from);
			json_uint(j, "buffer_bytes", s->bytes);
			json_uint(j, "waiting_bytes", waiting);
			json_uint(j, "kernel_drops", dropped);
			json_close(j);
		}
		json_end(j);
		json_close(j);
		text_fini(&name);
	}
	json_end(j);
}

static void counters_json(const struct live_board *b, struct json *j)
{
	for (int i = 0; i < BOARD_COUNTERS; i++)
		json_uint(j, board_counters[i].name, value(b, &board_counters[i]));
}

void live_status_json(const struct live_view *v, struct text *out)
{
	const struct live_board *b = v->l->board;
	struct json j = json_to(out);
	json_open(&j, NULL);
	json_text(&j, "type", "status");
	json_text(&j, "version", THERIAC_VERSION);
	json_real(&j, "uptime_s", (double)(live_now_ms() - b->started_ms) / 1000, 3);
	json_open(&j, "processes");
	json_uint(&j, "reader", (uint64_t)v->reader);
	json_uint(&j, "sessions", (uint64_t)v->sessions);
	json_uint(&j, "sensor", (uint64_t)v->sensor);
	json_close(&j);
	counters_json(b, &j);
	json_uint(&j, "flows_per_s", v->flow_rate);
	json_uint(&j, "lookups_per_s", v->dns_rate);
	json_uint(&j, "ring_percent", ring_percent(v->l));
	json_uint(&j, "smoothing", b->smoothing);
	json_uint(&j, "taken", b->taken);
	if (b->clock_ms)
		json_time(&j, "clock", b->clock_ms);
	json_uint(&j, "lines", b->lines);
	if (v->l->sessions)
		json_uint(&j, "sessions_held", b->sessions_held);
	json_open(&j, "tiers");
	for (int i = TIER_OBSERVE; i <= TIER_NOTICE; i++)
		json_uint(&j, tier_words[i], b->tier[i]);
	json_close(&j);
	json_uint(&j, "checkpoint_ms", b->checkpoint_ms);
	json_uint(&j, "checkpoint_bytes", b->checkpoint_bytes);
	if (b->checkpoint_at_ms)
		json_time(&j, "checkpoint", b->checkpoint_at_ms);
	if (b->restored_at_ms)
		json_time(&j, "restored", b->restored_at_ms);
	listeners_json(v->l, &j);
	sources_json(v->l, &j);
	exporters_json(b, v->rate, &j);
	json_close(&j);
	json_line(&j);
}

static void gauge(struct text *out, const char *name, const char *help, double v)
{
	text_fmt(out, "# HELP theriac_%s %s\n# TYPE theriac_%s gauge\ntheriac_%s %.15g\n", name,
	    help, name, name, v);
}

/* A label's value: quotes and backslashes are escaped. */
static void label(const char *name, struct text *out)
{
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			text_putc(out, '\\');
		text_putc(out, (unsigned char)*name < ' ' ? '?' : *name);
	}
}

static void source_metrics(const struct live *l, struct text *out)
{
	for (int k = 0; k < SOURCE_COUNTERS && l->feeds_n; k++) {
		const struct counter *c = &source_counters[k];
		text_fmt(out,
		    "# HELP theriac_source_%s_total %s\n# TYPE theriac_source_%s_total counter\n",
		    c->name, c->help, c->name);
		for (size_t i = 0; i < l->feeds_n; i++) {
			text_fmt(out, "theriac_source_%s_total{source=\"", c->name);
			label(l->feeds[i].name, out);
			text_fmt(
			    out, "\"} %llu\n", (unsigned long long)value(&l->board->source[i], c));
		}
	}
}

static void exporter_metrics(const struct live_board *b, struct text *out)
{
	char name[ADDR_TEXT];
	for (int k = 0; k < EXPORTER_COUNTERS; k++) {
		const struct counter *c = &exporter_counters[k];
		text_fmt(out,
		    "# HELP theriac_exporter_%s_total %s\n# TYPE theriac_exporter_%s_total "
		    "counter\n",
		    c->name, c->help, c->name);
		for (uint32_t i = 0; i < live_exporters(b); i++) {
			name_of(name, &b->exporter[i]);
			text_fmt(out, "theriac_exporter_%s_total{exporter=\"%s\"} %llu\n", c->name,
			    name, (unsigned long long)value(&b->exporter[i], c));
		}
	}
	text_puts(out, "# HELP theriac_exporter_last_seconds when it was heard last\n"
		       "# TYPE theriac_exporter_last_seconds gauge\n");
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		name_of(name, &b->exporter[i]);
		text_fmt(out, "theriac_exporter_last_seconds{exporter=\"%s\"} %.3f\n", name,
		    (double)b->exporter[i].last_ms / 1000);
	}
}

void live_metrics(const struct live_view *v, struct text *out)
{
	const struct live_board *b = v->l->board;
	for (int i = 0; i < BOARD_COUNTERS; i++) {
		const struct counter *c = &board_counters[i];
		text_fmt(out,
		    "# HELP theriac_%s_total %s\n# TYPE theriac_%s_total counter\n"
		    "theriac_%s_total %llu\n",
		    c->name, c->help, c->name, c->name, (unsigned long long)value(b, c));
	}
	text_puts(out, "# HELP theriac_lines_found lines with findings, by tier\n"
		       "# TYPE theriac_lines_found gauge\n");
	for (int i = TIER_OBSERVE; i <= TIER_NOTICE; i++)
		text_fmt(out, "theriac_lines_found{tier=\"%s\"} %llu\n", tier_words[i],
		    (unsigned long long)b->tier[i]);
	gauge(out, "lines", "lines seen", (double)b->lines);
	gauge(out, "start_time_seconds", "when the sensor started", (double)b->started_ms / 1000);
	gauge(out, "clock_seconds", "time of the newest record that was judged",
	    (double)b->clock_ms / 1000);
	gauge(out, "ring_fill_ratio", "how full the ring between reader and sensor is",
	    (double)ring_percent(v->l) / 100);
	gauge(out, "smoothing_records", "records that wait for their turn", (double)b->smoothing);
	if (v->l->sessions)
		gauge(out, "sessions_held", "sessions held now", (double)b->sessions_held);
	gauge(out, "checkpoint_time_seconds", "when the last checkpoint was kept",
	    (double)b->checkpoint_at_ms / 1000);
	gauge(out, "checkpoint_bytes", "size of the last checkpoint", (double)b->checkpoint_bytes);
	gauge(out, "checkpoint_duration_seconds", "how long the last checkpoint took",
	    (double)b->checkpoint_ms / 1000);
	source_metrics(v->l, out);
	exporter_metrics(b, out);
}

struct counters {
	const struct counter *v;
	int n;
};

/* "Exporter 192.0.2.1: 12 records missing by sequence numbers; 3 …", or nothing. */
static void counted_words(const char *what, const char *name, const struct counters *of,
    const void *base, struct text *out)
{
	bool any = false;
	for (int k = 0; k < of->n; k++) {
		const struct counter *c = &of->v[k];
		if (c->shown == SHOWN_NOT || !value(base, c))
			continue;
		if (any)
			text_puts(out, "; ");
		else
			text_fmt(out, "%s %s: ", what, name);
		any = true;
		text_fmt(out, "%llu %s", (unsigned long long)value(base, c), c->help);
	}
	if (any)
		text_puts(out, ".\n");
}

static void all_words(const struct live *l, struct text *out)
{
	static const struct counters exporters = {exporter_counters, EXPORTER_COUNTERS},
				     sources = {source_counters, SOURCE_COUNTERS};
	const struct live_board *b = l->board;
	char name[ADDR_TEXT];
	for (size_t i = 0; i < l->feeds_n; i++)
		counted_words("Source", l->feeds[i].name, &sources, &b->source[i], out);
	for (uint32_t i = 0; i < live_exporters(b); i++) {
		name_of(name, &b->exporter[i]);
		counted_words("Exporter", name, &exporters, &b->exporter[i], out);
	}
}

static void fill_stats(const struct live *l, struct stats *stats)
{
	const struct live_board *b = l->board;
	stats->tally = (struct tally){.flow_n = b->flows,
	    .dns_n = b->dns,
	    .bad_n = b->bad + b->refused,
	    .ignored_n = b->ignored};
	stats->late = b->late;
	stats->sessions = l->sessions;
	stats->tally.session_n = b->sessions_taken;
	for (size_t i = 0; i < sizeof stats->not_exact / sizeof *stats->not_exact; i++)
		stats->not_exact[i] = b->not_exact[i];
	stats->dropped += b->ring_drops;
	stats->seconds = (double)(live_now_ms() - b->started_ms) / 1000;
}

void live_summary(const struct live *l, struct stats *stats, struct text *json, struct text *words)
{
	const struct live_board *b = l->board;
	fill_stats(l, stats);
	struct json j = json_to(json);
	json_open(&j, NULL);
	stats_keys(stats, &j);
	json_uint(&j, "foreign", b->foreign);
	json_uint(&j, "wrong_clock", b->wrong_clock);
	json_uint(&j, "kernel_drops", b->kernel_drops);
	json_uint(&j, "restarts", b->restarts);
	if (l->feeds_n)
		sources_json(l, &j);
	exporters_json(b, NULL, &j);
	json_close(&j);
	json_line(&j);
	text_fmt(words, "%llu flows and %llu look-ups of %u exporters in %.1f s; ",
	    (unsigned long long)b->flows, (unsigned long long)b->dns, live_exporters(b),
	    stats->seconds);
	findings_text(b, words);
	all_words(l, words);
}
