/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fragments of IP datagrams: gives the later ones the ports of the first. */
#pragma once
#include "decode/packet.h"
#include "decode/pool.h"

struct fragments {
	struct pool pool;
	struct hash_key key;
};

void fragments_init(struct fragments *f);
void fragments_fini(struct fragments *f);
/* k is a fragment: if its first one is known, k gets its ports (and ICMP type). k->data stays what
 * can be read now: all of a small UDP datagram of interest with the fragment that completes it (in
 * order), nothing before; borrowed until the next call. */
void fragments_see(struct fragments *f, struct packet *k, int64_t now_ms);
