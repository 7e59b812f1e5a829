/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of a pcapng file. */
#pragma once
#include "decode/capture.h"

enum { PCAPNG_INTERFACES_MAX = 1024 };

struct pcapng_interface {
	unsigned link, snap_bytes;
	uint8_t resolution; /* if_tsresol as it stands */
	int64_t offset_s;   /* if_tsoffset */
};

struct pcapng {     /* the section that is read */
	bool big;   /* byte order */
	uint32_t n; /* interfaces described so far */
	struct pcapng_interface interfaces[PCAPNG_INTERFACES_MAX];
};

bool pcapng_is(const uint8_t *p, size_t n); /* starts with a section header */
/* Reads the block at p; nothing is remembered. last_ms: for packets without a time. */
struct capture_record pcapng_read(
    const struct pcapng *s, const uint8_t *p, size_t n, int64_t last_ms);
/* Remembers what a section header or interface description says. NULL, or what is wrong. */
const char *pcapng_learn(struct pcapng *s, const uint8_t *block, size_t n);
