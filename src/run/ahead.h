/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: whoever has nothing else to do reads, decodes, smooths and merges the next batch,
 * one thread at a time; the caller does it himself where no batch is ready. */
#pragma once
#include "run/stream.h"

struct ahead;
struct ahead *ahead_new(struct stream *s); /* the stream stays the caller's, but is not touched */
void ahead_free(struct ahead *a);
/* From any thread: fills a batch, if there is room for one and nobody else does. False: not now. */
bool ahead_help(void *ahead);
/* The next batch, valid until the next call; NULL: there is none. *taken: how far the files were
 * read (stream_packed). */
const struct stream_batch *ahead_next(struct ahead *a, uint64_t *taken);
