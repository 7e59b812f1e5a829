/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The indicator feed: about 60 % of the controllers, some of them only after the run, and a few
 * entries that are wrong. Columns: indicator,kind,family,first_seen,last_seen,feed; kind is ipv4,
 * ipv6, ip:port or domain. */
#include "base/hash.h"
#include "base/when.h"
#include "sim/scene.h"

enum { DAY_MS = 86400000 };

struct listing {
	int64_t first_ms, last_ms;
	const char *family, *feed;
};

static void put(struct text *out, const char *indicator, const char *kind, const struct listing *l)
{
	char first[WHEN_TEXT], last[WHEN_TEXT];
	when_text(first, l->first_ms / 1000 * 1000);
	when_text(last, l->last_ms / 1000 * 1000);
	text_fmt(out, "%s,%s,%s,%s,%s,%s\n", indicator, kind, l->family, first, last, l->feed);
}

static void list_controller(struct text *out, const struct scene *s, unsigned family,
    const struct controller *c, uint64_t luck)
{
	char word[ADDR_TEXT], with_port[ADDR_TEXT + 8];
	bool late = luck % 7 == 0;
	struct listing l = {
	    .family = families[family].name, .feed = luck & 8 ? "c2-tracker" : "dns-watch"};
	l.first_ms = late ? s->end_ms + (int64_t)(luck >> 8 & 7) * DAY_MS + DAY_MS / 2
			  : s->start_ms - (1 + (int64_t)(luck >> 8 & 31)) * DAY_MS;
	l.last_ms = late ? l.first_ms : s->start_ms - DAY_MS / 4;
	addr_text(word, &c->addr);
	(void)snprintf(with_port, sizeof with_port, "%s:%u", word, c->port);
	bool tunnel = families[family].deeds[0] == DEED_TUNNEL;
	if (tunnel || luck >> 16 & 1)
		put(out, c->domain, "domain", &l);
	else if (luck >> 17 & 3)
		put(out, with_port, "ip:port", &l);
	else
		put(out, word, "ipv4", &l);
}

/* Wrong ones: popular services that malware used, too, a shared host, and hosts long clean. */
static void list_wrong(struct text *out, const struct scene *s)
{
	char word[ADDR_TEXT], with_port[ADDR_TEXT + 8];
	struct listing l = {.family = "njrat-like", .feed = "community"};
	l.first_ms = s->start_ms - 200LL * DAY_MS;
	l.last_ms = s->start_ms - 3LL * DAY_MS;
	union addr a = world_site_v4(SERVICE_CLOUD, 3);
	addr_text(word, &a);
	put(out, word, "ipv4", &l);
	a = world_site_v4(SERVICE_HOSTING, 0);
	addr_text(word, &a);
	(void)snprintf(with_port, sizeof with_port, "%s:443", word);
	put(out, with_port, "ip:port", &l);
	l.family = "mirai-like";
	struct site site = world_site(SERVICE_VIDEO);
	put(out, site.domain, "domain", &l);
	site = world_site(SERVICE_SITES + 2);
	put(out, site.domain, "domain", &l);
	a = world_site_v6(SERVICE_SITES + 5, 0);
	addr_text(word, &a);
	l.last_ms = s->start_ms - 150LL * DAY_MS;
	put(out, word, "ipv6", &l);
}

int indicators_write(const struct scene *s, const char *dir, uint64_t seed, struct err *e)
{
	struct sink to;
	struct text out = {0};
	int failed = sink_open(&to, dir, "indicators.csv", e);
	if (failed)
		return failed;
	text_puts(&out, "indicator,kind,family,first_seen,last_seen,feed\n");
	for (unsigned f = 0; f < families_n; f++)
		for (unsigned i = 0; i < CONTROLLERS; i++) {
			struct controller c = bot_controller(f, i);
			uint64_t luck =
			    hash_mix(hash_mix(seed + 0x696e64ULL) + f * CONTROLLERS + i);
			if ((luck >> 40) % 100 < 60)
				list_controller(&out, s, f, &c, luck);
		}
	list_wrong(&out, s);
	sink_add(&to, out.p, out.n);
	text_fini(&out);
	return sink_close(&to, e);
}
