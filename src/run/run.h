/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wiring: what the commands run. Everything below is offline and in one process. */
#pragma once
#include "base/opt.h"
#include <stdint.h>

struct decode_options {     /* theriac decode */
	const char *format; /* NULL: by content */
	const char *zone;   /* of times without one */
	bool json;
};
/* Prints every record of the files as decoded. Returns an exit status. */
int run_decode(const struct decode_options *o, char **paths, int n);
