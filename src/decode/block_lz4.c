/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZ4 blocks, without a frame: see block.h. The only file that knows liblz4. */
#include "decode/block.h"
#include <limits.h>
#include <lz4.h>

bool block_lz4(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n)
{
	int got = -1;
	if (n <= INT_MAX && *to_n <= INT_MAX)
		got = LZ4_decompress_safe((const char *)p, (char *)to, (int)n, (int)*to_n);
	*to_n = got < 0 ? 0 : (size_t)got;
	return got >= 0;
}
