/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An output file that is only appended to: keeps its first failure until it is closed. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sink {
	FILE *f; /* NULL: not open, writes go nowhere */
	char path[512];
	uint64_t bytes;
	int failed; /* errno of the first failure */
};

int sink_open(struct sink *s, const char *dir, const char *name, struct err *e);
void sink_add(struct sink *s, const void *p, size_t n);
/* SYS if anything could not be written; may be called on a sink that was never opened. */
int sink_close(struct sink *s, struct err *e);
