/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded sender of NetFlow v9 for tests: datagrams are made before the first is sent, and sent
 * at an even pace, 20 at a time. Conversations of many lines with popular servers, look-ups, and
 * one line in 1,000 that scans telnet; both directions, with flags. Sent again, a conversation gets
 * another port, so that none comes twice.
 *
 *   send ADDR PORT FLOWS_PER_S SECONDS [FROM [LINES [CLOCK_OFF_S [SKIP_EVERY]]]]
 *
 * FROM: source address. CLOCK_OFF_S is added to the exporter's clock. SKIP_EVERY: one datagram in
 * so many is not sent, though its sequence number is used. Ends with a line of JSON. */
#define _GNU_SOURCE /* sendmmsg */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FLOWS = 30, BURST = 20, MADE_MAX = 12000, SECONDS_MAX = 600, TEMPLATE_EVERY = 2000 };
enum { UPTIME_MS = 100000000, TEMPLATE = 256, FIELDS = 10, SYN = 2, ESTABLISHED = 0x1b };

struct header { /* RFC 3954, 5.1 */
	uint16_t version, count;
	uint32_t uptime_ms, unix_s, sequence, source;
} __attribute__((packed));
struct record {
	uint32_t src, dst, packets, bytes, first_ms, last_ms;
	uint16_t sport, dport;
	uint8_t proto, flags;
} __attribute__((packed));
struct datagram {
	struct header head;
	uint16_t set, bytes;
	struct record v[FLOWS];
} __attribute__((packed));
struct form {
	struct header head;
	uint16_t set, bytes, id, fields, field[FIELDS][2];
} __attribute__((packed));

static uint64_t seed = 88172645463325252ULL;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 16) % below);
}

static struct header head_of(uint16_t count)
{
	return (struct header){htobe16(9), htobe16(count), htobe32(UPTIME_MS), 0, 0, htobe32(1)};
}

/* A conversation: what the line sent, what came back (not for a scan). */
static unsigned converse(struct record *to, uint32_t lines)
{
	uint32_t line = any(lines), rank = any(1 + any(40000));
	bool scan = line % 1000 == 7 && any(4), lookup = !scan && any(5) == 0;
	uint32_t src = 0x64400000 + line; /* 100.64.0.0/10 */
	uint32_t dst = scan ? 0x2d000000 + any(1 << 24) : lookup ? 0xc0000201 : 0xc6120000 + rank;
	uint32_t packets = scan ? 1 : lookup ? 1 : 4 + any(40), lasts_ms = 20 + any(30000);
	struct record r = {.src = htobe32(src),
	    .dst = htobe32(dst),
	    .packets = htobe32(packets),
	    .bytes = htobe32(packets * (60 + any(400))),
	    .first_ms = htobe32(UPTIME_MS - 1000 - lasts_ms),
	    .last_ms = htobe32(UPTIME_MS - 1000),
	    .sport = htobe16((uint16_t)(1024 + any(60000))),
	    .dport = htobe16(scan     ? 23
			     : lookup ? 53
				      : 443),
	    .proto = lookup ? 17 : 6,
	    .flags = lookup ? 0
		     : scan ? SYN
			    : ESTABLISHED};
	to[0] = r;
	if (scan)
		return 1;
	to[1] = r;
	to[1].src = r.dst;
	to[1].dst = r.src;
	to[1].sport = r.dport;
	to[1].dport = r.sport;
	to[1].first_ms = htobe32(UPTIME_MS - 990 - lasts_ms);
	return 2;
}

static void make(struct datagram *d, uint32_t lines)
{
	struct record v[FLOWS + 1];
	for (unsigned n = 0; n < FLOWS;)
		n += converse(v + n, lines);
	*d = (struct datagram){
	    head_of(FLOWS), htobe16(TEMPLATE), htobe16(sizeof *d - sizeof d->head), {{0}}};
	memcpy(d->v, v, sizeof d->v);
}

static struct form make_form(void)
{
	static const uint16_t fields[FIELDS][2] = {
	    {8, 4}, {12, 4}, {2, 4}, {1, 4}, {22, 4}, {21, 4}, {7, 2}, {11, 2}, {4, 1}, {6, 1}};
	struct form f = {head_of(1), 0, htobe16(sizeof f - sizeof f.head), htobe16(TEMPLATE),
	    htobe16(FIELDS), {{0}}};
	for (int i = 0; i < FIELDS; i++)
		for (int k = 0; k < 2; k++)
			f.field[i][k] = htobe16(fields[i][k]);
	return f;
}

