/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zstd (RFC 8878) out of memory: as a stream, and a block at once. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unzstd; /* a stream */
struct unzstd *unzstd_new(void);
void unzstd_free(struct unzstd *z);
/* Consumes from *in (*in_n bytes) and writes to to/cap; *out: bytes written; *ended: a whole frame
 * ended, another may follow. False where damaged. */
bool unzstd_feed(struct unzstd *z, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap,
    size_t *out, bool *ended);
/* The n bytes at p, which are whole frames, into *to_n bytes at `to`; *to_n becomes what they are.
 * False where damaged, or more than fit. */
bool unzstd_block(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n);
