/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Argus's words: see argus.h. Source: ra(1) of argus-clients, "state", "dir", and the letters seen
 * in published tables; IANA's registries of protocols, services and ICMP types. */
#include "decode/argus.h"
#include <string.h>

struct word_number {
	const char *word;
	uint16_t number;
};

static bool look_up(const struct word_number *rows, size_t n, struct span word, uint16_t *number)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(word, rows[i].word)) {
			*number = rows[i].number;
			return true;
		}
	return false;
}

uint8_t argus_proto(struct span word)
{
	/* rtp, rtcp and udt are what Argus recognised inside of UDP */
	static const struct word_number protos[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP},
	    {"icmp", PROTO_ICMP}, {"ipv6-icmp", PROTO_ICMP6}, {"icmp6", PROTO_ICMP6},
	    {"icmpv6", PROTO_ICMP6}, {"rtp", PROTO_UDP}, {"rtcp", PROTO_UDP}, {"udt", PROTO_UDP},
	    {"igmp", 2}, {"ipnip", 4}, {"ipip", 4}, {"ipv6", 41}, {"gre", 47}, {"esp", 50},
	    {"ah", 51}, {"eigrp", 88}, {"ospf", 89}, {"pim", 103}, {"vrrp", 112},
	    {"sctp", PROTO_SCTP}};
	uint16_t number;
	uint64_t v;
	if (look_up(protos, sizeof protos / sizeof *protos, word, &number))
		return (uint8_t)number;
	return span_uint(word, &v) && v <= UINT8_MAX ? (uint8_t)v : 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool argus_number(struct span word, uint64_t *v)
{
	if (word.n < 3 || word.p[0] != '0' || (word.p[1] | 0x20) != 'x')
		return span_uint(word, v);
	if (word.n > 2 + 16)
		return false;
	*v = 0;
	for (size_t i = 2; i < word.n; i++) {
		int digit = hex(word.p[i]);
		if (digit < 0)
			return false;
		*v = *v << 4 | (uint64_t)digit;
	}
	return true;
}

bool argus_port(struct span word, uint16_t *port)
{
	static const struct word_number services[] = {{"http", 80}, {"https", 443}, {"domain", 53},
	    {"ssh", 22}, {"telnet", 23}, {"smtp", 25}, {"ntp", 123}, {"ftp", 21}, {"ftp-data", 20},
	    {"pop3", 110}, {"pop3s", 995}, {"imap", 143}, {"imap2", 143}, {"imaps", 993},
	    {"submission", 587}, {"smtps", 465}, {"ssmtp", 465}, {"urd", 465}, {"bootps", 67},
	    {"bootpc", 68}, {"tftp", 69}, {"snmp", 161}, {"netbios-ns", 137}, {"netbios-dgm", 138},
	    {"netbios-ssn", 139}, {"microsoft-ds", 445}, {"epmap", 135}, {"loc-srv", 135},
	    {"ms-sql-s", 1433}, {"mysql", 3306}, {"ms-wbt-server", 3389}, {"http-alt", 8080},
	    {"webcache", 8080}, {"ircd", 6667}, {"mdns", 5353}, {"ssdp", 1900}, {"sip", 5060},
	    {"ldap", 389}, {"kerberos", 88}, {"syslog", 514}};
	uint64_t v;
	*port = 0;
	if (word.n == 0)
		return true;
	if (!argus_number(word, &v))
		return look_up(services, sizeof services / sizeof *services, word, port);
	*port = (uint16_t)v;
	return v <= UINT16_MAX;
}

/* By the state, where the place of the type is empty. Redirects have no code there: 1, the only
 * one that routers may send (RFC 1812, 5.2.7.2). */
static bool icmp_of_state(struct span state, uint8_t *type, uint8_t *code)
{
	static const struct {
		const char *word;
		uint8_t type, code;
	} states[] = {{"ECR", 0, 0}, {"URN", 3, 0}, {"URH", 3, 1}, {"URO", 3, 2}, {"URP", 3, 3},
	    {"URF", 3, 4}, {"URS", 3, 5}, {"URNU", 3, 6}, {"URHU", 3, 7}, {"URNPRO", 3, 9},
	    {"URHPRO", 3, 10}, {"URFIL", 3, 13}, {"SRC", 4, 0}, {"RED", 5, 1}, {"ECO", 8, 0},
	    {"RTA", 9, 0}, {"RTS", 10, 0}, {"TXD", 11, 0}, {"PAR", 12, 0}, {"TST", 13, 0},
	    {"TSR", 14, 0}, {"IRQ", 15, 0}, {"IRR", 16, 0}, {"MAS", 17, 0}, {"MSR", 18, 0}};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (span_is(state, states[i].word)) {
			*type = states[i].type;
			*code = states[i].code;
			return true;
		}
	return false;
}

bool argus_icmp(
    struct span sport, struct span dport, struct span state, uint8_t *type, uint8_t *code)
{
	enum { LEN_OF_ONE_BYTE = 4 }; /* "0x03" is a type alone, "0x0303" code and type */
	uint64_t v, second;
	bool is_hex = sport.n > 2 && (sport.p[1] | 0x20) == 'x';
	if (!argus_number(sport, &v) || v > UINT16_MAX)
		return icmp_of_state(state, type, code);
	if (is_hex && sport.n > LEN_OF_ONE_BYTE) {
		*type = (uint8_t)v;
		*code = (uint8_t)(v >> 8);
		return true;
	}
	if (v > UINT8_MAX)
		return false;
	*type = (uint8_t)v;
	*code = argus_number(dport, &second) && second <= UINT8_MAX ? (uint8_t)second : 0;
	return true;
}

struct argus_dir argus_dir(struct span word)
{
	bool left = false, right = false, sure = word.n > 0;
	for (size_t i = 0; i < word.n; i++) {
		left |= word.p[i] == '<';
		right |= word.p[i] == '>';
		sure &= word.p[i] != '?';
	}
	return (struct argus_dir){
	    .swap = left && !right, .right = right && !left, .sure = sure && (left || right)};
}

bool argus_flags(struct span state, uint8_t flags[2])
{
	enum { TCP_ECE = 64, TCP_CWR = 128 };
	static const uint8_t bits[26] = {['F' - 'A'] = TCP_FIN,
	    ['S' - 'A'] = TCP_SYN,
	    ['R' - 'A'] = TCP_RST,
	    ['P' - 'A'] = TCP_PSH,
	    ['A' - 'A'] = TCP_ACK,
	    ['U' - 'A'] = TCP_URG,
	    ['E' - 'A'] = TCP_ECE,
	    ['C' - 'A'] = TCP_CWR};
	int half = 0;
	flags[0] = flags[1] = 0;
	for (size_t i = 0; i < state.n; i++) {
		char c = state.p[i];
		if (c == '_' && half == 0) {
			half = 1;
			continue;
		}
		if (c < 'A' || c > 'Z' || !bits[c - 'A'])
			return false;
		flags[half] |= bits[c - 'A'];
	}
	return half == 1;
}
