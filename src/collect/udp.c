/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP sockets: see udp.h.
 *
 * Each allowed exporter has a kernel queue of its own, so that one that floods fills only its own.
 * On Linux that needs neither root nor BPF: sockets that share a port (SO_REUSEPORT) are scored for
 * each datagram, and one that is connect()ed scores highest where the sender is its peer and is
 * left out where it is not (compute_score() in net/ipv4/udp.c). A peer port of 0 is never compared,
 * so connect(ADDR, 0) means "this address, whatever its source port". A steering program
 * (SO_ATTACH_REUSEPORT_CBPF) sees the payload only, not the sender, and would not do. Connecting
 * also fixes the local address to the one that routes to the exporter: what it sends to another
 * address of ours comes by the common socket, where the sender is checked like everybody's.
 *
 * Drops are read from SO_MEMINFO (Linux 4.12) and not from the control message of SO_RXQ_OVFL: that
 * one arrives only with a datagram behind the gap, and costs on each. */
#include "base/mem.h"
#include "collect/collect.h"
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL_BYTES = CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) };

struct udp {
	struct udp_datagram v[UDP_BATCH];
	struct mmsghdr heads[UDP_BATCH];
	struct iovec parts[UDP_BATCH];
	struct sockaddr_storage from[UDP_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[UDP_BATCH][CONTROL_BYTES];
	uint8_t *bytes; /* pages that no datagram reaches cost nothing */
};

struct udp *udp_new(void)
{
	struct udp *u = mem_new(1, sizeof *u);
	u->bytes = mem_map((size_t)UDP_BATCH * UDP_BYTES);
	for (size_t i = 0; i < UDP_BATCH; i++) {
		u->parts[i] = (struct iovec){u->bytes + i * UDP_BYTES, UDP_BYTES};
		u->heads[i].msg_hdr = (struct msghdr){.msg_name = &u->from[i],
		    .msg_iov = &u->parts[i],
		    .msg_iovlen = 1,
		    .msg_control = u->control[i]};
	}
	return u;
}

void udp_free(struct udp *u)
{
	if (u)
		mem_unmap(u->bytes, (size_t)UDP_BATCH * UDP_BYTES);
	free(u);
}

static void set_one(int fd, int level, int option)
{
	int one = 1;
	(void)setsockopt(fd, level, option, &one, sizeof one);
}

/* With the right to it, beyond net.core.rmem_max. The kernel doubles the number for its own needs
 * and tells the double: half of it is what was asked for. */
static size_t set_buffer(int fd, size_t bytes)
{
	int want = (int)(bytes < INT32_MAX ? bytes : INT32_MAX), got = 0;
	socklen_t n = sizeof got;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof want) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof want);
	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &n);
	return got > 0 ? (size_t)got / 2 : 0;
}

