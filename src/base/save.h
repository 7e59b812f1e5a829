/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State as bytes, and back: a run of sections, each a tag of four characters, its length and its
 * payload, little endian. A section is at most SAVE_SECTION_MAX bytes, so that a gigabyte is
 * written and read in small pieces; a large table is many sections of one tag. What a stage does
 * not know it leaves, what nobody knows is passed over. Nothing that is read is believed: a length
 * is checked before it is used, and a short payload leaves the cursor `bad`. */
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { SAVE_SECTION_MAX = 1 << 20, SAVE_SECTION_FULL = SAVE_SECTION_MAX / 2 };

/* Takes or gives the next bytes of the stream; a code, and e filled, where that fails. A source
 * gives all n of them. */
typedef int save_sink(void *to, const void *p, size_t n, struct err *e);
typedef int save_source(void *from, void *p, size_t n, struct err *e);

struct save { /* save_to, then sections, then save_finish */
	save_sink *sink;
	void *to;
	struct text section; /* being written */
	int bad;             /* first failure of the sink: what comes later is dropped */
	struct err why;
};

struct save save_to(save_sink *sink, void *to);
void save_begin(struct save *s, const char *tag);
void save_uint(struct save *s, uint64_t v, size_t bytes); /* 1..8 */
void save_real(struct save *s, double v);
void save_bytes(struct save *s, const void *p, size_t n); /* as they lie in memory */
/* The same in less room where much of it is zero: of every eight bytes a byte that says which are
 * not, then those. */
void save_sparse(struct save *s, const void *p, size_t n);
void save_text(struct save *s, const char *word); /* at most 255 bytes, cut */
void save_end(struct save *s);
/* Whether the section has grown so large that the next rows should begin another. */
bool save_is_full(const struct save *s);
/* A whole of any length, as sections of one tag. */
void save_blob(struct save *s, const char *tag, const void *p, size_t n);
int save_finish(struct save *s, struct err *e); /* the end mark; frees what s holds */

struct load { /* load_from, then look at the section and load_next, then load_finish */
	save_source *source;
	void *from;
	char tag[5];        /* of the section here; "" at the end or after an error */
	struct buf section; /* its payload: read it with base/buf.h and the two below */
	uint8_t *room;
	struct text told; /* for a person, a line each: what was not taken over, and why */
	int bad;
	struct err why;
};

struct load load_from(save_source *source, void *from); /* stands at the first section */
bool load_is(const struct load *l, const char *tag);
bool load_more(const struct load *l); /* there is a section here */
void load_next(struct load *l);
double load_real(struct load *l);
struct span load_text(struct load *l); /* valid until load_next */
bool load_bytes(struct load *l, void *to, size_t n);
/* to may be NULL: then it is passed over. False: to holds anything. */
bool load_sparse(struct load *l, void *to, size_t n);
/* Appends the sections of this tag that stand here; fails above max bytes. */
int load_blob(struct load *l, const char *tag, size_t max, struct text *out);
/* A sentence for l->told. */
void load_tell(struct load *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* INPUT with a sentence that names the section, where it was too short or said what cannot be. */
int load_check(struct load *l, bool good);
/* Frees what l holds. The first failure, if there was one. */
int load_finish(struct load *l, struct err *e);
