/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One DNS query with its answer, or a query nobody was seen to answer. */
#pragma once
#include "base/json.h"
#include "rec/addr.h"

enum { DNS_NAME_MAX = 253, DNS_ADDRS_MAX = 8, DNS_OTHER_BYTES = 256 };
enum { DNS_RCODE_NONE = 255, DNS_NOERROR = 0, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };
enum {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_NAPTR = 35,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_ANY = 255
};

struct dns {
	union addr client, server; /* server all zero: unknown */
	int64_t time_ms;           /* of the query; of the answer where only that was seen */
	uint32_t ttl_s;            /* smallest of the answers' */
	uint32_t realm;
	uint16_t qtype;
	uint16_t client_port; /* 0: unknown */
	uint8_t rcode;        /* DNS_RCODE_NONE: no answer seen */
	uint8_t addr_n;
	uint8_t name_n;
	bool has_ttl;
	uint16_t other_n;
	char name[DNS_NAME_MAX +
		  3]; /* lower case, no final dot, NUL-terminated; "" is the root.
		       * Bytes that are no letter, digit, - or _ stand as \DDD (RFC 1035, 5.1) */
	union addr addrs[DNS_ADDRS_MAX]; /* answers of type A and AAAA, the first ones */
	char other[DNS_OTHER_BYTES]; /* other answers as text, each with its NUL, the first ones */
};

int dns_check(const struct dns *d);
void dns_json(const struct dns *d, struct json *j);
/* "A", "TYPE65280"; out holds 16 bytes. */
void dns_type_text(char out[16], uint16_t type);
uint16_t dns_type_of(struct span word); /* 0 where unknown; understands TYPE123 and a number */
void dns_rcode_text(char out[16], uint8_t rcode);
uint8_t dns_rcode_of(struct span word); /* DNS_RCODE_NONE where unknown */
/* Appends a text answer (name of a CNAME, first string of a TXT) while there is room. */
void dns_add_other(struct dns *d, const char *p, size_t n);
void dns_add_addr(struct dns *d, const union addr *a);
/* A byte of a label as it stands in `name`: itself in lower case, or \DDD; returns how many
 * characters that are. */
size_t dns_name_byte(char out[4], uint8_t c);
/* Sets a name of such characters. One longer than DNS_NAME_MAX (raw bytes in labels, as tunnels
 * send) loses its front, by whole bytes, and keeps its domain. */
void dns_set_escaped(struct dns *d, const char *text, size_t n);
/* Lower-cases ASCII and drops one final dot; false where longer than DNS_NAME_MAX. */
bool dns_set_name(struct dns *d, struct span name);
