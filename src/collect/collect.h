/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes in: files, plain or compressed, and the folders that hold them; live, sockets and watched
 * folders. */
#pragma once
#include "base/err.h"
#include "collect/follow.h"
#include "collect/frames.h"
#include "collect/listen.h"
#include "collect/nas.h"
#include "collect/rule.h"
#include "collect/udp.h"
#include "collect/watch.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A kind of input: opens, reads decompressed bytes in order, closes. */
struct input_kind {
	const char *name, *summary;
	/* Error: SYS with the path and the reason. */
	int (*open)(void **state, const char *path, struct err *e);
	/* Fills up to cap bytes; *n 0 means the end. INPUT: the compressed data is damaged or ends
	 * early; what came before it was given by earlier calls. */
	int (*read)(void *state, uint8_t *to, size_t cap, size_t *n, struct err *e);
	uint64_t (*taken)(
	    const void *state); /* bytes of the file itself read so far, for progress */
	void (*close)(void *state);
};
extern const struct input_kind *const input_kinds[];
extern const size_t input_kinds_n;
extern const struct input_kind input_file;
/* A file that somebody else opened; name: for messages. The descriptor becomes the input's. */
int input_file_adopt(void **state, int fd, const char *name, struct err *e);

/* Decompression, chosen by the first bytes. feed: consumes from *in (*in_n bytes), writes to
 * to/cap. */
struct unpack {
	const char *name;
	size_t magic_n;
	uint8_t magic[4];
	void *(*open)(void);
	/* *out: bytes written. INPUT where damaged. *ended: a whole stream ended (another may
	 * follow). */
	int (*feed)(void *state, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap,
	    size_t *out, int *ended);
	void (*close)(void *state);
};
extern const struct unpack unpack_gzip, unpack_zstd;

struct paths { /* files in natural order, "x2" before "x10" */
	char **v;
	size_t n;
	uint64_t bytes; /* of all */
};
/* Adds a file, or all files below a folder (hidden ones left out). Error: SYS. Free with
 * paths_fini. */
int paths_add(struct paths *p, const char *path, struct err *e);
void paths_fini(struct paths *p);
