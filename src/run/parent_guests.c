/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who comes to a live sensor: connections for the reader, whoever wants the findings, files of
 * watched folders; and what one child leaves for the next. The parent lets in and passes on, it
 * reads none of it. */
#include "run/parent.h"
#include "run/place.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_MS = 1000 };

void parent_forget_peer(struct parent *p, uint32_t id)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (p->live.peers[i].id && (id == 0 || p->live.peers[i].id == id)) {
			(void)close(p->live.peers[i].fd);
			if (p->live.peers[i].rest >= 0)
				(void)close(p->live.peers[i].rest);
			p->live.peers[i].id = 0;
		}
}

void parent_keep_rest(struct parent *p, uint32_t id, int *fd)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (id && p->live.peers[i].id == id && p->live.peers[i].rest < 0) {
			p->live.peers[i].rest = *fd;
			*fd = -1;
			return;
		}
}

void parent_drop_rests(struct parent *p)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (p->live.peers[i].id && p->live.peers[i].rest >= 0) {
			(void)close(p->live.peers[i].rest);
			p->live.peers[i].rest = -1;
		}
}

void parent_file_done(struct parent *p)
{
	struct err e;
	if (p->file_busy && place_set_mark(p->live.folder, p->live.listens[p->file_watch].path,
				p->file_mtime_ns, &e))
		live_say("%s", e.msg);
	p->file_busy = false;
}

/* Whether a connection may speak: the rules are for whoever exports over the network. */
static bool allowed(struct parent *p, const struct listen *at, const union addr *from)
{
	if (at->kind != LISTEN_TCP || !p->live.rules_n ||
	    exporter_rule_of(p->live.rules, p->live.rules_n, from))
		return true;
	live_add(&p->live.board->foreign, 1);
	return false;
}

/* Where there are no descriptors, who knocks stays at the door for a while. */
static int let_in(struct parent *p, int door, struct sockaddr_storage *sa)
{
	socklen_t n = sizeof *sa;
	int fd = accept4(door, (struct sockaddr *)sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM))
		return fd;
	if (!p->accept_ms)
		live_say("a connection waits: %s", strerror(errno));
	p->accept_ms = p->now_ms + PAUSE_MS;
	return -1;
}

/* A router that went down says nothing more; its place is needed. */
static void watch_over(int fd)
{
	static const int rows[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, 60}, {IPPROTO_TCP, TCP_KEEPINTVL, 15},
	    {IPPROTO_TCP, TCP_KEEPCNT, 4}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		(void)setsockopt(fd, rows[i][0], rows[i][1], &rows[i][2], sizeof rows[i][2]);
}

void parent_welcome(struct parent *p, size_t listen)
{
	struct sockaddr_storage sa = {0};
	struct wire m = {.kind = WIRE_PEER};
	struct live_peer is = {.kind = STREAM_UNKNOWN, .rest = -1};
	uint16_t port;
	size_t i = 0;
	is.fd = let_in(p, p->live.listen_fd[listen], &sa);
	if (is.fd < 0)
		return;
	if (p->live.listens[listen].kind == LISTEN_TCP) {
		(void)listen_addr(&sa, &is.from, &port);
		watch_over(is.fd);
	}
	while (i < LIVE_PEERS_MAX && p->live.peers[i].id)
		i++;
	if (i == LIVE_PEERS_MAX || !allowed(p, &p->live.listens[listen], &is.from)) {
		(void)close(is.fd);
		return;
	}
	m.id = is.id = ++p->peer_id ? p->peer_id : ++p->peer_id;
	addr_text(m.text, &is.from);
	m.text_n = (uint32_t)strlen(m.text);
	p->live.peers[i] = is;
	if (!wire_send(p->child[READER].wire, &m, is.fd))
		parent_forget_peer(p, is.id);
}

void parent_welcome_client(struct parent *p)
{
	struct sockaddr_storage sa;
	struct wire m = {.kind = WIRE_CLIENT};
	int fd = let_in(p, p->live.out, &sa);
	if (fd < 0)
		return;
	(void)wire_send(p->child[SENSOR].wire, &m, fd);
	(void)close(fd);
}

/* One file after the other, so that what waits to be read is here and not in the reader. */
void parent_give_file(struct parent *p)
{
	struct wire m = {.kind = WIRE_FILE};
	char name[WATCH_NAME];
	int fd;
	if (p->file_busy || !p->child[READER].pid || p->child[READER].asked)
		return;
	for (size_t i = 0; i < p->live.listens_n; i++) {
		if (!p->live.watches[i] ||
		    !watch_next(p->live.watches[i], &fd, name, &p->file_mtime_ns))
			continue;
		m.text_n = (uint32_t)snprintf(
		    m.text, WIRE_TEXT, "%.200s/%s", p->live.listens[i].path, name);
		p->file_busy = wire_send(p->child[READER].wire, &m, fd);
		if (!p->file_busy)
			live_say("%s is left: the reader does not keep up", m.text);
		p->file_watch = i;
		(void)close(fd);
		return;
	}
}

void parent_check_folders(struct parent *p)
{
	for (size_t i = 0; i < p->live.listens_n; i++) {
		enum watch_change change =
		    p->live.watches[i] ? watch_check(p->live.watches[i]) : WATCH_SAME;
		if (change == WATCH_GONE)
			live_say("dir:%.200s is gone: it is waited for", p->live.listens[i].path);
		else if (change == WATCH_BACK)
			live_say("dir:%.200s is there anew", p->live.listens[i].path);
	}
}

void parent_keep_handed(struct parent *p, const struct wire *m, int *fd)
{
	bool is_client = m->kind == WIRE_CLIENT;
	if (!is_client && m->number >= OUTLETS)
		return;
	size_t i = is_client ? 0 : m->number + 1;
	if (p->handed[i].fd >= 0)
		(void)close(p->handed[i].fd);
	p->handed[i].m = *m;
	p->handed[i].fd = *fd;
	*fd = -1;
}

/* The reader first: the lines go on where he has got to. */
void parent_give_handed(struct parent *p)
{
	for (size_t i = 0; i <= OUTLETS; i++) {
		wire_give(p->child[SENSOR].wire, &p->handed[i].m, p->handed[i].fd);
		p->handed[i].fd = -1;
	}
}

void parent_close_handed(struct parent *p)
{
	for (size_t i = 0; i <= OUTLETS; i++) {
		if (p->handed[i].fd >= 0)
			(void)close(p->handed[i].fd);
		p->handed[i].fd = -1;
	}
}
