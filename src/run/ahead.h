/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading ahead: a thread of its own reads, decodes, smooths and merges while the caller works on
 * earlier batches. */
#pragma once
#include "run/stream.h"

struct ahead;
/* From now on the stream is the thread's. Without a thread, batches are filled when asked for. */
struct ahead *ahead_new(struct stream *s, bool thread);
/* The next batch, valid until the next call; NULL: there is none. *taken: how far the files were
 * read (stream_packed). */
const struct stream_batch *ahead_next(struct ahead *a, uint64_t *taken);
void ahead_free(struct ahead *a); /* ends the thread; the stream stays the caller's */
