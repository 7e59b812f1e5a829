/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benign habits in DNS: names that do not exist, and many names below one domain. Chromium asks for
 * three random names of 7 to 15 letters at each start and change of network (its source calls it
 * the intranet redirect detector); reputation and block lists over DNS: RFC 5782. */
#include "sim/look.h"
#include "sim/scene.h"
#include <stdio.h>

static void letters(struct home *h, char *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = (char)('a' + rand_below(&h->r, 26));
	to[n] = '\0';
}

static void ask_missing(
    struct scene *s, struct home *h, int64_t at_ms, const char *label, const char *domain)
{
	struct ask a = {.at_ms = at_ms,
	    .label = label,
	    .domain = domain,
	    .qtype = DNS_A,
	    .rcode = DNS_NXDOMAIN};
	act_ask(s, h, &a);
}

/* A browser and a few programs built on one, started again and again in the evening. */
void look_chromium(struct scene *s, struct home *h)
{
	char name[16];
	if (!act_happens(h, 150 * act_rhythm(s, h)))
		return;
	int64_t at = act_moment(s, h);
	for (int i = 0; i < 3; i++) {
		letters(h, name, 7 + (unsigned)rand_below(&h->r, 9));
		ask_missing(s, h, at + i, name, "");
	}
}

/* A PC that thinks it is in its office asks for the office's hosts below each search suffix. */
void look_search_suffix(struct scene *s, struct home *h)
{
	static const char *const hosts[] = {
	    "wpad", "isatap", "dc1", "print", "files", "intranet", "time"};
	struct site firm = world_site(20000 + (uint32_t)(act_key(h, 0, 0x600) % 100000));
	for (unsigned n = act_count(h, 260 * act_rhythm(s, h)); n > 0; n--) {
		const char *host = hosts[rand_below(&h->r, sizeof hosts / sizeof *hosts)];
		int64_t at = act_moment(s, h);
		char label[32];
		(void)snprintf(label, sizeof label, "%s.corp", host);
		ask_missing(s, h, at, label, firm.domain);
		ask_missing(s, h, at + 30, host, firm.domain);
		(void)snprintf(label, sizeof label, "%s.lan", host);
		ask_missing(s, h, at + 60, label, "");
		ask_missing(s, h, at + 90, host, "");
	}
}

static void ask_reputation(struct scene *s, struct home *h, int64_t at_ms)
{
	struct site list = world_site(SERVICE_REPUTATION);
	char label[64];
	(void)snprintf(label, sizeof label, "%016llx%016llx.f.v2",
	    (unsigned long long)rand_u64(&h->r), (unsigned long long)rand_u64(&h->r));
	struct ask a = {.at_ms = at_ms,
	    .label = label,
	    .domain = list.domain,
	    .qtype = DNS_A,
	    .answer_n = 1,
	    .ttl_s = 300,
	    .answers = {addr_v4(0x7f000004)}};
	act_ask(s, h, &a);
}

/* A file is asked for by its hash as it is opened, and hundreds in a scan of the disk. */
void look_av(struct scene *s, struct home *h)
{
	for (unsigned n = act_count(h, 160 * act_rhythm(s, h)); n > 0; n--)
		ask_reputation(s, h, act_moment(s, h));
	if (!act_happens(h, 2))
		return;
	int64_t at = act_moment(s, h);
	for (unsigned n = 100 + (unsigned)rand_below(&h->r, 60); n > 0; n--)
		ask_reputation(s, h, at + (int64_t)rand_below(&h->r, 350000));
}
