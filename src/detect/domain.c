/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registered domains by the Public Suffix List (publicsuffix.org, both its sections: a name below a
 * dynamic-DNS or blog provider belongs to its own user). In: lower-case names as in struct dns. An
 * ending that the list does not have is no public suffix here: such names are made up inside some
 * network, and have no registered domain. The list is the newest of libpsl's own and the system's.
 * The only file that includes libpsl. */
#include "detect/inner.h"
#include <libpsl.h>
#include <string.h>
#include <threads.h>

/* Names repeat: a look-up in the list costs 1.3 us, one here 20 ns. One cache a thread, direct. */
enum { CACHE = 2048, CACHE_NAME = 60 };
struct cached {
	uint8_t n, domain_n, suffix; /* suffix: the name is a public suffix itself */
	char name[CACHE_NAME];
};
static thread_local struct cached cache[CACHE];

static const psl_ctx_t *suffixes; /* NULL: there is no list */
static once_flag once = ONCE_FLAG_INIT;

static void load(void)
{
	suffixes = psl_latest(NULL);
}

static bool in_list(const char *name)
{
	return suffixes &&
	       psl_is_public_suffix2(suffixes, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

/* How many bytes at the end are the registered domain: from the left, the name before the first
 * that is a public suffix; so the longest rule wins. */
static struct cached judge(struct span name)
{
	struct cached r = {0};
	char text[DNS_NAME_MAX + 1];
	call_once(&once, load);
	if (!str_copy(text, sizeof text, name.p, name.n))
		return r;
	const char *before = NULL;
	for (const char *at = text; at; at = strchr(at, '.')) {
		at += at > text;
		if (*at == '.' || !*at) /* an empty label */
			return (struct cached){0};
		if (in_list(at)) {
			r.suffix = !before;
			r.domain_n = before ? (uint8_t)(text + name.n - before) : 0;
			return r;
		}
		before = at;
	}
	return r;
}

static struct cached look_up(struct span name)
{
	uint64_t h = name.n;
	if (name.n == 0 || name.n > CACHE_NAME)
		return judge(name);
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (uint8_t)name.p[i]) * 0x100000001b3ull;
	struct cached *c = &cache[hash_mix(h) % CACHE];
	if (c->n != name.n || memcmp(c->name, name.p, name.n) != 0) {
		*c = judge(name);
		c->n = (uint8_t)name.n;
		memcpy(c->name, name.p, name.n);
	}
	return *c;
}

struct span registered_domain(struct span name)
{
	struct cached c = look_up(name);
	return c.domain_n ? (struct span){name.p + name.n - c.domain_n, c.domain_n}
			  : (struct span){"", 0};
}

bool is_public_suffix(struct span name)
{
	return look_up(name).suffix;
}

/* Endings that nobody can register: special use (RFC 6761, 6762, 7686, 8375, 9476), reserved by
 * ICANN (corp, home, mail, internal), and what home routers and office networks make up. */
bool is_special_name(struct span name)
{
	static const char *const endings[] = {"alt", "arpa", "belkin", "corp", "dhcp", "dlink",
	    "domain", "example", "gateway", "home", "internal", "intra", "intranet", "invalid",
	    "lan", "local", "localdomain", "localhost", "mail", "onion", "private", "router",
	    "test", "workgroup"};
	static const char *const hosts[] = {
	    "wpad", "isatap"}; /* asked for below any search suffix */
	struct span rest = name, first = span_cut(&rest, '.'), last = first;
	if (!rest.p)
		return true;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		if (span_is(first, hosts[i]))
			return true;
	while (rest.p)
		last = span_cut(&rest, '.');
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (span_is(last, endings[i]))
			return true;
	return false;
}
