/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registered domains: see inner.h. The last two labels until the public suffix list is read. */
#include "detect/inner.h"
#include <string.h>

struct span registered_domain(struct span name)
{
	const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
	if (!dot)
		return (struct span){"", 0};
	const char *before = memrchr(name.p, '.', (size_t)(dot - name.p));
	const char *start = before ? before + 1 : name.p;
	return (struct span){start, (size_t)(name.p + name.n - start)};
}

bool is_special_name(struct span name)
{
	return memchr(name.p, '.', name.n) == NULL;
}
