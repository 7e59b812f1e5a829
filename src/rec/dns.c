/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS records: see dns.h. Type and rcode names from the IANA DNS parameters registry. */
#include "rec/dns.h"
#include "base/when.h"
#include <stdio.h>
#include <string.h>

static const struct {
	uint16_t type;
	const char *word;
} types[] = {{DNS_A, "A"}, {DNS_NS, "NS"}, {DNS_CNAME, "CNAME"}, {DNS_SOA, "SOA"}, {10, "NULL"},
    {11, "WKS"}, {DNS_PTR, "PTR"}, {13, "HINFO"}, {DNS_MX, "MX"}, {DNS_TXT, "TXT"}, {17, "RP"},
    {25, "KEY"}, {DNS_AAAA, "AAAA"}, {29, "LOC"}, {DNS_SRV, "SRV"}, {DNS_NAPTR, "NAPTR"},
    {DNS_OPT, "OPT"}, {43, "DS"}, {46, "RRSIG"}, {47, "NSEC"}, {48, "DNSKEY"}, {50, "NSEC3"},
    {52, "TLSA"}, {DNS_SVCB, "SVCB"}, {DNS_HTTPS, "HTTPS"}, {99, "SPF"}, {249, "TKEY"},
    {250, "TSIG"}, {251, "IXFR"}, {252, "AXFR"}, {DNS_ANY, "ANY"}, {257, "CAA"}};

static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
    "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};

void dns_type_text(char out[16], uint16_t type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == type) {
			(void)snprintf(out, 16, "%s", types[i].word);
			return;
		}
	(void)snprintf(out, 16, "TYPE%u", type);
}

uint16_t dns_type_of(struct span word)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is_nocase(word, types[i].word))
			return types[i].type;
	uint64_t v;
	if (word.n > 4 && memcmp(word.p, "TYPE", 4) == 0)
		word = (struct span){word.p + 4, word.n - 4};
	return span_uint(word, &v) && v <= UINT16_MAX ? (uint16_t)v : 0;
}

void dns_rcode_text(char out[16], uint8_t rcode)
{
	if (rcode < sizeof rcodes / sizeof *rcodes)
		(void)snprintf(out, 16, "%s", rcodes[rcode]);
	else
		(void)snprintf(out, 16, "RCODE%u", rcode);
}

uint8_t dns_rcode_of(struct span word)
{
	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++)
		if (span_is_nocase(word, rcodes[i]))
			return (uint8_t)i;
	uint64_t v;
	return span_uint(word, &v) && v < DNS_RCODE_NONE ? (uint8_t)v : DNS_RCODE_NONE;
}

void dns_add_other(struct dns *d, const char *p, size_t n)
{
	if (n == 0 || d->other_n + n + 1 > sizeof d->other || memchr(p, '\0', n))
		return;
	memcpy(d->other + d->other_n, p, n);
	d->other[d->other_n + n] = '\0';
	d->other_n = (uint16_t)(d->other_n + n + 1);
}

void dns_add_addr(struct dns *d, const union addr *a)
{
	if (d->addr_n < DNS_ADDRS_MAX)
		d->addrs[d->addr_n++] = *a;
}

bool dns_set_name(struct dns *d, struct span name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		d->name[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	d->name[name.n] = '\0';
	d->name_n = (uint8_t)name.n;
	return true;
}

size_t dns_name_byte(char out[4], uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		c = (uint8_t)(c + ('a' - 'A'));
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + c / 100);
	out[2] = (char)('0' + c / 10 % 10);
	out[3] = (char)('0' + c % 10);
	return 4;
}

void dns_set_escaped(struct dns *d, const char *text, size_t n)
{
	size_t from = n > DNS_NAME_MAX ? n - DNS_NAME_MAX : 0;
	for (size_t back = 1; back <= 3 && back <= from; back++)
		if (text[from - back] == '\\') {
			from += 4 - back;
			break;
		}
	if (from && from < n && text[from] == '.')
		from++;
	d->name_n = (uint8_t)(n - from);
	memcpy(d->name, text + from, d->name_n);
	d->name[d->name_n] = '\0';
}

int dns_check(const struct dns *d)
{
	if (d->time_ms < WHEN_MIN_MS || d->time_ms > WHEN_MAX_MS || d->name_n > DNS_NAME_MAX ||
	    d->addr_n > DNS_ADDRS_MAX || d->other_n > DNS_OTHER_BYTES)
		return ERR_INPUT;
	if (d->name[d->name_n] != '\0' || (d->other_n && d->other[d->other_n - 1] != '\0'))
		return ERR_INPUT; /* they are read as far as their NUL */
	return ERR_OK;
}

void dns_json(const struct dns *d, struct json *j)
{
	char word[ADDR_TEXT];
	json_open(j, NULL);
	json_text(j, "type", "dns");
	json_time(j, "time", d->time_ms);
	addr_text(word, &d->client);
	json_text(j, "client", word);
	if (!addr_is_zero(&d->server)) {
		addr_text(word, &d->server);
		json_text(j, "server", word);
	}
	json_span(j, "name", d->name, d->name_n);
	dns_type_text(word, d->qtype);
	json_text(j, "qtype", word);
	if (d->rcode != DNS_RCODE_NONE) {
		dns_rcode_text(word, d->rcode);
		json_text(j, "rcode", word);
		json_list(j, "answers");
		for (size_t i = 0; i < d->addr_n; i++) {
			addr_text(word, &d->addrs[i]);
			json_text(j, NULL, word);
		}
		for (size_t at = 0; at < d->other_n; at += strlen(d->other + at) + 1)
			json_text(j, NULL, d->other + at);
		json_end(j);
	}
	if (d->has_ttl)
		json_uint(j, "ttl", d->ttl_s);
	json_close(j);
	json_line(j);
}
