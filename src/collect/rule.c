/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exporter rules and token buckets: see rule.h. */
#include "base/opt.h"
#include "collect/collect.h"
#include <net/if.h>
#include <string.h>

enum { SAMPLING_MAX = 1000000, TTL_MAX = 255, ADDR_BITS = 128, SPAN_BYTES = 32 };
#define RATE_MAX 1000000000000ULL

static int wrong(struct span word, struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "--exporter: '%.*s' is not one of sampling=auto|1..%d, dialect=rfc8158|junos, rate=N "
	    "records/s, prefixes=CIDR[+CIDR...], via=INTERFACE, ttl=1..%d, skew=SPAN, realm=N",
	    (int)(word.n < 60 ? word.n : 60), word.p, SAMPLING_MAX, TTL_MAX);
}

int prefix_of_host(struct span text, struct prefix *p, const char *option, struct err *e)
{
	struct span rest = text, host = span_cut(&rest, '/');
	char net[ADDR_TEXT];
	union addr a;
	int bad = prefix_parse(text, p, e);
	if (bad || (addr_parse(host, &a) && addr_same(&a, &p->addr)))
		return bad;
	prefix_text(net, p);
	return err_set(e, ERR_CONFIG,
	    "%s: %.*s has bits behind its length; write %s for the network or %.*s for the host",
	    option, (int)text.n, text.p, net, (int)host.n, host.p);
}

static int parse_prefixes(struct exporter_rule *r, struct span list, struct err *e)
{
	int bad = ERR_OK;
	while (!bad && list.p && r->prefixes_n < RULE_PREFIXES_MAX)
		bad = prefix_of_host(
		    span_cut(&list, '+'), &r->prefixes[r->prefixes_n++], "--exporter", e);
	if (!bad && list.p)
		bad = err_set(e, ERR_CONFIG, "--exporter: more than %d prefixes of one exporter",
		    RULE_PREFIXES_MAX);
	return bad;
}

static int parse_via(struct exporter_rule *r, struct span name, struct err *e)
{
	char word[IF_NAMESIZE];
	if (str_copy(word, sizeof word, name.p, name.n))
		r->via = if_nametoindex(word);
	return r->via ? ERR_OK
		      : err_set(e, ERR_CONFIG, "--exporter: via=%.*s: there is no such interface",
			    (int)(name.n < 60 ? name.n : 60), name.p);
}

int rule_skew(int64_t *skew_ms, const char *name, struct span value, struct err *e)
{
	const struct opt_row row = {name, OPT_SPAN, 0, -86400, 86400, NULL, NULL, ""};
	char text[SPAN_BYTES];
	if (!str_copy(text, sizeof text, value.p, value.n))
		return err_set(e, ERR_CONFIG, "%s: '%.*s' is longer than any time", name,
		    (int)(value.n < 60 ? value.n : 60), value.p);
	return opt_set(&row, skew_ms, text, e);
}

static int parse_key(struct exporter_rule *r, struct span word, struct err *e)
{
	struct span value = word, key = span_cut(&value, '=');
	uint64_t n = 0;
	bool number = value.p && span_uint(value, &n) && n > 0;
	if (!value.p)
		return wrong(word, e);
	if (span_is(key, "sampling") && (span_is(value, "auto") || (number && n <= SAMPLING_MAX)))
		r->sampling = (uint32_t)n;
	else if (span_is(key, "dialect") && span_is(value, "junos"))
		r->dialect = RULE_JUNOS;
	else if (span_is(key, "dialect") && span_is(value, "rfc8158"))
		r->dialect = RULE_RFC8158;
	else if (span_is(key, "rate") && number && n <= RATE_MAX)
		r->rate = n;
	else if (span_is(key, "prefixes"))
		return parse_prefixes(r, value, e);
	else if (span_is(key, "via"))
		return parse_via(r, value, e);
	else if (span_is(key, "ttl") && number && n <= TTL_MAX)
		r->ttl = (uint8_t)n;
	else if (span_is(key, "skew"))
		return rule_skew(&r->skew_ms, "exporter: skew", value, e);
	else if (span_is(key, "realm") && number && n <= UINT32_MAX)
		r->realm = (uint32_t)n;
	else
		return wrong(word, e);
	return ERR_OK;
}

int exporter_rule_parse(struct exporter_rule *r, const char *text, struct err *e)
{
	struct span rest = span_of(text), from = span_cut(&rest, ',');
	*r = (struct exporter_rule){0};
	int bad = prefix_of_host(from, &r->from, "--exporter", e);
	while (!bad && rest.p)
		bad = parse_key(r, span_cut(&rest, ','), e);
	return bad;
}

const struct exporter_rule *exporter_rule_of(
    const struct exporter_rule *v, size_t n, const union addr *from)
{
	const struct exporter_rule *best = NULL;
	for (size_t i = 0; i < n; i++)
		if (prefix_holds(&v[i].from, from) && (!best || v[i].from.bits > best->from.bits))
			best = &v[i];
	return best;
}

bool exporter_rule_reports(
    const struct exporter_rule *r, const union addr *src, const union addr *dst)
{
	for (size_t i = 0; i < r->prefixes_n; i++)
		if (prefix_holds(&r->prefixes[i], src) || prefix_holds(&r->prefixes[i], dst))
			return true;
	return r->prefixes_n == 0;
}

bool exporter_rule_single(const struct exporter_rule *r)
{
	return r->from.bits == ADDR_BITS;
}

uint64_t bucket_take(struct bucket *b, uint64_t rate, int64_t now_ms, uint64_t n)
{
	if (!rate)
		return n;
	if (!b->at_ms)
		b->tokens = (double)rate;
	else if (now_ms > b->at_ms)
		b->tokens += (double)rate * (double)(now_ms - b->at_ms) / 1000;
	if (b->tokens > (double)rate)
		b->tokens = (double)rate;
	b->at_ms = now_ms;
	uint64_t pass = b->tokens < (double)n ? (uint64_t)b->tokens : n;
	b->tokens -= (double)pass;
	return pass;
}
