/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parent of a live sensor opens for the session reader: sockets for accounting and syslog,
 * and the files to follow; and what it keeps of how far those were read. Of files that nothing is
 * known of yet, those are read that changed within seven days. */
#include "base/mem.h"
#include "base/when.h"
#include "run/live.h"
#include "run/place.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEW_FILES_DAYS = 7, SEEN_MS = 60000 }; /* SEEN: by then a file that changed is found */
#define NS_PER_MS 1000000LL
#define DAY_MS    86400000LL

static int wrong(const char *text, struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "--sessions: '%.80s' is not radius:ADDR:PORT, syslog:ADDR:PORT, file:PATH or dir:PATH "
	    "(an IPv6 address stands in brackets)",
	    text);
}

static int wrong_key(struct span word, struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "--sessions: '%.*s' is not one of tz=ZONE (UTC or an offset such as +02:00), "
	    "skew=SPAN, realm=N",
	    (int)(word.n < 60 ? word.n : 60), word.p);
}

static int parse_key(struct live_feed *f, struct span word, struct err *e)
{
	struct span value = word, key = span_cut(&value, '=');
	uint64_t n;
	if (f->kind == FEED_RADIUS)
		return err_set(e, ERR_CONFIG, "--sessions: '%.*s': of a NAS, --nas says that",
		    (int)(word.n < 60 ? word.n : 60), word.p);
	if (!value.p)
		return wrong_key(word, e);
	if (span_is(key, "tz") && when_zone(value, &f->zone_ms))
		return ERR_OK;
	if (span_is(key, "skew"))
		return rule_skew(&f->skew_ms, "sessions: skew", value, e);
	if (!span_is(key, "realm") || !span_uint(value, &n) || n > UINT32_MAX)
		return wrong_key(word, e);
	f->realm = (uint32_t)n;
	return ERR_OK;
}

/* The places behind "radius:" and "syslog:" are those of a UDP listener. */
static int parse_socket(struct live_feed *f, struct span place, struct err *e)
{
	struct text udp = {0};
	text_fmt(&udp, "udp:%.*s", (int)place.n, place.p);
	int bad = listen_parse(&f->at, udp.p, NULL);
	f->at.path = NULL;
	text_fini(&udp);
	return bad ? wrong(f->name, e) : ERR_OK;
}

static int parse(struct live_feed *f, const char *text, struct err *e)
{
	static const char *const kinds[] = {[FEED_RADIUS] = "radius",
	    [FEED_SYSLOG] = "syslog",
	    [FEED_FILE] = "file",
	    [FEED_DIR] = "dir"};
	*f = (struct live_feed){.name = mem_text(text), .fd = -1};
	struct span keys = span_of(f->name), place = span_cut(&keys, ','),
		    kind = span_cut(&place, ':');
	size_t k = 0;
	int bad = ERR_OK;
	while (k < sizeof kinds / sizeof *kinds && !span_is(kind, kinds[k]))
		k++;
	if (k == sizeof kinds / sizeof *kinds || !place.p || place.n == 0)
		return wrong(text, e);
	f->kind = (enum feed_kind)k;
	if (f->kind == FEED_RADIUS || f->kind == FEED_SYSLOG)
		bad = parse_socket(f, place, e);
	else
		f->path = memcpy(mem_new(1, place.n + 1), place.p, place.n);
	while (!bad && keys.p)
		bad = parse_key(f, span_cut(&keys, ','), e);
	return bad;
}

int64_t live_feed_since_ns(const struct live *l, size_t feed)
{
	int64_t mark_ns = place_mark(l->folder, l->feeds[feed].name);
	return mark_ns ? mark_ns : (live_now_ms() - NEW_FILES_DAYS * DAY_MS) * NS_PER_MS;
}

