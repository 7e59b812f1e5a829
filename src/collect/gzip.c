/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip streams by zlib: see collect.h. The only file that includes zlib.h. */
#include "base/mem.h"
#include "collect/collect.h"
#include <stdlib.h>
#include <zlib.h>

static void *gzip_open(void)
{
	z_stream *z = mem_new(1, sizeof *z);
	if (inflateInit2(z, 15 + 16) != Z_OK)
		abort();
	return z;
}

static int gzip_feed(
    void *state, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap, size_t *out, int *ended)
{
	z_stream *z = state;
	z->next_in = (Bytef *)(uintptr_t)*in;
	z->avail_in = (uInt)*in_n;
	z->next_out = to;
	z->avail_out = (uInt)(cap < 1u << 30 ? cap : 1u << 30);
	uInt room = z->avail_out;
	int r = inflate(z, Z_NO_FLUSH);
	*in = z->next_in;
	*in_n = z->avail_in;
	*out = room - z->avail_out;
	*ended = r == Z_STREAM_END;
	if (r == Z_STREAM_END)
		return inflateReset(z) == Z_OK ? ERR_OK : ERR_INPUT;
	return r == Z_OK || r == Z_BUF_ERROR ? ERR_OK : ERR_INPUT;
}

static void gzip_close(void *state)
{
	(void)inflateEnd(state);
	free(state);
}

const struct unpack unpack_gzip = {
    .name = "gzip",
    .magic_n = 3,
    .magic = {0x1f, 0x8b, 0x08},
    .open = gzip_open,
    .feed = gzip_feed,
    .close = gzip_close,
};
