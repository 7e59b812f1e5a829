/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compressed blocks of nfdump files, one library a file; zstd is base/unzstd.h. Each unpacks the n
 * bytes at p into *to_n bytes at `to`; *to_n becomes what they are. False where the block is
 * damaged or holds more than fits. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool block_lzo(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n);
bool block_lz4(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n);
bool block_bz2(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n);
