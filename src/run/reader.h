/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file -> batches of records: opens it, finds out its format, feeds its decoder. */
#pragma once
#include "collect/collect.h"
#include "decode/decode.h"

/* What went wrong or was left aside, in all files of a run; the first few are told on stderr. */
struct tally {
	uint64_t flow_n, dns_n, session_n; /* records decoded */
	uint64_t bad_n, ignored_n;         /* records; a file of no use counts as one ignored */
	uint64_t files_read, files_ignored, files_failed;
	uint64_t told; /* lines told so far */
	bool quiet;    /* tell nothing (peeking) */
};
enum { TALLY_TOLD_MAX = 20 };
/* Says one line about a file on stderr, at most TALLY_TOLD_MAX in a run, then that more follow. */
void tally_tell(struct tally *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct reader {
	const char *path; /* borrowed */
	const struct decoder *decoder;
	struct batch batch; /* what reader_next filled */
	void *input, *state;
	struct decode_env told; /* the decoder points to it: an open reader stays where it is */
	uint8_t *window;
	size_t n, cap, at;   /* bytes held, room, bytes decoded */
	uint64_t offset;     /* of window[0] in the decompressed file */
	bool ended, flushed; /* no more bytes; decoder has nothing left */
	uint64_t record_n, bad_n;
	bool ignored; /* the format is unknown or the records are of no use */
};

struct reader_env { /* shared by the readers of a run; borrowed, outlives them */
	struct exporters *exporters;
	const struct decoder *forced; /* --format, or NULL */
	int64_t zone_ms;
	int64_t now_ms;                  /* see struct decode_env */
	const void *const *decoder_opts; /* by decoder number; NULL: defaults */
};

/* The decoder of bytes that begin so (the forced one, if there is one), or NULL; and a state of it,
 * to be closed and freed. told: has to live as long. */
const struct decoder *reader_choose(const uint8_t *p, size_t n, const struct reader_env *env);
void *reader_begin(const struct decoder *d, const struct reader_env *env, struct decode_env *told);

/* Opens the file; nothing is decoded yet. SYS: it cannot be opened. A format that nobody knows is
 * no error: reader_next then returns false at once and ignored is set. */
int reader_open(struct reader *r, const char *path, const struct reader_env *env, struct tally *t,
    struct err *e);
/* As reader_open, for a file that somebody else opened; fd is the reader's then. */
int reader_adopt(struct reader *r, int fd, const char *name, const struct reader_env *env,
    struct tally *t, struct err *e);
/* The next batch with at least one record; false: there is none. Bad records are counted in t. */
bool reader_next(struct reader *r, struct tally *t);
/* Compressed or plain bytes of the file consumed so far, for progress. */
uint64_t reader_taken(const struct reader *r);
void reader_close(struct reader *r, struct tally *t);
