/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file that grows -> records, as it grows. A line or record that is not whole yet waits for its
 * rest. A file that became shorter, whose last bytes read are others now, or that was written to
 * without growing, was written anew: it is read from its beginning. What was changed further up in
 * a file that also grew is not seen. A compressed file does not grow: it is read once. */
#pragma once
#include "run/reader.h"
#include <sys/stat.h>

enum { TAIL_MARK = 64 };

struct tail {
	int fd; /* -1: none */
	const char *name;
	const struct reader_env *env;  /* borrowed */
	const struct decoder *decoder; /* NULL: not known yet */
	void *state;
	struct decode_env told;
	uint8_t *window;
	size_t n, cap, at;       /* bytes held, room, bytes decoded */
	uint64_t offset;         /* of window[0] */
	uint8_t mark[TAIL_MARK]; /* the last bytes read */
	size_t mark_n;
	int64_t mtime_ns;      /* when all was read up to its end; 0: not yet */
	struct reader packed;  /* of a compressed file */
	bool is_packed, ended; /* ended: it will not be read any further */
	uint64_t read_bytes, rewritten;
};

/* The file becomes the tail's. name: borrowed. */
void tail_open(struct tail *t, int fd, const char *name, const struct reader_env *env);
/* Appends records to a batch until it is full or there are no more bytes now. False: there are none
 * now. */
bool tail_read(struct tail *t, struct batch *out);
/* The file will not grow any more: what is left of it. False: that was all. */
bool tail_end(struct tail *t, struct batch *out);
void tail_close(struct tail *t);
