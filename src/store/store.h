/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What outlives a run in tables. The only SQL is in this folder: it speaks records. A store is one
 * file, of one process's data; so far the vault's. One writer; short transactions. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct store;
/* Opens the file, makes it (mode 0600) where make says so, and brings its tables up to this
 * version. NONE: there is no such file. STORE: it cannot be used; the sentence says why. */
int store_open(struct store **s, const char *path, bool make, struct err *e);
void store_close(struct store *s); /* what was not committed is dropped; s may be NULL */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e); /* what fails is dropped as a whole */
/* After rows were removed: nothing of them is left in the file, nor in the journal beside it. STORE
 * where somebody reads on for too long. */
int store_tidy(struct store *s, struct err *e);

enum { STORE_TAG = 16, STORE_LANGUAGE = 12 };
struct store_subscriber {
	uint8_t tag[STORE_TAG];
	char language[STORE_LANGUAGE];
	uint32_t channels, flags;
	int64_t imported_ms;
	struct span sealed; /* borrowed */
};
int store_put_subscriber(struct store *s, const struct store_subscriber *r, struct err *e);
/* The row of a tag; its sealed bytes go into room. NONE: there is none. */
int store_get_subscriber(struct store *s, const uint8_t tag[STORE_TAG], struct store_subscriber *r,
    struct text *room, struct err *e);
/* NONE: there is none. */
int store_erase_subscriber(struct store *s, const uint8_t tag[STORE_TAG], struct err *e);

struct store_subscribers {
	uint64_t n;
	int64_t last_ms; /* the latest import; 0: none */
};
int store_count_subscribers(struct store *s, struct store_subscribers *c, struct err *e);

/* What each column holds, why it may be there, and how long (schema.def). */
struct store_column {
	const char *table, *name;
	const char *holds; /* privacy class: "identity", "preference", "operation" */
	const char *basis; /* legal basis */
	const char *kept;  /* retention */
};
extern const struct store_column store_columns[];
extern const size_t store_columns_n;
