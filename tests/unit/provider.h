/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small provider for tests of the whole pipeline: lines that browse, and some that do what every
 * detector looks for, all of it at times and to places that depend on nothing but the arguments. */
#pragma once
#include "base/mem.h"
#include "base/rand.h"
#include "base/save.h"
#include "detect/indicators.h"
#include "evidence/evidence.h"
#include "run/pipeline.h"
#include "run/run.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROVIDER_T0 1767312000000ll /* a midnight, UTC */
enum { PROVIDER_STEP_MS = 5000 };

struct provider {
	struct settings *settings;
	struct attribute_options attribute_options;
	struct detect_options tables;
	struct evidence_source *sources;
	struct attribute *attribute;
	struct population *population;
	struct indicators *indicators;
	struct pipeline *pipeline;
};

static struct evidence_table *provider_table(const void *arg)
{
	const struct provider *x = arg;
	return evidence_new(settings_evidence(x->settings), x->sources, detectors_n, NULL);
}

static inline void provider_indicators(struct provider *x)
{
	struct indicator about = {.kind = INDICATOR_ADDR};
	union addr bad = addr_v4(0xc6336407); /* 198.51.100.7 */
	x->indicators = indicators_new();
	assert_true(indicators_put_addr(x->indicators, &bad, 128, &about));
	about.kind = INDICATOR_DOMAIN;
	assert_true(
	    indicators_put_name(x->indicators, span_of("c2.canary-bad.example.com"), &about));
}

/* So few lines make every destination common, and regular-contact would follow none. */
static inline struct settings *provider_settings(void)
{
	char path[] = "/tmp/theriac-test-XXXXXX";
	static const char text[] = "detector.regular-contact:\n  keys: 0.1\n";
	struct settings *s = settings_new();
	struct err e;
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1);
	assert_int_equal(settings_load(s, path, NULL, 0, &e), ERR_OK);
	(void)close(fd);
	(void)unlink(path);
	return s;
}

static inline struct provider *provider_new(
    unsigned shards, uint64_t lines, const struct hash_key *key)
{
	struct provider *x = mem_new(1, sizeof *x);
	x->settings = provider_settings();
	x->tables = (struct detect_options){.lines = lines, .destinations = 16384, .key = key};
	x->attribute_options = *settings_attribute(x->settings);
	x->attribute_options.conversations = 4096;
	x->attribute = attribute_new(&x->attribute_options);
	attribute_inside_private(x->attribute);
	provider_indicators(x);
	x->sources = mem_new(detectors_n, sizeof *x->sources);
	for (size_t i = 0; i < detectors_n; i++)
		x->sources[i] = (struct evidence_source){.name = detectors[i]->name,
		    .attack = detectors[i]->attack,
		    .sentence = {detectors[i]->sentence[0], detectors[i]->sentence[1]},
		    .statistic = {detectors[i]->statistic[0], detectors[i]->statistic[1]},
		    .unit = {detectors[i]->unit[0], detectors[i]->unit[1]},
		    .group = detectors[i]->group,
		    .weight = detectors[i]->weight};
	x->population = population_new(&x->tables, x->indicators);
	struct pipeline_options o = {.attribute = x->attribute,
	    .population = x->population,
	    .detect = &x->tables,
	    .detector_opts = settings_detectors(x->settings),
	    .enabled = settings_enabled(x->settings),
	    .new_table = provider_table,
	    .new_table_arg = x,
	    .shards = shards};
	x->pipeline = pipeline_new(&o);
	return x;
}

static inline void provider_free(struct provider *x)
{
	pipeline_free(x->pipeline);
	population_free(x->population);
	attribute_free(x->attribute);
	indicators_free(x->indicators);
	settings_free(x->settings);
	free(x->sources);
	free(x);
}

/* What is known at the end, as `detect --json` prints it. */
static inline struct text provider_verdicts(struct provider *x)
{
	struct evidence_table *all = provider_table(x);
	struct stats stats = {0};
	struct text out = {0};
	size_t n;
	pipeline_finish(x->pipeline, all, &stats);
	const struct verdict_line *v = evidence_judge(all, 3600000, stats.lines, TIER_NONE, &n);
	for (size_t i = 0; i < n; i++) {
		struct json j = json_to(&out);
		verdict_json(all, &v[i], &j);
	}
	text_fmt(&out, "%zu lines\n", (size_t)stats.lines);
	evidence_free(all);
	return out;
}

struct deed { /* one contact or look-up */
	uint32_t line, peer;
	int64_t at_ms;
	uint16_t port;
	uint8_t proto;
	bool answered;
	uint32_t packets;
	uint64_t bytes;
};

static inline void provider_contact(struct provider *x, const struct deed *d)
{
	static uint16_t port; /* of its own, so that no conversation is taken for another */
	struct flow f = {.src = addr_v4(0x0a000000 + d->line), .dst = addr_v4(d->peer)};
	f.start_ms = f.end_ms = f.exported_ms = d->at_ms;
	f.proto = d->proto ? d->proto : PROTO_TCP;
	f.sport = (uint16_t)(1024 + port++ % 60000);
	f.dport = d->port;
	f.packets = d->packets ? d->packets : 3;
	f.bytes = d->bytes ? d->bytes : f.packets * 60;
	f.rpackets = d->answered ? f.packets : 0;
	f.rbytes = f.rpackets * 60;
	f.have = FLOW_PACKETS | FLOW_BYTES | FLOW_RPACKETS | FLOW_RBYTES | FLOW_START | FLOW_END |
		 FLOW_BOTH_WAYS | FLOW_SRC_FIRST;
	if (f.proto == PROTO_TCP) {
		f.have |= FLOW_FLAGS | FLOW_RFLAGS;
		f.flags = d->answered ? TCP_SYN | TCP_ACK | TCP_FIN : TCP_SYN;
		f.rflags = d->answered ? TCP_SYN | TCP_ACK | TCP_FIN : 0;
	}
	struct stream_record r = {.flow = &f, .time_ms = d->at_ms};
	pipeline_feed(x->pipeline, &r, 1);
}

