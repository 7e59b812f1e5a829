/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zstd: see unzstd.h. The only file that includes zstd.h. The window of a stream is limited to 128
 * MiB, so that a hostile frame cannot ask for more memory; a block needs none but its output. */
#include "base/unzstd.h"
#include <stdlib.h>
#include <zstd.h>

enum { WINDOW_LOG_MAX = 27 };

struct unzstd *unzstd_new(void)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	if (!z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		abort();
	return (struct unzstd *)z;
}

void unzstd_free(struct unzstd *z)
{
	(void)ZSTD_freeDCtx((ZSTD_DCtx *)z);
}

bool unzstd_feed(struct unzstd *z, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap,
    size_t *out, bool *ended)
{
	ZSTD_inBuffer from = {*in, *in_n, 0};
	ZSTD_outBuffer into = {to, cap, 0};
	size_t r = ZSTD_decompressStream((ZSTD_DCtx *)z, &into, &from);
	*in += from.pos;
	*in_n -= from.pos;
	*out = into.pos;
	*ended = r == 0;
	return !ZSTD_isError(r);
}

bool unzstd_block(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n)
{
	size_t got = ZSTD_decompress(to, *to_n, p, n);
	*to_n = ZSTD_isError(got) ? 0 : got;
	return !ZSTD_isError(got);
}
