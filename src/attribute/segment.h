/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals as a file that is never changed again: written once in order, looked into in place. No
 * file is opened here: bytes go to a sink, and come as a span.
 * Pages of 4 KiB, each with a checksum: a head; entries, sorted by realm, prefix length, address,
 * cell and begin, an interval over several cells in each of them; the identifiers that name lines;
 * the first key of every page. A page that begins amid an address and cell repeats what was open
 * there at its first begin, so that a question by time reads one page for each cell. The first keys
 * are held in memory, 32 bytes for 4 KiB. Numbers are little endian, times are milliseconds, and an
 * entry takes some 30 bytes. */
#pragma once
#include "attribute/whose.h"

enum { SEGMENT_PAGE = 4096, SEGMENT_HEAD = 4096 };

struct segment_key {
	union addr addr;
	int64_t t0_ms;
	uint32_t realm, cell; /* cell: with the prefix length above bit 24 */
};

struct segment_about {          /* what a file is of */
	int64_t from_ms, to_ms; /* its time: what it holds was held in it, or was learnt in it */
	int64_t reach_ms;       /* what was learnt concerns times from here on */
	int64_t swept_ms;       /* up to where had been deleted when it was written */
	int64_t imported_ms;    /* 0: it came live */
	uint64_t interval_n;    /* those that stand in several cells counted once */
};

/* Writing. Entries come in the order of segment_order. */
struct segment_entry {
	struct interval v;
	uint32_t cell;
};
/* Order of entries; those of one interval stand together, the newest first. */
int segment_order(const struct segment_entry *a, const struct segment_entry *b);
/* An entry as bytes, told as what differs from the one before it, a zeroed one at first. p has room
 * for SEGMENT_ENTRY_MAX. Of get, e is the one before it, which becomes this one; false: damaged. */
enum { SEGMENT_ENTRY_MAX = 160 };
size_t segment_put(uint8_t *p, const struct segment_entry *last, const struct segment_entry *e);
bool segment_get(struct buf *b, struct segment_entry *e);

struct segment_writer;
struct segment_writer *segment_write(save_sink *sink, void *to);
/* The line of an entry is a number of the identifiers given to segment_finish. */
void segment_add(struct segment_writer *w, const struct segment_entry *e);
/* ids: numbers 1 .. ids_n; may be NULL, then the file is of use for a merge only. Frees w. head:
 * belongs at the file's beginning, where as many bytes were left out. */
int segment_finish(struct segment_writer *w, const struct lines *ids, uint32_t ids_n,
    const struct segment_about *about, uint8_t head[SEGMENT_HEAD], struct err *e);
void segment_drop(struct segment_writer *w); /* instead of segment_finish */

/* Reading. */
struct segment {
	struct span file; /* borrowed */
	struct segment_about about;
	struct segment_key *keys; /* of each page */
	uint32_t *id_first;       /* the first identifier's number of each page of them */
	uint64_t page_n, id_page_n, id_n, entry_n;
	uint64_t bits[3]; /* prefix lengths that there are, as a bitmap */
	uint8_t classes;  /* sorts of cells that there are: all, ranges, single ports */
};
/* INPUT: not such a file, of a newer version, or damaged. */
int segment_open(struct segment *s, struct span file, struct err *e);
void segment_close(struct segment *s);
/* Adds what holds the address and touches lo .. hi. key_of gives the line of an identifier. */
struct segment_reader {
	const struct segment *segment;
	const struct lines *lines; /* which identifiers are one line; may be NULL */
	uint64_t bad_pages;        /* damaged, left out */
};
void segment_find(struct segment_reader *r, const struct question *q, int64_t lo_ms, int64_t hi_ms,
    struct found *out);
/* The identifier of that number; false: damaged, or not there. */
bool segment_id(const struct segment *s, uint32_t number, struct line_id *id);

/* All entries in order, each once. */
struct segment_walk {
	const struct segment *segment;
	uint64_t page, bad_pages;
	struct buf at;
	unsigned left;
	struct segment_entry last;
};
struct segment_walk segment_begin(const struct segment *s);
bool segment_next(struct segment_walk *w, struct segment_entry *e);
