/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac decode: the records as decoded, nothing judged. Files one after the other; within a batch
 * the flows, then the look-ups, then the sessions. */
#include "base/json.h"
#include "base/when.h"
#include "run/reader.h"
#include "run/run.h"
#include "run/stats.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What comes from outside must not steer a terminal. */
static void plain(const char *p, size_t n, struct text *t)
{
	for (size_t i = 0; i < n; i++)
		text_putc(t, p[i] > ' ' && p[i] < 0x7f ? p[i] : '?');
}

static void flow_line(const struct flow *f, const char *exporter, struct text *t)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], start[WHEN_TEXT];
	addr_text(src, &f->src);
	addr_text(dst, &f->dst);
	when_text(start, f->have & FLOW_START ? f->start_ms : flow_time_ms(f));
	text_fmt(t, "%-24s %3u %s:%u -> %s:%u  %llu packets, %llu bytes", start, f->proto, src,
	    f->sport, dst, f->dport, (unsigned long long)f->packets, (unsigned long long)f->bytes);
	if (f->have & FLOW_BOTH_WAYS)
		text_fmt(t, ", back %llu, %llu", (unsigned long long)f->rpackets,
		    (unsigned long long)f->rbytes);
	text_putc(t, ' ');
	plain(f->state, strlen(f->state), t);
	text_fmt(t, " %s\n", exporter);
}

static void dns_line(const struct dns *d, struct text *t)
{
	char client[ADDR_TEXT], time[WHEN_TEXT], type[16], rcode[16] = "no answer";
	addr_text(client, &d->client);
	when_text(time, d->time_ms);
	dns_type_text(type, d->qtype);
	if (d->rcode != DNS_RCODE_NONE)
		dns_rcode_text(rcode, d->rcode);
	text_fmt(t, "%-24s dns %s %s ", time, client, type);
	plain(d->name, d->name_n, t);
	text_fmt(t, " %s\n", rcode);
}

static void print_batch(const struct batch *b, const struct exporters *x, bool as_json)
{
	struct text out = {0};
	struct json j = json_to(&out);
	for (size_t i = 0; i < b->flow_n; i++)
		if (as_json)
			flow_json(&b->flows[i], exporter_name(x, b->flows[i].exporter), &j);
		else
			flow_line(&b->flows[i], exporter_name(x, b->flows[i].exporter), &out);
	for (size_t i = 0; i < b->dns_n; i++)
		if (as_json)
			dns_json(&b->dns[i], &j);
		else
			dns_line(&b->dns[i], &out);
	for (size_t i = 0; i < b->session_n; i++) {
		const struct session *s = &b->sessions[i];
		if (as_json) {
			session_json(s, exporter_name(x, s->exporter), &j);
			continue;
		}
		session_words(s, exporter_name(x, s->exporter), &out);
		text_putc(&out, '\n');
	}
	(void)fwrite(out.p, 1, out.n, stdout);
	text_fini(&out);
}

static void decode_file(
    const char *path, const struct reader_env *env, bool as_json, struct tally *t)
{
	struct reader r;
	struct err e;
	if (reader_open(&r, path, env, t, &e)) {
		t->files_failed++;
		tally_tell(t, "%s", e.msg);
		return;
	}
	while (reader_next(&r, t))
		print_batch(&r.batch, env->exporters, as_json);
	reader_close(&r, t);
}

int run_decode(const struct decode_options *o, const struct settings *settings, char **paths, int n)
{
	struct tally tally = {0};
	struct run_input in;
	struct err e;
	int bad =
	    run_input_open(&in, settings_decoders(settings), o->format, o->zone, paths, n, &e);
	if (bad) {
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
		return bad == ERR_CONFIG ? 2 : 1;
	}
	struct stats stats = stats_begin();
	for (size_t i = 0; i < in.paths.n; i++)
		decode_file(in.paths.v[i], &in.env, o->json, &tally);
	stats.tally = tally;
	stats_end(&stats);
	if (o->json)
		stats_json(&stats, stdout);
	else
		stats_text(&stats, stderr);
	run_input_close(&in);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fputs("theriac: the output could not be written\n", stderr);
		return 1;
	}
	return tally.files_read ? 0 : 1;
}
