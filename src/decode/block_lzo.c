/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZO1X blocks: see block.h. The only file that knows liblzo2. */
#include "decode/block.h"
#include <lzo/lzo1x.h>

bool block_lzo(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n)
{
	lzo_uint got = *to_n;
	bool whole = lzo1x_decompress_safe(p, n, to, &got, NULL) == LZO_E_OK;
	*to_n = whole ? got : 0;
	return whole;
}