static inline void provider_lookup(
    struct provider *x, uint32_t line, int64_t at_ms, uint8_t rcode, const char *name)
{
	struct dns d = {.client = addr_v4(0x0a000000 + line), .time_ms = at_ms, .qtype = DNS_A};
	struct stream_record r = {.dns = &d, .time_ms = at_ms};
	union addr answer = addr_v4(0xc6336408);
	assert_true(dns_set_name(&d, span_of(name)));
	d.rcode = rcode;
	if (rcode == DNS_NOERROR)
		dns_add_addr(&d, &answer);
	pipeline_feed(x->pipeline, &r, 1);
}

/* Steps from .. to-1 of the life of this provider; 12 a minute. Every line looks at a web page now
 * and then; the first ones are infected, each in its way. */
static inline void provider_live(struct provider *x, uint32_t lines, uint32_t from, uint32_t to)
{
	char name[128];
	for (uint32_t step = from; step < to; step++) {
		int64_t at_ms = PROVIDER_T0 + (int64_t)step * PROVIDER_STEP_MS;
		struct rand r = rand_of(7, step);
		for (uint32_t i = step % 50; i < lines; i += 50) {
			uint32_t site = (uint32_t)rand_below(&r, 40 + i % 3 * 400);
			struct deed d = {.line = i, .at_ms = at_ms, .peer = 0xcb007100 + site};
			d.port = 443;
			d.answered = rand_below(&r, 20) != 0;
			(void)snprintf(name, sizeof name, "www.site%u.example.org", site);
			provider_lookup(x, i, at_ms, DNS_NOERROR, name);
			provider_contact(x, &d);
		}
		for (uint32_t k = 0; k < 3; k++) { /* scans, two kinds; spam */
			struct deed d = {.line = 1, .at_ms = at_ms, .port = 23};
			d.peer = 0x2d000000 + (uint32_t)rand_u64(&r) % 0xffffff;
			provider_contact(x, &d);
			d.line = 2;
			d.port = (uint16_t)(2000 + k);
			provider_contact(x, &d);
			d.line = 3;
			d.port = 25;
			d.answered = true;
			provider_contact(x, &d);
		}
		struct deed guess = {.line = 4, .at_ms = at_ms, .port = 22, .answered = true};
		guess.peer = 0x2e000000 + step % 7;
		provider_contact(x, &guess);
		struct deed flood = {.line = 5, .at_ms = at_ms, .port = 80, .packets = 60000};
		flood.peer = 0x85ebca6b;
		flood.proto = PROTO_UDP;
		provider_contact(x, &flood);
		(void)snprintf(name, sizeof name, "x%08x.example%u.com", step * 2654435761u, step);
		provider_lookup(x, 6, at_ms, DNS_NXDOMAIN, name);
		(void)snprintf(name, sizeof name, "%016llx%016llx%016llx.canary-tunnel.example.net",
		    (unsigned long long)rand_u64(&r), (unsigned long long)rand_u64(&r),
		    (unsigned long long)rand_u64(&r));
		provider_lookup(x, 7, at_ms, DNS_NOERROR, name);
		if (step % 24 == 0) { /* a beacon; a listed name, its answer, a listed address */
			struct deed c2 = {.line = 8, .at_ms = at_ms, .port = 4444};
			c2.answered = true;
			c2.peer = 0x9e3779b1;
			provider_contact(x, &c2);
		}
		if (step % 97 == 0) {
			struct deed c2 = {.line = 9, .at_ms = at_ms, .port = 443};
			c2.answered = true;
			c2.peer = 0xc6336408;
			provider_contact(x, &c2);
			c2.peer = 0xc6336407;
			c2.line = 10;
			provider_contact(x, &c2);
		}
		if (step == 40)
			provider_lookup(x, 9, at_ms, DNS_NOERROR, "c2.canary-bad.example.com");
	}
}

struct bytes { /* a stream in memory */
	struct text t;
	size_t at;
};

static inline int bytes_put(void *to, const void *p, size_t n, struct err *e)
{
	(void)e;
	text_add(&((struct bytes *)to)->t, p, n);
	return ERR_OK;
}

static inline int bytes_get(void *from, void *p, size_t n, struct err *e)
{
	struct bytes *b = from;
	if (b->t.n - b->at < n)
		return err_set(e, ERR_INPUT, "cut");
	memcpy(p, b->t.p + b->at, n);
	b->at += n;
	return ERR_OK;
}

static inline struct bytes provider_save(struct provider *x)
{
	struct bytes b = {0};
	struct save s = save_to(bytes_put, &b);
	struct pipeline_walk walk = {0};
	while (pipeline_save(x->pipeline, &walk, 100, &s))
		;
	assert_int_equal(save_finish(&s, NULL), ERR_OK);
	return b;
}

/* told: what was not taken over; may be NULL. */
static inline int provider_load(struct provider *x, struct bytes *b, struct text *told)
{
	struct err e;
	b->at = 0;
	struct load in = load_from(bytes_get, b);
	(void)pipeline_load(x->pipeline, &in);
	if (told)
		text_add(told, in.told.p ? in.told.p : "", in.told.n);
	return load_finish(&in, &e);
}
