/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bzip2 blocks, each one stream: see block.h. The only file that knows libbz2, which takes 4 MB for
 * the call. */
#include "decode/block.h"
#include <bzlib.h>
#include <limits.h>

bool block_bz2(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n)
{
	unsigned got = *to_n < UINT_MAX ? (unsigned)*to_n : UINT_MAX;
	/* The library does not write to its input. */
	bool whole = n <= UINT_MAX && BZ2_bzBuffToBuffDecompress((char *)to, &got,
					  (char *)(uintptr_t)p, (unsigned)n, 0, 0) == BZ_OK;
	*to_n = whole ? got : 0;
	return whole;
}
