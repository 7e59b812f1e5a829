/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wiring: what the commands run. Everything below is offline and in one process. */
#pragma once
#include "base/opt.h"
#include "run/detect.h"
#include <stdint.h>

struct decode_options {     /* theriac decode */
	const char *format; /* NULL: by content */
	const char *zone;   /* of times without one */
	bool json;
};
/* Prints every record of the files as decoded. Returns an exit status. */
int run_decode(const struct decode_options *o, char **paths, int n);

/* What `theriac list` can name here: "detectors", "decoders", … */
extern const char *const run_list_words[];
extern const size_t run_list_words_n;
/* Appends what is built in of one kind, straight from the descriptors; json: one object a line.
 * False where the word is none of run_list_words. */
bool run_list(const char *word, bool json, struct text *out);
