/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams, many with one system call. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include "rec/addr.h"

struct listen;
enum { UDP_BATCH = 64, UDP_BYTES = 65536 };

struct udp_datagram {
	const uint8_t *p; /* valid until the next udp_receive */
	size_t n;
	union addr from;
	uint16_t port; /* its sender's */
	union addr to; /* our address that it came to; zero: unknown */
	uint32_t via;  /* index of the interface it came in by */
	uint8_t ttl;   /* its hop limit on arrival */
};

struct udp; /* room for a batch of datagrams */
struct udp *udp_new(void);
void udp_free(struct udp *u);

/* A socket on the listener's address and port, which others may share; a port of 0 is filled in.
 * from: take datagrams of that address only, NULL: of all that no other socket of the port takes.
 * buffer_bytes is asked for, *got_bytes is what the kernel granted of it. SYS. */
struct udp_how {
	const union addr *from;
	size_t buffer_bytes;
};
int udp_open(
    struct listen *l, const struct udp_how *how, int *fd, size_t *got_bytes, struct err *e);
/* What waits at the socket, up to UDP_BATCH datagrams; *v is valid until the next call. */
size_t udp_receive(int fd, struct udp *u, const struct udp_datagram **v);
/* An answer, from the address that the datagram came to. False: there is no room for it now. */
bool udp_answer(int fd, const struct udp_datagram *to, const void *p, size_t n);
/* Datagrams that the socket had no room for since it was opened; bytes that wait in it now. */
bool udp_dropped(int fd, uint32_t *datagrams, uint32_t *waiting_bytes);
