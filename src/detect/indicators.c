/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicators: see indicators.h. Placeholder of the tables, filled by the next commit. */
#include "detect/indicators.h"
#include "base/mem.h"
#include <stdlib.h>

struct indicators {
	size_t n;
};

struct indicators *indicators_new(void)
{
	return mem_new(1, sizeof(struct indicators));
}

void indicators_free(struct indicators *x)
{
	free(x);
}

int indicators_add(struct indicators *x, const char *file_name, const char *text, size_t text_n,
    size_t *n, size_t *bad, struct err *e)
{
	(void)x, (void)text, (void)text_n;
	*n = *bad = 0;
	return err_set(e, ERR_INPUT, "%s: indicators are not read yet", file_name);
}

const struct indicator *indicators_peer(
    const struct indicators *x, const union addr *a, uint16_t port)
{
	(void)x, (void)a, (void)port;
	return NULL;
}

const struct indicator *indicators_name(const struct indicators *x, struct span name)
{
	(void)x, (void)name;
	return NULL;
}

size_t indicators_count(const struct indicators *x)
{
	return x->n;
}
