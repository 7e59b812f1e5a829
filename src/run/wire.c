/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages: see wire.h. What a child sends is checked here: a message of another size, or more than
 * one descriptor, is taken for a child that is gone. */
#include "run/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

void wire_give(int socket, const struct wire *m, int fd)
{
	if (fd < 0)
		return;
	(void)wire_send(socket, m, fd);
	(void)close(fd);
}

int wire_memory(const char *name, const void *p, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	size_t at = 0;
	while (fd >= 0 && at < n) {
		ssize_t did = write(fd, (const char *)p + at, n - at);
		if (did <= 0) {
			(void)close(fd);
			return -1;
		}
		at += (size_t)did;
	}
	return fd;
}

bool wire_read_memory(int fd, size_t max, struct text *out)
{
	struct stat st;
	char piece[65536];
	size_t at = 0;
	ssize_t got;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max)
		return false;
	while (at < max && (got = pread(fd, piece, sizeof piece, (off_t)at)) > 0) {
		text_add(out, piece, (size_t)got);
		at += (size_t)got;
	}
	return true;
}
