/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zstd streams as input: see collect.h; base/unzstd.h has the library. */
#include "base/unzstd.h"
#include "collect/collect.h"

static void *open_zstd(void)
{
	return unzstd_new();
}

static int feed_zstd(
    void *state, const uint8_t **in, size_t *in_n, uint8_t *to, size_t cap, size_t *out, int *ended)
{
	bool frame_ended;
	bool whole = unzstd_feed(state, in, in_n, to, cap, out, &frame_ended);
	*ended = frame_ended;
	return whole ? ERR_OK : ERR_INPUT;
}

static void close_zstd(void *state)
{
	unzstd_free(state);
}

const struct unpack unpack_zstd = {
    .name = "zstd",
    .magic_n = 4,
    .magic = {0x28, 0xb5, 0x2f, 0xfd},
    .open = open_zstd,
    .feed = feed_zstd,
    .close = close_zstd,
};
