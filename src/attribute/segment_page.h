/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One page of a segment: entries as bytes, each told as what differs from the one before it. */
#pragma once
#include "attribute/segment.h"

enum { PAGE_HEAD = 16, PAGE_ROOM = SEGMENT_PAGE - PAGE_HEAD };
enum { PAGE_CROWDED = 1 }; /* more was open at its begin than is repeated: look at the one before */

struct page_head {
	uint16_t used, n, carried, flags;
};

size_t varint_put(uint8_t *p, uint64_t v); /* at most 10 bytes */
uint64_t varint_get(struct buf *b);
/* Head and checksum in front of what was put behind PAGE_HEAD; the rest is zeroed. */
void page_seal(uint8_t page[SEGMENT_PAGE], const struct page_head *h);
/* The page's entries as a cursor; false: damaged. */
bool page_open(const uint8_t *page, struct page_head *h, struct buf *b);
struct segment_key key_of(const struct segment_entry *e);
int key_order(const struct segment_key *a, const struct segment_key *b);
