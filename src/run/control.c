/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: see control.h. */
#include "run/control.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORD_MAX = 64, PATIENCE_MS = 5000, PAUSE_MS = 1000 };

int control_address(const char *folder, struct sockaddr_un *un, int *folder_fd, struct err *e)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	*folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder_fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			   ? err_set(e, ERR_NONE,
				 "no sensor runs on %.150s, there is no such folder; name its "
				 "folder "
				 "with --state",
				 folder)
			   : err_set(e, ERR_SYS, "%.180s: %s", folder, strerror(errno));
	(void)snprintf(un->sun_path, sizeof un->sun_path, "/proc/self/fd/%d/control", *folder_fd);
	return ERR_OK;
}

int control_open(struct control *c, const char *folder, struct err *e)
{
	struct sockaddr_un un;
	int folder_fd, bad = control_address(folder, &un, &folder_fd, e);
	*c = (struct control){.fd = -1};
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].fd = -1;
	if (bad)
		return bad;
	text_fmt(&c->path, "%s/control", folder);
	(void)unlink(c->path.p); /* the lock is ours, so its owner is gone */
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t old = umask(0177);
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&un, sizeof un) != 0 ||
	    listen(c->fd, CONTROL_CLIENTS) != 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", c->path.p, strerror(errno));
	(void)umask(old);
	(void)close(folder_fd);
	return bad;
}

static void hang_up(struct control *c, int i)
{
	(void)close(c->client[i].fd);
	text_fini(&c->client[i].answer);
	c->client[i].fd = -1;
	c->client[i].at = 0;
}

void control_close(struct control *c)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			hang_up(c, i);
	if (c->fd >= 0) {
		(void)close(c->fd);
		(void)unlink(c->path.p);
	}
	text_fini(&c->path);
}

size_t control_poll(const struct control *c, struct pollfd *v, int64_t now_ms)
{
	bool room = false;
	size_t n = 1;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		room |= c->client[i].fd < 0;
	v[0] = (struct pollfd){.fd = room && now_ms >= c->accept_ms ? c->fd : -1, .events = POLLIN};
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			v[n++] = (struct pollfd){.fd = c->client[i].fd,
			    .events = c->client[i].answer.n ? POLLOUT : POLLIN};
	return n;
}

static void answer(const struct live_view *v, struct span word, struct text *out)
{
	if (span_is(word, "status"))
		live_status_text(v, out);
	else if (span_is(word, "status-json"))
		live_status_json(v, out);
	else if (span_is(word, "metrics"))
		live_metrics(v, out);
	else
		text_puts(out, "status, status-json or metrics can be asked for\n");
}

static void serve_one(struct control *c, int i, const struct live_view *v)
{
	char word[WORD_MAX];
	int fd = c->client[i].fd;
	struct text *out = &c->client[i].answer;
	if (!out->n) {
		ssize_t got = recv(fd, word, sizeof word, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			hang_up(c, i);
			return;
		}
		answer(v, span_trim((struct span){word, (size_t)got}), out);
	}
	ssize_t did = send(
	    fd, out->p + c->client[i].at, out->n - c->client[i].at, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (did > 0)
		c->client[i].at += (size_t)did;
	if (c->client[i].at == out->n || (did < 0 && errno != EAGAIN))
		hang_up(c, i);
}

static void welcome(struct control *c, int64_t now_ms)
{
	for (int i = 0; now_ms >= c->accept_ms && i < CONTROL_CLIENTS; i++) {
		if (c->client[i].fd >= 0)
			continue;
		c->client[i].fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		c->client[i].since_ms = now_ms;
		if (c->client[i].fd >= 0)
			continue;
		if (errno != EAGAIN)
			c->accept_ms = now_ms + PAUSE_MS;
		return;
	}
}

void control_serve(struct control *c, const struct live_view *v, int64_t now_ms)
{
	welcome(c, now_ms);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (c->client[i].fd < 0)
			continue;
		serve_one(c, i, v);
		if (c->client[i].fd >= 0 && now_ms - c->client[i].since_ms > PATIENCE_MS)
			hang_up(c, i);
	}
}
