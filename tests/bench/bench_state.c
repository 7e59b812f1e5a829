/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a line's state costs, and a checkpoint: made-up households browse, look names up, talk QUIC
 * and have devices that call home, through the pipeline as it runs live. Out: memory a line between
 * a tenth of the lines and all of them; how long a checkpoint takes and keeps records waiting, how
 * fast they go on meanwhile, how long a restart reads.
 *   bench_state [LINES [THREADS]] */
#include "base/mem.h"
#include "base/rand.h"
#include "run/stages.h"
#include "run/state.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define T0 1767312000000ll /* a midnight, UTC */
enum { BATCH = 1024, RECORDS = 24, SITES = 400000, ROUND_LINES = 20000, ROUND_MS = 60000 };
enum { STEP_LINES = 5000 };
#define STEP_EVERY_S 0.1

struct bench {
	struct settings *settings;
	struct stages stages;
	struct stream_record r[BATCH];
	struct flow flows[BATCH];
	struct dns dns[BATCH];
	size_t n;
	uint64_t fed;
	int64_t now_ms;
	struct rand rand;
};

static double seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident_mb(void)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtod(line + 6, NULL);
	if (f)
		(void)fclose(f);
	return kb / 1024;
}

static void flush(struct bench *b)
{
	stages_feed(&b->stages, b->r, b->n);
	b->fed += b->n;
	b->n = 0;
}

static size_t next(struct bench *b)
{
	if (b->n == BATCH)
		flush(b);
	b->r[b->n] = (struct stream_record){.time_ms = b->now_ms};
	return b->n++;
}

/* Few sites are visited by many, and many by few. */
static uint32_t site(struct bench *b)
{
	return (uint32_t)rand_log_between(&b->rand, 1, SITES);
}

static void contact(struct bench *b, uint32_t line, uint32_t peer, uint16_t port, uint8_t proto)
{
	size_t i = next(b);
	struct flow *f = &b->flows[i];
	bool answered = rand_below(&b->rand, 25) != 0;
	*f = (struct flow){.src = addr_v4(0x0a000000 + line), .dst = addr_v4(peer), .proto = proto};
	f->start_ms = f->end_ms = f->exported_ms = b->now_ms;
	f->sport = (uint16_t)(1024 + rand_below(&b->rand, 60000));
	f->dport = port;
	f->packets = 3 + rand_below(&b->rand, 20);
	f->bytes = f->packets * 200;
	f->rpackets = answered ? f->packets : 0;
	f->rbytes = f->rpackets * 900;
	f->have = FLOW_PACKETS | FLOW_BYTES | FLOW_RPACKETS | FLOW_RBYTES | FLOW_START | FLOW_END |
		  FLOW_BOTH_WAYS | FLOW_SRC_FIRST;
	if (proto == PROTO_TCP) {
		f->have |= FLOW_FLAGS | FLOW_RFLAGS;
		f->flags = answered ? TCP_SYN | TCP_ACK : TCP_SYN;
		f->rflags = answered ? TCP_SYN | TCP_ACK : 0;
	}
	b->r[i].flow = f;
}

static void lookup(struct bench *b, uint32_t line, uint32_t about)
{
	char name[64];
	size_t i = next(b);
	struct dns *d = &b->dns[i];
	*d = (struct dns){.client = addr_v4(0x0a000000 + line), .time_ms = b->now_ms};
	d->qtype = DNS_A;
	d->rcode = rand_below(&b->rand, 30) ? DNS_NOERROR : DNS_NXDOMAIN;
	(void)snprintf(name, sizeof name, "www.site%u.example%u.com", about % 7, about);
	(void)dns_set_name(d, span_of(name));
	b->r[i].dns = d;
}

static void household(struct bench *b, uint32_t line)
{
	for (int i = 0; i < RECORDS / 4; i++) {
		uint32_t where = site(b);
		lookup(b, line, where);
		contact(b, line, 0x14000000 + where, 443, PROTO_TCP);
		contact(b, line, 0x14000000 + where, 443, PROTO_UDP);
		contact(b, line, 0x28000000 + line * 4 + (uint32_t)i % 3, 8883 + (uint16_t)i % 9,
		    i % 3 ? PROTO_TCP : PROTO_UDP);
	}
}

static void live(struct bench *b, uint32_t from, uint32_t to)
{
	for (uint32_t line = from; line < to; line++) {
		if (line % ROUND_LINES == 0)
			b->now_ms += ROUND_MS;
		household(b, line);
	}
	flush(b);
}

