/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deeds in DNS: generated domains, and tunnels. */
#include "base/hash.h"
#include "sim/deed.h"
#include <stdio.h>

static const char *const dga_tops[] = {"com", "net", "org", "info", "biz", "ru"};

/* The n-th name of a family on a day: the same for all its bots, as with the real ones. */
static void dga_name(char out[64], unsigned family, enum dga_kind kind, int64_t day, uint32_t n)
{
	static const char vowels[] = "aeiou", others[] = "bcdfghjklmnpqrstvwxz";
	uint64_t h = hash_mix(((uint64_t)family << 40) + ((uint64_t)day << 20) + n + 0x646761ULL);
	size_t length = kind == DGA_LETTERS ? 9 + h % 8 : 10 + h % 6 * 2;
	for (size_t i = 0; i < length; i++) {
		h = hash_mix(h + i + 1);
		if (kind == DGA_LETTERS)
			out[i] = (char)('a' + h % 26);
		else
			out[i] = i % 2 ? vowels[h % 5] : others[h % 20];
	}
	(void)snprintf(out + length, 64 - length, ".%s", dga_tops[h >> 20 & 7 ? h % 6 : 0]);
}

/* Each pass begins anew in the day's list, at the bot's own place, as the real ones shuffle it. A
 * name in two hundred exists. */
void deed_dga(struct act *a)
{
	enum { DAY_MS = 86400000, NAMES_A_DAY = 20000 };
	char name[64];
	struct rand *r = &a->h->r;
	int64_t day = a->s->minute_ms / DAY_MS;
	if (a->minute == 0)
		a->d->count = (uint32_t)rand_below(r, NAMES_A_DAY);
	for (unsigned n = deed_count(a, a->d->level * 6); n > 0; n--) {
		dga_name(name, a->b->family, a->f->dga, day, a->d->count++ % NAMES_A_DAY);
		struct ask ask = {.at_ms = act_moment(a->s, a->h),
		    .label = "",
		    .domain = name,
		    .qtype = DNS_A,
		    .rcode = DNS_NXDOMAIN,
		    .doing = DEED_DGA};
		if (rand_below(r, 200) == 0) {
			ask.rcode = DNS_NOERROR;
			ask.answers[0] = world_controller((uint32_t)rand_below(r, 400));
			ask.answer_n = 1;
		}
		act_ask(a->s, a->h, &ask);
	}
}

static const char base32[] = "abcdefghijklmnopqrstuvwxyz012345";

/* Fills labels of at most 57 characters; a dot after each but the last. */
static void put_labels(struct act *a, char *to, unsigned bytes, bool hex)
{
	unsigned in_label = 0;
	for (unsigned i = 0; i < bytes; i++) {
		if (in_label == 57) {
			*to++ = '.';
			in_label = 0;
		}
		*to++ = base32[rand_below(&a->h->r, hex ? 6 : 32)];
		if (hex && rand_below(&a->h->r, 16) < 10)
			to[-1] = (char)('0' + rand_below(&a->h->r, 10));
		in_label++;
	}
	*to = '\0';
}

/* Bytes of labels in a query when data flows, and the type asked for. */
static const struct {
	uint16_t least, most, qtype;
	bool hex;
} tunnels[] = {
    [TUNNEL_IODINE] = {90, 200, 10, false}, /* NULL (RFC 1035) */
    [TUNNEL_DNSCAT] = {60, 180, DNS_TXT, true},
    [TUNNEL_BEACON] = {40, 120, DNS_A, true},
};

void deed_tunnel(struct act *a)
{
	struct controller c = bot_controller(a->b->family, a->b->controller);
	uint16_t least = tunnels[a->f->tunnel].least, most = tunnels[a->f->tunnel].most;
	struct rand *r = &a->h->r;
	char label[220];
	for (unsigned n = deed_count(a, a->d->level * 12 / ((least + most) / 2.0)); n > 0; n--) {
		put_labels(a, label, least + (unsigned)rand_below(r, most - least + 1u),
		    tunnels[a->f->tunnel].hex);
		struct ask ask = {.at_ms = act_moment(a->s, a->h),
		    .label = label,
		    .domain = c.domain,
		    .qtype = tunnels[a->f->tunnel].qtype,
		    .ttl_s = 1,
		    .doing = DEED_TUNNEL};
		if (ask.qtype == DNS_A) {
			ask.answer_n = 1;
			ask.answers[0] = world_public(rand_u64(r));
		} else if (ask.qtype == DNS_TXT) {
			ask.text = "TXT 24 0b1f6c5a8d3e97f24c6180ab";
		}
		act_ask(a->s, a->h, &ask);
	}
}
