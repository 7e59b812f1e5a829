/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners: see listen.h. An IPv6 socket takes IPv6 only, so that [::] and 0.0.0.0 may both be
 * named and each exporter has one spelling. */
#include "collect/collect.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static const char *const kinds[] = {"udp", "tcp", "unix", "dir"};

static int wrong(const char *text, struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "--listen: '%.80s' is not udp:ADDR:PORT, tcp:ADDR:PORT, unix:PATH or dir:PATH (an IPv6 "
	    "address stands in brackets)",
	    text);
}

/* The address before the last colon; brackets are taken off, and are needed around IPv6. */
static bool parse_host(struct span s, union addr *a)
{
	bool bracketed = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
	if (bracketed)
		s = (struct span){s.p + 1, s.n - 2};
	return addr_parse(s, a) && bracketed == !addr_is_v4(a);
}

int listen_parse(struct listen *l, const char *text, struct err *e)
{
	struct span rest = span_of(text), kind = span_cut(&rest, ':');
	uint64_t port;
	*l = (struct listen){.path = rest.p};
	size_t k = 0;
	while (k < sizeof kinds / sizeof *kinds && !span_is(kind, kinds[k]))
		k++;
	if (k == sizeof kinds / sizeof *kinds || !rest.p || rest.n == 0)
		return wrong(text, e);
	l->kind = (enum listen_kind)k;
	if (l->kind == LISTEN_UNIX || l->kind == LISTEN_DIR)
		return ERR_OK;
	const char *colon = strrchr(rest.p, ':');
	if (!colon || !parse_host((struct span){rest.p, (size_t)(colon - rest.p)}, &l->addr) ||
	    !span_uint(span_of(colon + 1), &port) || port > UINT16_MAX)
		return wrong(text, e);
	l->port = (uint16_t)port;
	return ERR_OK;
}

void listen_text(const struct listen *l, struct text *out)
{
	char word[ADDR_TEXT];
	text_fmt(out, "%s:", kinds[l->kind]);
	if (l->kind == LISTEN_UNIX || l->kind == LISTEN_DIR) {
		text_puts(out, l->path);
		return;
	}
	addr_text(word, &l->addr);
	text_fmt(out, addr_is_v4(&l->addr) ? "%s:%u" : "[%s]:%u", word, l->port);
}

const char *listen_why(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "in use by another program (ss -lnptu names it): end that or take another "
		       "port";
	case EADDRNOTAVAIL:
		return "no interface has that address (ip address lists them); 0.0.0.0 and [::] "
		       "take all";
	case EACCES:
		return "not permitted; a port below 1024 needs root or CAP_NET_BIND_SERVICE, a "
		       "unix "
		       "socket a folder that may be written to";
	case ENOENT:
		return "its folder is not there: make it first";
	case EAFNOSUPPORT:
		return "this system has no such addresses (is IPv6 switched off?)";
	default:
		return strerror(error);
	}
}

socklen_t listen_sockaddr(struct sockaddr_storage *to, const union addr *a, uint16_t port)
{
	*to = (struct sockaddr_storage){0};
	if (addr_is_v4(a)) {
		struct sockaddr_in *in = (struct sockaddr_in *)to;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(addr_v4_of(a));
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, sizeof a->b);
	return sizeof *in6;
}

bool listen_addr(const struct sockaddr_storage *from, union addr *a, uint16_t *port)
{
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;
		*a = addr_v4(ntohl(in->sin_addr.s_addr));
		*port = ntohs(in->sin_port);
		return true;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	*a = addr_v6(in6->sin6_addr.s6_addr);
	*port = ntohs(in6->sin6_port);
	return from->ss_family == AF_INET6;
}

/* Removes a socket whose owner is gone; one that answers is left, and bind will say so. */
static void remove_stale(const struct sockaddr_un *un)
{
	struct stat st;
	if (lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)un, sizeof *un) != 0 && errno == ECONNREFUSED)
		(void)unlink(un->sun_path);
	(void)close(fd);
}

static int bind_unix(int fd, const char *path, struct err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	if (!str_copy(un.sun_path, sizeof un.sun_path, path, strlen(path)))
		return err_set(e, ERR_CONFIG, "unix:%.80s…: longer than %zu bytes", path,
		    sizeof un.sun_path - 1);
	remove_stale(&un);
	mode_t old = umask(0117);
	int bad = bind(fd, (struct sockaddr *)&un, sizeof un);
	(void)umask(old);
	return bad ? err_set(e, ERR_SYS, "unix:%.100s: %s", path, listen_why(errno)) : ERR_OK;
}

static int bind_tcp(int fd, struct listen *l, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t n = listen_sockaddr(&sa, &l->addr, l->port);
	struct text name = {0};
	int one = 1, bad = ERR_OK;
	listen_text(l, &name);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&sa, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		bad = err_set(e, ERR_SYS, "%s: %s", name.p, listen_why(errno));
	else
		(void)listen_addr(&sa, &l->addr, &l->port);
	text_fini(&name);
	return bad;
}

int listen_stream(struct listen *l, int *fd, struct err *e)
{
	int family = l->kind == LISTEN_UNIX ? AF_UNIX : addr_is_v4(&l->addr) ? AF_INET : AF_INET6;
	*fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_set(e, ERR_SYS, "socket: %s", listen_why(errno));
	int bad = l->kind == LISTEN_UNIX ? bind_unix(*fd, l->path, e) : bind_tcp(*fd, l, e);
	if (!bad && listen(*fd, BACKLOG) != 0)
		bad = err_set(e, ERR_SYS, "listen: %s", strerror(errno));
	if (bad) {
		(void)close(*fd);
		*fd = -1;
	}
	return bad;
}
