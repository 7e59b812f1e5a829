/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong, as a code for the caller and one sentence for a person. */
#pragma once

enum err_code {
#define ERR(word, number, text) ERR_##word = (number),
#include "base/err.def"
#undef ERR
};

struct err {
	int code;
	char msg[240]; /* one sentence with the bad value and the allowed range */
};

/* Fills e (which may be NULL) and returns code, so that callers write `return err_set(…)`. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The table's text of a code; never NULL. */
const char *err_text(int code);
