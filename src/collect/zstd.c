/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zstd streams: see collect.h. The only file that includes zstd.h. The window is limited to 128
 * MiB, so that a hostile frame cannot ask for more memory. */
#include "base/mem.h"
#include "collect/collect.h"
#include <stdlib.h>
#include <zstd.h>

enum { WINDOW_LOG_MAX = 27 };

static void *open_zstd(void)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		abort();
	return z;
}

static int feed_zstd(
    void *state, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap, size_t *out, int *ended)
{
	ZSTD_inBuffer from = {*in, *in_n, 0};
	ZSTD_outBuffer into = {to, cap, 0};
	size_t r = ZSTD_decompressStream(state, &into, &from);
	*in += from.pos;
	*in_n -= from.pos;
	*out = into.pos;
	*ended = r == 0;
	return ZSTD_isError(r) ? ERR_INPUT : ERR_OK;
}

static void close_zstd(void *state)
{
	(void)ZSTD_freeDCtx(state);
}

const struct unpack unpack_zstd = {
    .name = "zstd",
    .magic_n = 4,
    .magic = {0x28, 0xb5, 0x2f, 0xfd},
    .open = open_zstd,
    .feed = feed_zstd,
    .close = close_zstd,
};
