/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring: see ring.h. Slot numbers only grow; each side owns one of the two. */
#include "run/ring.h"
#include "base/mem.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE = 64, PAGE = 4096, SLOTS_MAX = 65536 };

struct slot_head {
	uint32_t flow_n, dns_n, session_n;
	int64_t received_ms;
};

_Static_assert(sizeof(struct flow) % 8 == 0 && sizeof(struct dns) % 8 == 0,
    "what lies behind them is aligned");

struct slot { /* flows, then DNS records, then sessions */
	struct slot_head head;
	_Alignas(8) uint8_t room[RING_SLOT_BYTES - sizeof(struct slot_head)];
};
_Static_assert(sizeof(struct slot) == RING_SLOT_BYTES, "slots are of one size");

struct shared {
	_Alignas(LINE) _Atomic uint64_t written;
	_Alignas(LINE) _Atomic uint64_t taken;
	_Atomic uint32_t waits; /* the sensor sleeps */
	_Alignas(PAGE) struct slot slots[];
};

struct ring {
	struct shared *shared;
	size_t bytes;
	uint32_t slots;
	int fd[2];
	bool owner; /* of the descriptors */
};

static int map(struct ring *r, struct err *e)
{
	void *p = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd[0], 0);
	if (p == MAP_FAILED)
		return err_set(e, ERR_SYS, "ring: %s", strerror(errno));
	r->shared = p;
	return ERR_OK;
}

int ring_new(struct ring **to, uint32_t slots, struct err *e)
{
	struct ring *r = mem_new(1, sizeof *r);
	r->owner = true;
	r->slots = slots;
	r->bytes = sizeof(struct shared) + (size_t)slots * sizeof(struct slot);
	r->fd[0] = memfd_create("theriac-ring", MFD_CLOEXEC);
	r->fd[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*to = r;
	if (r->fd[0] < 0 || r->fd[1] < 0 || ftruncate(r->fd[0], (off_t)r->bytes) != 0) {
		int bad = err_set(e, ERR_SYS, "ring of %zu bytes: %s", r->bytes, strerror(errno));
		ring_free(r);
		*to = NULL;
		return bad;
	}
	int bad = map(r, e);
	if (bad) {
		ring_free(r);
		*to = NULL;
	}
	return bad;
}

int ring_attach(struct ring **to, const int fd[2], struct err *e)
{
	struct stat st;
	*to = NULL;
	if (fstat(fd[0], &st) != 0)
		return err_set(e, ERR_SYS, "ring: %s", strerror(errno));
	size_t bytes = (size_t)st.st_size;
	size_t slots = bytes > sizeof(struct shared)
			   ? (bytes - sizeof(struct shared)) / sizeof(struct slot)
			   : 0;
	if (slots == 0 || slots > SLOTS_MAX || (slots & (slots - 1)) ||
	    bytes != sizeof(struct shared) + slots * sizeof(struct slot))
		return err_set(e, ERR_INPUT, "ring: memory of %zu bytes is none", bytes);
	struct ring *r = mem_new(1, sizeof *r);
	r->slots = (uint32_t)slots;
	r->bytes = bytes;
	memcpy(r->fd, fd, sizeof r->fd);
	int bad = map(r, e);
	if (bad)
		ring_free(r);
	else
		*to = r;
	return bad;
}

void ring_fds(const struct ring *r, int fd[2])
{
	memcpy(fd, r->fd, sizeof r->fd);
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->shared)
		(void)munmap(r->shared, r->bytes);
	for (int i = 0; r->owner && i < 2; i++)
		if (r->fd[i] >= 0)
			(void)close(r->fd[i]);
	free(r);
}

uint32_t ring_room(const struct ring *r)
{
	uint64_t used = atomic_load_explicit(&r->shared->written, memory_order_relaxed) -
			atomic_load_explicit(&r->shared->taken, memory_order_acquire);
	return used < r->slots ? r->slots - (uint32_t)used : 0;
}

static void wake(struct ring *r)
{
	uint64_t one = 1;
	if (atomic_exchange(&r->shared->waits, 0))
		(void)!write(r->fd[1], &one, sizeof one);
}

/* How much of a batch is in the ring already. */
struct put {
	size_t flows, dns, sessions;
};

