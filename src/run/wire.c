/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: see wire.h. What a child sends is checked here: a message of another size, or more than
 * one descriptor, is taken for a child that is gone. */
#include "run/wire.h"
#include <errno.h>
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

int wire_take(int socket, struct wire *m, int *fd)
{
	union control c = {0};
	struct iovec part = {m, sizeof *m};
	struct msghdr h = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = c.room,
	    .msg_controllen = sizeof c.room};
	*fd = -1;
	ssize_t got = recvmsg(socket, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	struct cmsghdr *head = CMSG_FIRSTHDR(&h);
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(head), sizeof *fd);
	if (got == sizeof *m && m->text_n < WIRE_TEXT) {
		m->text[m->text_n] = '\0';
		return 1;
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return -1;
}
