/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wiring: what the commands ask the stages through. */
#pragma once
#include "base/str.h"

/* What `theriac list` can name here: "detectors", "decoders", … */
extern const char *const run_list_words[];
extern const size_t run_list_words_n;
/* Appends what is built in of one kind, straight from the descriptors; json: one object a line.
 * False where the word is none of run_list_words. */
bool run_list(const char *word, bool json, struct text *out);
