/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stay's numbers stand for, and the traffic of a line on the addresses of the moment: see
 * access.h. A NAT keeps an inside port's outside port (endpoint-independent mapping, RFC 4787) and
 * lets nobody in; the provider's own servers are reached without it. */
#include "sim/access.h"
#include "sim/world.h"
#include <stdio.h>
#include <string.h>

/* How long things take to notice that the line is back. */
enum { BACK_MS = 3000 };

void access_user(char out[ACCESS_WORD], uint32_t line)
{
	(void)snprintf(out, ACCESS_WORD, "line%04u@isp.example", line);
}

void access_circuit(char out[ACCESS_WORD], uint32_t line)
{
	(void)snprintf(
	    out, ACCESS_WORD, "olt%u/1/%u:%u", line / 1024 + 1, line / 64 % 16, line % 64);
}

void access_remote(char out[ACCESS_WORD], uint32_t line)
{
	(void)snprintf(out, ACCESS_WORD, "line%04u", line);
}

void access_name(const struct access *a, uint32_t line, char out[ACCESS_NAME])
{
	char one[ACCESS_WORD], two[ACCESS_WORD];
	if (areas[a->area_of[line]].kind != ACCESS_DHCP) {
		access_user(one, line);
		(void)snprintf(out, ACCESS_NAME, "user:%s", one);
	} else {
		access_circuit(one, line);
		access_remote(two, line);
		(void)snprintf(out, ACCESS_NAME, "circuit:%s,remote:%s", one, two);
	}
}

const char *access_word(const struct access *a, uint32_t line)
{
	static const char *const words[] = {"pppoe", "dhcp", "nat"};
	return words[areas[a->area_of[line]].kind];
}

union addr stay_v4(const struct access *a, const struct stay *s)
{
	static const uint32_t ten = 0x0a000000;
	struct prefix inside = {addr_v4(ten), 96 + 8};
	bool nat = areas[s->area].kind == ACCESS_NAT;
	return home_v4(nat ? &inside : &a->prefix, a->v4_base[s->area] + s->v4);
}

bool stay_has_v6(const struct stay *s)
{
	return s->v6 != NO_SLOT;
}

struct prefix stay_v6(const struct access *a, const struct stay *s)
{
	uint32_t net = a->v6_base[s->area] + s->v6 + 1;
	uint8_t b[16] = {
	    0x20, 0x01, 0x0d, 0xb8, (uint8_t)(net >> 16), (uint8_t)(net >> 8), (uint8_t)net};
	return (struct prefix){.addr = addr_v6(b), .bits = 56};
}

unsigned stay_block_n(const struct stay *s)
{
	return (s->blocks[0] != NO_SLOT) + (s->blocks[1] != NO_SLOT);
}

struct block stay_block(const struct access *a, const struct stay *s, unsigned which)
{
	uint32_t n = a->block_addresses[s->area], slot = s->blocks[which];
	uint32_t first = (1 + slot / n) * BLOCK_PORTS;
	return (struct block){.addr = home_v4(&a->prefix, a->block_base[s->area] + slot % n),
	    .first = (uint16_t)first,
	    .last = (uint16_t)(first + BLOCK_PORTS - 1)};
}

int64_t stay_renewed_ms(const struct access *a, const struct stay *s, int64_t at_ms)
{
	int64_t half_ms = a->lease_ms / 2000 * 1000;
	int64_t until_ms = at_ms < s->t1_ms ? at_ms : s->t1_ms;
	return s->t0_ms + (until_ms - s->t0_ms) / half_ms * half_ms;
}

/* The stay at that time, or the next one after it; NULL: the line stays away. */
static const struct stay *stay_from(const struct access *a, uint32_t line, int64_t at_ms)
{
	uint32_t i = a->first[line];
	while (i && a->stays[i].t1_ms <= at_ms)
		i = a->stays[i].next;
	return i ? &a->stays[i] : NULL;
}

static union addr in_prefix(const struct access *a, const struct stay *s, const union addr *host)
{
	union addr moved = stay_v6(a, s).addr;
	memcpy(moved.b + 8, host->b + 8, 8);
	return moved;
}

static void go_through_nat(const struct access *a, const struct stay *s, struct talk *t)
{
	bool outside = areas[s->area].outside, own = world_is_own(&t->peer);
	t->host = stay_v4(a, s);
	if (t->by_peer || (own && outside))
		t->exporter = EXPORTER_NONE;
	if (t->by_peer || own || !outside)
		return;
	struct block b = stay_block(a, s, t->start_ms >= s->extra_ms && (t->host_port & 1));
	t->host = b.addr;
	t->exporter = EXPORTER_OUTSIDE;
	if (t->proto != PROTO_ICMP)
		t->host_port = (uint16_t)(b.first + t->host_port % BLOCK_PORTS);
}

bool access_place(const struct access *a, struct talk *left, struct talk *part)
{
	const struct stay *s;
	if (!left->packets[0] && !left->packets[1])
		return false;
	while ((s = stay_from(a, left->line, left->start_ms)) && s->t0_ms > left->start_ms)
		if (!talk_after(left, s->t0_ms + BACK_MS))
			return false;
	if (!s)
		return false;
	*part = *left;
	if (!talk_after(left, s->t1_ms))
		left->packets[0] = left->packets[1] = 0;
	part->exporter = talk_until(part, s->t1_ms) ? EXPORTER_MAIN : EXPORTER_NONE;
	if (part->exporter == EXPORTER_NONE)
		return true;
	if (!addr_is_v4(&part->host))
		part->host = in_prefix(a, s, &part->host);
	else if (areas[s->area].kind == ACCESS_NAT)
		go_through_nat(a, s, part);
	else
		part->host = stay_v4(a, s);
	return true;
}

bool access_client(const struct access *a, uint32_t line, int64_t at_ms, union addr *client)
{
	const struct stay *s = stay_from(a, line, at_ms);
	if (!s || s->t0_ms > at_ms)
		return false;
	*client = addr_is_v4(client) ? stay_v4(a, s) : in_prefix(a, s, client);
	return true;
}