static void open_bench(struct bench *b, uint64_t threads)
{
	struct err e;
	b->settings = settings_new();
	b->rand = rand_of(1, 0);
	b->now_ms = T0;
	struct stages_options o = {
	    .settings = b->settings, .threads = threads, .quiet = true, .live = true};
	if (stages_open(&b->stages, &o, &e)) {
		(void)fprintf(stderr, "bench: %s\n", e.msg);
		exit(1);
	}
	stages_start(&b->stages);
}

static int take(void *arg, struct load *in)
{
	struct bench *b = arg;
	return pipeline_load(b->stages.pipeline, in);
}

static void check(int bad, const struct err *e)
{
	if (!bad)
		return;
	(void)fprintf(stderr, "bench: %s\n", e->msg);
	exit(1);
}

/* Steps of STEP_LINES lines while records go on, each at least so long after the one before. */
static void checkpoint(struct bench *b, uint32_t lines, const char *folder)
{
	struct seal_key k;
	struct err e;
	struct state_writer *w;
	struct pipeline_walk walk = {0};
	uint64_t bytes, fed = b->fed;
	uint32_t line = 0;
	double longest = 0, sum = 0, before = seconds();
	bool more = true;
	check(state_key(folder, &k, &e), &e);
	check(state_begin(&w, folder, &k, b->now_ms, &e), &e);
	while (more) {
		double began = seconds();
		more = pipeline_save(b->stages.pipeline, &walk, STEP_LINES, state_out(w));
		double took = seconds() - began;
		sum += took;
		longest = took > longest ? took : longest;
		for (; more && seconds() - began < STEP_EVERY_S; line++)
			live(b, line % lines, line % lines + 1);
	}
	double began = seconds();
	check(state_end(w, &bytes, &e), &e);
	double took = seconds() - before;
	(void)printf(
	    "checkpoint: %.0f MB in %.1f s; records waited at most %.1f ms at a time, %.2f s "
	    "in all, %.1f ms at the end\n",
	    (double)bytes / 1e6, took, longest * 1000, sum, (seconds() - began) * 1000);
	(void)printf("meanwhile: %.2f M records/s\n", (double)(b->fed - fed) / took / 1e6);
}

static void restart(const char *folder, uint64_t threads)
{
	struct bench *b = mem_new(1, sizeof *b);
	struct state_found found;
	struct seal_key k;
	struct err e;
	open_bench(b, threads);
	check(state_key(folder, &k, &e), &e);
	double began = seconds();
	check(state_read(folder, &k, &found, take, b, &e), &e);
	struct stats stats = {0};
	struct evidence_table *t = stages_table(&b->stages);
	stages_look(&b->stages, t, &stats);
	(void)printf("restart: %llu lines read in %.2f s\n", (unsigned long long)stats.lines,
	    seconds() - began);
	evidence_free(t);
	stages_close(&b->stages);
	settings_free(b->settings);
	free(b);
}

int main(int n, char **arg)
{
	uint32_t lines = n > 1 ? (uint32_t)strtoul(arg[1], NULL, 10) : 1000000;
	uint64_t threads = n > 2 ? strtoul(arg[2], NULL, 10) : 2;
	char folder[] = "/tmp/theriac-bench-XXXXXX", path[64];
	struct bench *b = mem_new(1, sizeof *b);
	open_bench(b, threads);
	double began = seconds();
	live(b, 0, lines / 10);
	double few = resident_mb();
	live(b, lines / 10, lines);
	pipeline_pause(b->stages.pipeline);
	double all = resident_mb();
	(void)printf("%u lines, %d records each: %.2f M records/s, %.0f MB\n", lines, RECORDS,
	    (double)b->fed / (seconds() - began) / 1e6, all);
	(void)printf("memory: %.0f bytes a line, between %u and %u lines\n",
	    (all - few) * 1048576 / (lines - lines / 10), lines / 10, lines);
	if (!mkdtemp(folder))
		return 1;
	checkpoint(b, lines, folder);
	stages_close(&b->stages);
	settings_free(b->settings);
	free(b);
	restart(folder, threads);
	(void)snprintf(path, sizeof path, "%s/checkpoint", folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/state.key", folder);
	(void)unlink(path);
	(void)rmdir(folder);
	return 0;
}
