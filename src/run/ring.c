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
	uint32_t flow_n, dns_n;
	int64_t received_ms;
};
enum { SLOT_FLOWS = (RING_SLOT_BYTES - sizeof(struct slot_head)) / sizeof(struct flow) };

struct slot { /* flows, then DNS records */
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

/* As many of the batch's records from flow_at and dns_at on as one slot holds. */
static void fill(
    struct ring *r, const struct batch *b, size_t *flow_at, size_t *dns_at, int64_t received_ms)
{
	uint64_t written = atomic_load_explicit(&r->shared->written, memory_order_relaxed);
	struct slot *s = &r->shared->slots[written & (r->slots - 1)];
	size_t flows = b->flow_n - *flow_at;
	flows = flows < SLOT_FLOWS ? flows : SLOT_FLOWS;
	size_t flow_bytes = flows * sizeof *b->flows;
	size_t dns = (sizeof s->room - flow_bytes) / sizeof *b->dns;
	dns = b->dns_n - *dns_at < dns ? b->dns_n - *dns_at : dns;
	if (flows)
		memcpy(s->room, b->flows + *flow_at, flow_bytes);
	if (dns)
		memcpy(s->room + flow_bytes, b->dns + *dns_at, dns * sizeof *b->dns);
	s->head = (struct slot_head){(uint32_t)flows, (uint32_t)dns, received_ms};
	*flow_at += flows;
	*dns_at += dns;
	atomic_store(&r->shared->written, written + 1);
}

uint64_t ring_put(struct ring *r, const struct batch *b, int64_t received_ms)
{
	size_t flow_at = 0, dns_at = 0;
	while ((flow_at < b->flow_n || dns_at < b->dns_n) && ring_room(r))
		fill(r, b, &flow_at, &dns_at, received_ms);
	wake(r);
	return (b->flow_n - flow_at) + (b->dns_n - dns_at);
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
	size_t flow_bytes = (size_t)head.flow_n * sizeof(struct flow);
	size_t dns_bytes = (size_t)head.dns_n * sizeof(struct dns);
	if (flow_bytes + dns_bytes <= sizeof s->room) {
		batch_copy(b, (const struct flow *)(const void *)s->room, head.flow_n,
		    (const struct dns *)(const void *)(s->room + flow_bytes), head.dns_n);
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
