/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: see live_peer.h. */
#include "run/live_peer.h"
#include "base/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = FRAMES_BYTES_MAX + 64, SNIFF_BYTES = 4 };
enum { STRANGER_MS = 60000, IDLE_MS = 1800000 };

void peer_open(struct peer *x, const struct live_peer *is)
{
	*x = (struct peer){.is = *is, .p = mem_new(1, ROOM)};
	x->frames.started = is->kind == STREAM_DNSTAP; /* taken over from a reader before us */
	if (is->rest < 0)
		return;
	ssize_t got = pread(is->rest, x->p, ROOM, 0);
	x->n = got > 0 ? (size_t)got : 0;
	(void)close(is->rest);
}

bool peer_idle(const struct peer *x, int64_t now_ms)
{
	int64_t most_ms = x->is.kind == STREAM_UNKNOWN ? STRANGER_MS : IDLE_MS;
	return x->is.id && !addr_is_zero(&x->is.from) && now_ms - x->last_ms > most_ms;
}

void peer_close(struct peer *x)
{
	if (x->is.id)
		(void)close(x->is.fd);
	free(x->p);
	*x = (struct peer){0};
}

static void send_answer(const struct peer *x, const struct frames_step *s)
{
	if (s->answer_n)
		(void)!send(x->is.fd, s->answer, s->answer_n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Bytes used of the message at p; 0: more are needed; SIZE_MAX: the connection is over. */
static size_t one_frame(
    struct peer *x, const struct peer_sink *to, const uint8_t *p, size_t n, const char **why)
{
	struct frames_step s = frames_next(&x->frames, p, n);
	send_answer(x, &s);
	if (s.what == FRAMES_DATA)
		to->dnstap(to->arg, s.data, s.data_n);
	if (s.what == FRAMES_BAD)
		*why = "is no Frame Stream of dnstap";
	return s.what == FRAMES_ENDED || s.what == FRAMES_BAD ? SIZE_MAX : s.used;
}

static size_t one_message(
    struct peer *x, const struct peer_sink *to, const uint8_t *p, size_t n, const char **why)
{
	if (x->is.kind == STREAM_DNSTAP)
		return one_frame(x, to, p, n, why);
	size_t bytes = export_message_bytes(p, n);
	if (bytes == SIZE_MAX || bytes > ROOM) {
		*why = "sends no IPFIX";
		return SIZE_MAX;
	}
	if (bytes == 0 || bytes > n)
		return 0;
	to->ipfix(to->arg, &x->is.from, p, bytes);
	return bytes;
}

bool peer_read(struct peer *x, const struct peer_sink *to, const char **why)
{
	ssize_t got = recv(x->is.fd, x->p + x->n, ROOM - x->n, MSG_DONTWAIT);
	*why = NULL;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0) {
		*why = x->n ? "ended within a message" : NULL;
		return false;
	}
	x->n += (size_t)got;
	if (x->is.kind == STREAM_UNKNOWN && x->n < SNIFF_BYTES)
		return true;
	if (x->is.kind == STREAM_UNKNOWN)
		x->is.kind = frames_sniff(x->p, x->n) ? STREAM_DNSTAP : STREAM_IPFIX;
	size_t at = 0, used = 0;
	while (at < x->n && (used = one_message(x, to, x->p + at, x->n - at, why)) != 0) {
		if (used == SIZE_MAX)
			return false;
		at += used;
	}
	memmove(x->p, x->p + at, x->n - at);
	x->n -= at;
	return true;
}
