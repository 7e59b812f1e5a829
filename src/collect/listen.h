/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where live bytes come from, as the operator names it. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include "rec/addr.h"
#include <sys/socket.h>

enum listen_kind { LISTEN_UDP, LISTEN_TCP, LISTEN_UNIX, LISTEN_DIR };

struct listen {
	enum listen_kind kind;
	union addr addr;  /* UDP and TCP */
	uint16_t port;    /* 0: any, filled in by opening */
	const char *path; /* unix and dir, borrowed */
};

/* "udp:ADDR:PORT", "tcp:ADDR:PORT" (IPv6 in brackets), "unix:PATH", "dir:PATH". CONFIG. */
int listen_parse(struct listen *l, const char *text, struct err *e);
/* As above, with the port that was filled in. */
void listen_text(const struct listen *l, struct text *out);
/* A listening socket for streams (TCP or unix), non-blocking. A unix socket that nobody listens on
 * any more is replaced; its mode is 0660. SYS. */
int listen_stream(struct listen *l, int *fd, struct err *e);

/* Why a socket could not be bound, and what to do about it. */
const char *listen_why(int error);
socklen_t listen_sockaddr(struct sockaddr_storage *to, const union addr *a, uint16_t port);
/* False where it is no Internet address. */
bool listen_addr(const struct sockaddr_storage *from, union addr *a, uint16_t *port);