static int open_feed(struct live *l, size_t feed, struct err *e)
{
	struct live_feed *f = &l->feeds[feed];
	const struct udp_how how = {NULL, l->o->buffer_mb << 20};
	if (f->path)
		return follow_open(
		    &f->follow, f->path, f->kind == FEED_DIR, live_feed_since_ns(l, feed), e);
	return udp_open(&f->at, &how, &f->fd, &f->bytes, e);
}

int live_parse_nas(struct nas_rule **to, const struct opt_list *v, struct err *e)
{
	struct nas_rule *rules = v->n ? mem_new(v->n, sizeof *rules) : NULL;
	int bad = ERR_OK;
	size_t n = 0;
	for (; !bad && n < v->n; n++)
		bad = nas_rule_parse(&rules[n], v->v[n], e);
	if (bad)
		nas_rules_free(rules, n);
	*to = bad ? NULL : rules;
	return bad;
}

static int check_nas(const struct live *l, struct err *e)
{
	bool radius = false;
	for (size_t i = 0; i < l->feeds_n; i++)
		radius |= l->feeds[i].kind == FEED_RADIUS;
	if (radius && !l->nas_n)
		return err_set(e, ERR_CONFIG,
		    "--sessions radius: takes accounting of known senders only; name them with "
		    "--nas ADDR,secret=FILE");
	return ERR_OK;
}

int live_open_feeds(struct live *l, struct err *e)
{
	const struct opt_list *v = &l->o->sessions;
	if (v->n > LIVE_SOURCES_MAX)
		return err_set(e, ERR_CONFIG, "--sessions: %zu are more than %d; name folders",
		    v->n, LIVE_SOURCES_MAX);
	int bad = live_parse_nas(&l->nas, &l->o->nas, e);
	l->nas_n = bad ? 0 : l->o->nas.n;
	l->feeds = mem_new(v->n, sizeof *l->feeds);
	for (; !bad && l->feeds_n < v->n; l->feeds_n++) {
		bad = parse(&l->feeds[l->feeds_n], v->v[l->feeds_n], e);
		bad = bad ? bad : open_feed(l, l->feeds_n, e);
	}
	return bad ? bad : check_nas(l, e);
}

void live_leave_feeds(struct live *l)
{
	for (size_t i = 0; i < l->feeds_n; i++) {
		struct live_feed *f = &l->feeds[i];
		if (f->fd >= 0)
			(void)close(f->fd);
		follow_free(f->follow);
		f->fd = -1;
		f->follow = NULL;
	}
	nas_rules_free(l->nas, l->nas_n);
	l->nas = NULL;
	l->nas_n = 0;
}

static void free_texts(struct live_feed *f)
{
	free(f->name);
	free(f->path);
}

void live_close_feeds(struct live *l)
{
	live_leave_feeds(l);
	for (size_t i = 0; i < l->feeds_n; i++)
		free_texts(&l->feeds[i]);
	free(l->feeds);
	l->feeds = NULL;
	l->feeds_n = 0;
}

void live_count_feed_drops(struct live *l)
{
	uint32_t dropped, waiting;
	for (size_t i = 0; i < l->feeds_n; i++) {
		struct live_feed *f = &l->feeds[i];
		if (f->fd < 0 || !udp_dropped(f->fd, &dropped, &waiting))
			continue;
		live_add(&l->board->source[i].kernel_drops, dropped - f->dropped);
		f->dropped = dropped;
	}
}

/* The reader's word for it is believed up to now, and no further. A file that was not given to it
 * yet may be older. */
void live_keep_feeds(struct live *l)
{
	struct err e;
	for (size_t i = 0; i < l->feeds_n; i++) {
		int64_t kept_ms = l->board->source[i].kept_ms, now_ms = live_now_ms();
		if (!l->feeds[i].follow || follow_waits(l->feeds[i].follow) || kept_ms <= 0)
			continue;
		kept_ms = (kept_ms < now_ms ? kept_ms : now_ms) - SEEN_MS;
		if (place_set_mark(l->folder, l->feeds[i].name, kept_ms * NS_PER_MS, &e))
			live_say("%s", e.msg);
	}
}