/* The line's port moves on, so that this round's conversations are new ones. */
static void renew(struct datagram *d)
{
	for (int i = 0; i < FLOWS; i++) {
		struct record *r = &d->v[i];
		bool back = be16toh(r->sport) == 443 || be16toh(r->sport) == 53;
		uint16_t port = be16toh(back ? r->dport : r->sport);
		port = htobe16((uint16_t)(1024 + (port - 1024 + 977) % 64000));
		if (back)
			r->dport = port;
		else
			r->sport = port;
	}
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_until(double s)
{
	struct timespec t = {(time_t)s, (long)((s - (double)(time_t)s) * 1e9)};
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int open_socket(char **argv, int argc)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(argv[2], NULL, 10))};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int s = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4 << 20;
	(void)setsockopt(s, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	if (inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
	    inet_pton(AF_INET, argc > 5 ? argv[5] : "127.0.0.1", &from.sin_addr) != 1 ||
	    bind(s, (struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(s, (struct sockaddr *)&to, sizeof to) != 0) {
		perror("send");
		exit(1);
	}
	return s;
}

struct course {
	struct datagram *made;
	uint32_t made_n, at, sequence, skip_every;
	unsigned round;
	long clock_off_s;
	struct form form;
	uint64_t sent, flows, skipped, refused;
};

static void stamp(struct course *c, struct header *h)
{
	h->unix_s = htobe32((uint32_t)(time(NULL) + c->clock_off_s));
	h->sequence = htobe32(c->sequence++);
}

static void send_form(struct course *c, int s)
{
	stamp(c, &c->form.head);
	c->refused += send(s, &c->form, sizeof c->form, 0) < 0;
}

static void send_burst(struct course *c, int s)
{
	struct iovec part[BURST];
	struct mmsghdr v[BURST] = {0};
	unsigned n = 0;
	while (n < BURST) {
		struct datagram *d = &c->made[c->at];
		stamp(c, &d->head);
		if (c->round)
			renew(d);
		if (++c->at == c->made_n) {
			c->at = 0;
			c->round++;
		}
		if (c->skip_every && c->sequence % c->skip_every == 0) {
			c->skipped++;
			continue;
		}
		part[n] = (struct iovec){d, sizeof *d};
		v[n++].msg_hdr = (struct msghdr){.msg_iov = &part[n - 1], .msg_iovlen = 1};
		if (c->at == 0)
			break; /* the next one is this burst's first again */
	}
	for (unsigned done = 0; done < n;) {
		int did = sendmmsg(s, v + done, n - done, 0);
		c->refused += did <= 0;
		done += did > 0 ? (unsigned)did : 1;
	}
	c->sent += n;
	c->flows += n * FLOWS;
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		(void)fprintf(stderr, "usage: send ADDR PORT FLOWS_PER_S SECONDS [FROM [LINES "
				      "[CLOCK_OFF_S [SKIP_EVERY]]]]\n");
		return 2;
	}
	double rate = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
	uint32_t lines = argc > 6 ? (uint32_t)strtol(argv[6], NULL, 10) : 100000;
	struct course c = {.made_n = MADE_MAX,
	    .form = make_form(),
	    .clock_off_s = argc > 7 ? strtol(argv[7], NULL, 10) : 0,
	    .skip_every = argc > 8 ? (uint32_t)strtol(argv[8], NULL, 10) : 0};
	seconds = seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
	while (c.made_n > BURST && c.made_n * FLOWS > rate * seconds)
		c.made_n /= 2;
	c.made = calloc(c.made_n, sizeof *c.made);
	for (uint32_t i = 0; i < c.made_n; i++)
		make(&c.made[i], lines);
	int s = open_socket(argv, argc);
	double began = now_s(), late = 0;
	uint64_t next_form = 0;
	while ((double)c.flows < rate * seconds) {
		double due = began + (double)c.flows / rate, now = now_s();
		if (now > due + late)
			late = now - due;
		if (now < due)
			wait_until(due);
		if (c.sent >= next_form) {
			send_form(&c, s);
			next_form = c.sent + TEMPLATE_EVERY;
		}
		send_burst(&c, s);
	}
	printf("{\"datagrams\":%llu,\"flows\":%llu,\"skipped_flows\":%llu,\"refused\":%llu,"
	       "\"seconds\":%.3f,\"behind_ms\":%.1f}\n",
	    (unsigned long long)c.sent, (unsigned long long)c.flows,
	    (unsigned long long)c.skipped * FLOWS, (unsigned long long)c.refused, now_s() - began,
	    late * 1000);
	return 0;
}