/* Copies as many records as there are and fit behind *bytes; how many. */
static uint32_t pack(struct slot *s, size_t *bytes, const void *v, size_t n, size_t size)
{
	size_t room = (sizeof s->room - *bytes) / size;
	n = n < room ? n : room;
	if (n)
		memcpy(s->room + *bytes, v, n * size);
	*bytes += n * size;
	return (uint32_t)n;
}

/* As many of the batch's records that were not put yet as one slot holds. */
static void fill(struct ring *r, const struct batch *b, struct put *at, int64_t received_ms)
{
	uint64_t written = atomic_load_explicit(&r->shared->written, memory_order_relaxed);
	struct slot *s = &r->shared->slots[written & (r->slots - 1)];
	struct slot_head head = {.received_ms = received_ms};
	size_t bytes = 0;
	if (b->flow_n)
		head.flow_n =
		    pack(s, &bytes, b->flows + at->flows, b->flow_n - at->flows, sizeof *b->flows);
	if (b->dns_n)
		head.dns_n = pack(s, &bytes, b->dns + at->dns, b->dns_n - at->dns, sizeof *b->dns);
	if (b->session_n)
		head.session_n = pack(s, &bytes, b->sessions + at->sessions,
		    b->session_n - at->sessions, sizeof *b->sessions);
	s->head = head;
	at->flows += head.flow_n;
	at->dns += head.dns_n;
	at->sessions += head.session_n;
	atomic_store(&r->shared->written, written + 1);
}

uint64_t ring_put(struct ring *r, const struct batch *b, int64_t received_ms)
{
	struct put at = {0};
	size_t n = batch_records(b);
	while (at.flows + at.dns + at.sessions < n && ring_room(r))
		fill(r, b, &at, received_ms);
	wake(r);
	return n - (at.flows + at.dns + at.sessions);
}

uint64_t ring_put_at(const struct ring *r)
{
	return atomic_load(&r->shared->written);
}

uint64_t ring_taken_at(const struct ring *r)
{
	return atomic_load(&r->shared->taken);
}

static void copy_out(struct batch *b, const struct slot *s, const struct slot_head *head)
{
	const uint8_t *p = s->room;
	const struct flow *flows = (const struct flow *)(const void *)p;
	p += head->flow_n * sizeof *flows;
	const struct dns *dns = (const struct dns *)(const void *)p;
	p += head->dns_n * sizeof *dns;
	batch_copy(b, flows, head->flow_n, dns, head->dns_n);
	for (uint32_t i = 0; i < head->session_n; i++, p += sizeof(struct session))
		memcpy(batch_session(b), p, sizeof(struct session));
}

bool ring_take(struct ring *r, struct batch *b, int64_t *received_ms, int *bad)
{
	uint64_t taken = atomic_load_explicit(&r->shared->taken, memory_order_relaxed);
	batch_reset(b);
	*bad = ERR_OK;
	uint64_t written = atomic_load(&r->shared->written);
	if (taken == written)
		return false;
	if (written - taken > r->slots) { /* more than can be there: it would never end */
		*bad = ERR_INPUT;
		atomic_store_explicit(&r->shared->taken, written, memory_order_release);
		return true;
	}
	const struct slot *s = &r->shared->slots[taken & (r->slots - 1)];
	/* read once: the other side may change it meanwhile */
	struct slot_head head = *(const volatile struct slot_head *)&s->head;
	size_t bytes = (size_t)head.flow_n * sizeof(struct flow) +
		       (size_t)head.dns_n * sizeof(struct dns) +
		       (size_t)head.session_n * sizeof(struct session);
	if (bytes <= sizeof s->room) {
		copy_out(b, s, &head);
		*received_ms = head.received_ms;
	} else {
		*bad = ERR_INPUT;
	}
	atomic_store_explicit(&r->shared->taken, taken + 1, memory_order_release);
	return true;
}

void ring_waits(struct ring *r, bool waits)
{
	uint64_t seen;
	(void)!read(r->fd[1], &seen, sizeof seen);
	atomic_store(&r->shared->waits, waits);
}

int ring_event(const struct ring *r)
{
	return r->fd[1];
}