static int open_socket(int fd, struct listen *l, const struct udp_how *how)
{
	struct sockaddr_storage sa;
	socklen_t n = listen_sockaddr(&sa, &l->addr, l->port);
	bool v6 = sa.ss_family == AF_INET6;
	union addr self;
	set_one(fd, SOL_SOCKET, SO_REUSEPORT);
	if (v6)
		set_one(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	set_one(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL);
	set_one(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO);
	if (bind(fd, (struct sockaddr *)&sa, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		return -1;
	(void)listen_addr(&sa, &self, &l->port);
	if (!how->from)
		return 0;
	n = listen_sockaddr(&sa, how->from, 0);
	return connect(fd, (struct sockaddr *)&sa, n);
}

int udp_open(struct listen *l, const struct udp_how *how, int *fd, size_t *got_bytes, struct err *e)
{
	int family = addr_is_v4(&l->addr) ? AF_INET : AF_INET6;
	*fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_set(e, ERR_SYS, "socket: %s", listen_why(errno));
	*got_bytes = set_buffer(*fd, how->buffer_bytes);
	if (open_socket(*fd, l, how) == 0)
		return ERR_OK;
	struct text name = {0};
	char from[ADDR_TEXT] = "";
	int why = errno;
	listen_text(l, &name);
	if (how->from)
		addr_text(from, how->from);
	(void)close(*fd);
	*fd = -1;
	int bad = err_set(e, ERR_SYS, "%s%s%s: %s", name.p, how->from ? " for exporter " : "", from,
	    listen_why(why));
	text_fini(&name);
	return bad;
}

/* How a datagram came here, out of its control messages. */
static void read_way(struct msghdr *m, struct udp_datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		bool v6 = c->cmsg_level == IPPROTO_IPV6;
		struct in_pktinfo info;
		struct in6_pktinfo info6;
		int ttl;
		if (c->cmsg_type == (v6 ? IPV6_HOPLIMIT : IP_TTL)) {
			memcpy(&ttl, CMSG_DATA(c), sizeof ttl);
			d->ttl = (uint8_t)ttl;
		} else if (v6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof info6);
			d->via = info6.ipi6_ifindex;
			d->to = addr_v6(info6.ipi6_addr.s6_addr);
		} else if (!v6 && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
			d->via = (uint32_t)info.ipi_ifindex;
			d->to = addr_v4(ntohl(info.ipi_addr.s_addr));
		}
	}
}

size_t udp_receive(int fd, struct udp *u, const struct udp_datagram **v)
{
	*v = u->v;
	for (size_t i = 0; i < UDP_BATCH; i++) { /* the kernel shortened them */
		u->heads[i].msg_hdr.msg_namelen = sizeof u->from[i];
		u->heads[i].msg_hdr.msg_controllen = CONTROL_BYTES;
	}
	int got = recvmmsg(fd, u->heads, UDP_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++) {
		u->v[i] =
		    (struct udp_datagram){.p = u->parts[i].iov_base, .n = u->heads[i].msg_len};
		(void)listen_addr(&u->from[i], &u->v[i].from, &u->v[i].port);
		read_way(&u->heads[i].msg_hdr, &u->v[i]);
	}
	return got > 0 ? (size_t)got : 0;
}

/* The interface stays open: replies may take another way than requests. */
static void say_from(struct msghdr *m, const union addr *from)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct in_pktinfo info = {0};
	struct in6_pktinfo info6 = {0};
	if (addr_is_v4(from)) {
		info.ipi_spec_dst.s_addr = htonl(addr_v4_of(from));
		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info),
		    .cmsg_level = IPPROTO_IP,
		    .cmsg_type = IP_PKTINFO};
		memcpy(CMSG_DATA(c), &info, sizeof info);
		m->msg_controllen = CMSG_SPACE(sizeof info);
	} else {
		memcpy(&info6.ipi6_addr, from->b, sizeof from->b);
		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info6),
		    .cmsg_level = IPPROTO_IPV6,
		    .cmsg_type = IPV6_PKTINFO};
		memcpy(CMSG_DATA(c), &info6, sizeof info6);
		m->msg_controllen = CMSG_SPACE(sizeof info6);
	}
}

bool udp_answer(int fd, const struct udp_datagram *to, const void *p, size_t n)
{
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES] = {0};
	struct sockaddr_storage sa;
	struct iovec part = {(void *)(uintptr_t)p, n};
	struct msghdr m = {.msg_name = &sa, .msg_iov = &part, .msg_iovlen = 1};
	m.msg_namelen = listen_sockaddr(&sa, &to->from, to->port);
	if (!addr_is_zero(&to->to)) {
		m.msg_control = control;
		m.msg_controllen = sizeof control;
		say_from(&m, &to->to);
	}
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool udp_dropped(int fd, uint32_t *datagrams, uint32_t *waiting_bytes)
{
	uint32_t v[SK_MEMINFO_VARS] = {0};
	socklen_t n = sizeof v;
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, v, &n) != 0)
		return false;
	*datagrams = v[SK_MEMINFO_DROPS];
	*waiting_bytes = v[SK_MEMINFO_RMEM_ALLOC];
	return true;
}
