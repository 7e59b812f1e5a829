/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error codes and messages: see err.h. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	if (!e)
		return code;
	va_list ap;
	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return code;
}

const char *err_text(int code)
{
	switch (code) {
#define ERR(word, number, text)                                                                    \
	case number:                                                                               \
		return text;
#include "base/err.def"
#undef ERR
	default:
		return "unknown error";
	}
}
