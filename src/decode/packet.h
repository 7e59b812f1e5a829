/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One IP packet as the flow meter needs it. */
#pragma once
#include "rec/flow.h"

struct packet {
	union addr src, dst;
	uint32_t bytes; /* of the IP packet as sent, headers included, whatever was captured */
	uint16_t sport, dport; /* 0 where there are none, and in later fragments */
	uint8_t proto;
	uint8_t flags; /* TCP */
	uint8_t icmp_type, icmp_code;
	uint32_t seq;           /* TCP */
	bool is_fragment, more; /* more fragments follow */
	uint32_t ident;         /* of the fragmented datagram */
	uint32_t fragment_at;   /* bytes of the datagram before this fragment; 0: the first */
	const uint8_t *data;    /* captured bytes behind the transport header; borrowed */
	size_t data_n;
	bool cut; /* fewer bytes were captured than sent */
};

/* ip: cursor at the IP header; sent_bytes: length from there on the wire, used where the header
 * says 0 (segmentation by the network card). NULL, or what is wrong with the packet. */
const char *packet_read(struct packet *k, struct buf *ip, uint32_t sent_bytes);
/* The start of a packet that an ICMP error about it quotes: addresses, protocol, ports. False where
 * `error` is no such error or quotes too little. */
bool packet_quoted(const struct packet *error, struct packet *quoted);
