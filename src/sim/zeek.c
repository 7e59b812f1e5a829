/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zeek's text logs: see zeek.h. Columns as of Zeek 5 (scripts/base/protocols/conn/main.zeek,
 * dns/main.zeek); histories are the usual ones of each state, without letters for retransmissions.
 */
#include "sim/zeek.h"
#include "base/hash.h"

static const char conn_head[] =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t"
    "orig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\t"
    "orig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbo"
    "ol\t"
    "bool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n";
static const char dns_head[] =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_"
    "id\trtt\tquery\tqclass\t"
    "qclass_name\tqtype\tqtype_name\trcode\trcode_"
    "name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tco"
    "unt\t"
    "string\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]"
    "\tbool\n";

void zeek_conn_head(struct text *out)
{
	text_puts(out, conn_head);
}

void zeek_dns_head(struct text *out)
{
	text_puts(out, dns_head);
}

static void put_number(struct text *out, uint64_t v)
{
	char digits[20];
	size_t n = sizeof digits;
	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	text_add(out, digits + n, sizeof digits - n);
}

static void put_field(struct text *out, uint64_t v)
{
	text_putc(out, '\t');
	put_number(out, v);
}

static void put_ms(struct text *out, uint64_t ms)
{
	char fraction[8] = ".000000";
	fraction[1] = (char)('0' + ms / 100 % 10);
	fraction[2] = (char)('0' + ms / 10 % 10);
	fraction[3] = (char)('0' + ms % 10);
	put_number(out, ms / 1000);
	text_add(out, fraction, 7);
}

static void put_addr(struct text *out, const union addr *a)
{
	char word[ADDR_TEXT];
	if (!addr_is_v4(a)) {
		addr_text(word, a);
		text_puts(out, word);
		return;
	}
	for (int i = 12; i < 16; i++) {
		if (i > 12)
			text_putc(out, '.');
		put_number(out, a->b[i]);
	}
}

static void put_uid(struct text *out, uint64_t number)
{
	static const char letters[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char uid[18] = "\tC";
	uint64_t h = hash_mix(number);
	for (int i = 2; i < 18; i++) {
		uid[i] = letters[h % 62];
		h = i == 9 ? hash_mix(number + h) : h / 62;
	}
	text_add(out, uid, sizeof uid);
}

static void put_ends(struct text *out, const union addr *orig, uint16_t orig_port,
    const union addr *resp, uint16_t resp_port)
{
	text_putc(out, '\t');
	put_addr(out, orig);
	put_field(out, orig_port);
	text_putc(out, '\t');
	put_addr(out, resp);
	put_field(out, resp_port);
}

static const char *proto_word(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : proto == PROTO_UDP ? "udp" : "icmp";
}

static const char *service_of(const struct talk *t)
{
	uint16_t port = t->by_peer ? t->host_port : t->peer_port;
	if (t->end != TALK_ANSWERED)
		return "-";
	if (port == 53 && t->proto == PROTO_UDP)
		return "dns";
	if (t->proto != PROTO_TCP)
		return "-";
	return port == 443  ? "ssl"
	       : port == 80 ? "http"
	       : port == 22 ? "ssh"
	       : port == 25 ? "smtp"
			    : "-";
}

/* Zeek's conn_state and history, without the letters that only a payload would show. */
static void put_state(struct text *out, const struct talk *t, const char **history)
{
	const char *state;
	bool answered = t->end == TALK_ANSWERED, tcp = t->proto == PROTO_TCP;
	if (!tcp) {
		state = answered ? "SF" : "S0";
		*history = answered ? "Dd" : "D";
	} else if (!answered) {
		state = t->end == TALK_REFUSED ? "REJ" : "S0";
		*history = t->end == TALK_REFUSED ? "Sr" : "S";
	} else if (t->midstream) {
		state = "OTH";
		*history = "DadA";
	} else if (t->cut) {
		state = "S1";
		*history = "ShADad";
	} else {
		state = (t->flags[0] & TCP_RST) ? "RSTO" : "SF";
		*history = (t->flags[0] & TCP_RST) ? "ShADadR" : "ShADadFf";
	}
	text_putc(out, '\t');
	text_puts(out, state);
}

static uint64_t payload_of(const struct talk *t, int way)
{
	uint64_t headers = (uint64_t)t->packets[way] * (t->proto == PROTO_TCP ? 52 : 28);
	return t->bytes[way] > headers ? t->bytes[way] - headers : 0;
}

void zeek_conn(struct text *out, const struct talk *t, uint64_t number)
{
	bool icmp = t->proto == PROTO_ICMP;
	int up = t->by_peer; /* the direction of the originator */
	uint16_t port[2] = {
	    icmp ? t->peer_port >> 8 : t->host_port, icmp ? t->peer_port & 255 : t->peer_port};
	const char *history;
	put_ms(out, (uint64_t)t->start_ms);
	put_uid(out, number);
	if (up && icmp)
		put_ends(out, &t->peer, port[0], &t->host, port[1]);
	else if (up)
		put_ends(out, &t->peer, port[1], &t->host, port[0]);
	else
		put_ends(out, &t->host, port[0], &t->peer, port[1]);
	text_putc(out, '\t');
	text_puts(out, proto_word(t->proto));
	text_putc(out, '\t');
	text_puts(out, service_of(t));
	text_putc(out, '\t');
	if (t->span_ms)
		put_ms(out, t->span_ms);
	else
		text_putc(out, '-');
	put_field(out, payload_of(t, up));
	put_field(out, payload_of(t, !up));
	put_state(out, t, &history);
	text_puts(out, up ? "\tF\tT\t0\t" : "\tT\tF\t0\t");
	text_puts(out, history);
	put_field(out, t->packets[up]);
	put_field(out, t->bytes[up]);
	put_field(out, t->packets[!up]);
	put_field(out, t->bytes[!up]);
	text_puts(out, "\t-\n");
}

static void put_answers(struct text *out, const struct query *q)
{
	unsigned n = q->answer_n;
	text_putc(out, '\t');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			text_putc(out, ',');
		put_addr(out, &q->answers[i]);
	}
	if (q->answer) {
		text_puts(out, n++ ? "," : "");
		text_puts(out, q->answer);
	}
	text_puts(out, n ? "\t" : "-\t-");
	for (unsigned i = 0; i < n; i++) {
		text_puts(out, i ? "," : "");
		put_number(out, q->ttl_s);
		text_puts(out, ".000000");
	}
}

void zeek_dns(struct text *out, const struct query *q, uint64_t number)
{
	char word[16];
	bool answered = q->rcode != DNS_RCODE_NONE;
	put_ms(out, (uint64_t)q->at_ms);
	put_uid(out, number);
	put_ends(out, &q->client, q->port, &q->server, 53);
	text_puts(out, "\tudp");
	put_field(out, hash_mix(number) & 0xffff);
	text_putc(out, '\t');
	if (answered)
		put_ms(out, q->rtt_ms);
	else
		text_putc(out, '-');
	text_putc(out, '\t');
	text_puts(out, q->name);
	text_puts(out, "\t1\tC_INTERNET");
	put_field(out, q->qtype);
	text_putc(out, '\t');
	dns_type_text(word, q->qtype);
	text_puts(out, word);
	if (answered) {
		put_field(out, q->rcode);
		text_putc(out, '\t');
		dns_rcode_text(word, q->rcode);
		text_puts(out, word);
	} else {
		text_puts(out, "\t-\t-");
	}
	text_puts(out, answered ? "\tF\tF\tT\tT\t0" : "\tF\tF\tT\tF\t0");
	put_answers(out, q);
	text_puts(out, "\tF\n");
}
