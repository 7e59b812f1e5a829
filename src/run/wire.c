/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: see wire.h. What a child sends is checked here: a message of another size, or more than
 * one descriptor, is taken for a child that is gone. */
#include "run/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

bool wire_send(int socket, const struct wire *m, int fd)
{
	union control c = {0};
	struct iovec part = {(void *)(uintptr_t)m, sizeof *m};
	struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		h.msg_control = c.room;
		h.msg_controllen = sizeof c.room;
		struct cmsghdr *head = CMSG_FIRSTHDR(&h);
		*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd),
		    .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &h, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == sizeof *m;
}

bool wire_word(int socket, enum wire_kind kind, uint32_t number)
{
	struct wire m = {.kind = kind, .number = number};
	return wire_send(socket, &m, -1);
}

/* The room is rounded up, so a second descriptor can be in it: it is closed. False: it was. */
static bool take_descriptor(struct cmsghdr *head, int *fd)
{
	bool first = true;
	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return true;
	for (size_t at = 0; CMSG_LEN(at + sizeof *fd) <= head->cmsg_len; at += sizeof *fd) {
		int more;
		memcpy(first ? fd : &more, CMSG_DATA(head) + at, sizeof more);
		if (!first)
			(void)close(more);
		first = false;
	}
	return head->cmsg_len <= CMSG_LEN(sizeof *fd);
}

bool wire_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	return true;
}

int wire_take(int socket, struct wire *m, int *fd)
{
	union control c = {0};
	struct iovec part = {m, sizeof *m};
	struct msghdr h = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = c.room,
	    .msg_controllen = sizeof c.room};
	bool one;
	*fd = -1;
	ssize_t got = recvmsg(socket, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	one = take_descriptor(CMSG_FIRSTHDR(&h), fd);
	if (got == sizeof *m && m->text_n < WIRE_TEXT && one) {
		m->text[m->text_n] = '\0';
		return 1;
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return -1;
}
