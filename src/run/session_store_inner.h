/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the session index share: session_store.c, session_keep.c, session_import.c. */
#pragma once
#include "run/session_folder.h"
#include "run/session_log.h"
#include "run/session_store.h"
#include <errno.h>
#include <stdio.h>

struct kept_file {
	struct session_name name;
	struct session_file file;
	struct segment_reader reader;
	bool oldest; /* of its writer */
};

struct session_store {
	struct session_store_options o;
	const char *writer; /* NULL: only reads */
	struct text folder;
	struct hash_key key;
	struct lines *lines;
	struct sessions *sessions;
	struct whose_live live;
	struct tolds tolds;
	struct session_log *log;
	struct session_name log_name;
	struct kept_file **files;
	size_t file_n;
	struct whose_source *sources; /* what is held now, then the files */
	struct asker asker;
	int64_t swept_ms, trimmed_ms;
};

void store_make_sources(struct session_store *s); /* after files came or went, or the mark moved */
int store_add_file(struct session_store *s, const struct session_name *name, struct err *e);
void store_drop_file(struct session_store *s, size_t i, bool unlink_it);
int store_put_mark(struct session_store *s, int64_t ms, struct err *e);
int store_put_lines(struct session_store *s, struct err *e);
void store_log_tolds(struct session_store *s);
int store_begin_log(struct session_store *s, int64_t now_ms, struct err *e);
/* Of the names v, each log of this writer becomes a file that ends where the next one begins; the
 * last one, or NULL, goes on. */
int store_seal_logs(struct session_store *s, const struct session_name *v, size_t n,
    const struct session_name **last, struct err *e);
