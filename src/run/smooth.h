/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A buffer that puts an input's records in order. What comes in order costs a queue, the rest a
 * heap. */
#pragma once
#include "rec/dns.h"
#include "rec/flow.h"

enum { SMOOTH_RECORDS = 65536, SMOOTH_MS = 300000 };

struct smooth_item {
	int64_t time_ms;
	uint64_t order; /* of arrival: equal times keep it */
	uint32_t slot;
	bool is_dns;
};

struct smooth {
	struct flow *flows;
	struct dns **dns; /* each its own block: they are large and few */
	uint32_t flow_cap, dns_cap;
	uint32_t *flow_free, *dns_free;
	uint32_t flow_free_n, dns_free_n;
	struct smooth_item
	    *queue; /* in order: head .. tail, a ring of queue_cap (a power of two) */
	uint32_t queue_cap, head, queue_n;
	struct smooth_item *heap;
	uint32_t heap_cap, heap_n;
	int64_t newest_ms;
	uint64_t order;
	uint32_t limit_n; /* records and time held at most; 0: SMOOTH_RECORDS, SMOOTH_MS */
	int64_t limit_ms;
};
void smooth_flow(struct smooth *s, const struct flow *f);
void smooth_dns(struct smooth *s, const struct dns *d);
/* Whether a record may leave: the buffer holds enough, or `all` (the input has ended). */
bool smooth_ready(const struct smooth *s, bool all);
const struct smooth_item *smooth_peek(const struct smooth *s); /* the oldest; NULL: empty */
/* Takes the oldest out; its record stays valid until smooth_release. */
struct smooth_item smooth_take(struct smooth *s);
/* A flow that will be taken out soon, or NULL; the one after it is brought near. */
const struct flow *smooth_ahead(const struct smooth *s);
void smooth_release(struct smooth *s, const struct smooth_item *i);
void smooth_fini(struct smooth *s);
