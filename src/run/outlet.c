/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outlets: see outlet.h. */
#include "run/outlet.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void outlet_init(struct outlet *o, int fd)
{
	*o = (struct outlet){.fd = fd};
}

/* Of the line that is being sent. */
static size_t line_start(const struct outlet *o)
{
	size_t at = o->at;
	while (at > 0 && o->waiting.p[at - 1] != '\n')
		at--;
	return at;
}

static void drop_reader(struct outlet *o)
{
	if (o->fd > STDERR_FILENO)
		(void)close(o->fd);
	o->fd = -1;
	o->at = line_start(o);
}

void outlet_fini(struct outlet *o)
{
	drop_reader(o);
	text_fini(&o->waiting);
}

void outlet_reader(struct outlet *o, int fd)
{
	drop_reader(o);
	o->fd = fd;
}

bool outlet_waits(const struct outlet *o)
{
	return o->at < o->waiting.n;
}

bool outlet_line(struct outlet *o, const char *p, size_t n)
{
	if (o->waiting.n - o->at + n > OUTLET_BYTES_MAX) {
		o->dropped++;
		return false;
	}
	text_add(&o->waiting, p, n);
	return true;
}

/* Lines that are out for good make room; the one that is being sent stays whole. */
static void make_room(struct outlet *o)
{
	size_t done = line_start(o);
	if (done < OUTLET_BYTES_MAX / 16 && o->at < o->waiting.n)
		return;
	memmove(o->waiting.p, o->waiting.p + done, o->waiting.n - done);
	o->waiting.n -= done;
	o->at -= done;
}

struct span outlet_rest(const struct outlet *o, size_t *sent)
{
	size_t from = line_start(o);
	*sent = o->at - from;
	return (struct span){o->waiting.n ? o->waiting.p + from : NULL, o->waiting.n - from};
}

void outlet_resume(struct outlet *o, const struct text *lines, size_t sent)
{
	text_reset(&o->waiting);
	text_add(&o->waiting, lines->p, lines->n);
	o->at = sent < lines->n ? sent : lines->n;
}

void outlet_send(struct outlet *o)
{
	while (o->fd >= 0 && outlet_waits(o)) {
		struct pollfd p = {.fd = o->fd, .events = POLLOUT};
		size_t n = o->waiting.n - o->at;
		if (poll(&p, 1, 0) != 1)
			break;
		/* a pipe that is writable takes PIPE_BUF bytes without blocking (POSIX) */
		ssize_t did = write(o->fd, o->waiting.p + o->at, n < PIPE_BUF ? n : PIPE_BUF);
		if (did < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (did <= 0) {
			o->lost = true;
			drop_reader(o);
			break;
		}
		o->at += (size_t)did;
	}
	if (o->at)
		make_room(o);
}
