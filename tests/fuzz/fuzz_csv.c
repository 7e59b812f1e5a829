/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of separated values: the first byte picks separator and quote, and whether the input
 * comes whole or in two windows. Every record moves the cursor, and every field can be read. */
#include "base/csv.h"
#include "fuzz.h"
#include <assert.h>

static uint64_t sum; /* so that the reads are not optimised away */

static void read_fields(const struct csv *c)
{
	assert(c->field_n <= CSV_FIELDS_MAX);
	for (size_t i = 0; i < c->field_n; i++)
		for (size_t k = 0; k < c->field[i].n; k++)
			sum += (uint8_t)c->field[i].p[k];
}

/* Reads all records of a window; returns the bytes that are done with. */
static size_t read_window(struct csv *c, const uint8_t *p, size_t n, bool last)
{
	struct buf b = buf_of(p, n);
	for (size_t before = 0;; before = b.at) {
		enum csv_found found = csv_next(c, &b, last);
		if (found == CSV_MORE)
			break;
		assert(b.at > before && b.at <= n);
		if (found == CSV_RECORD || found == CSV_WIDE)
			read_fields(c);
	}
	return b.at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char separators[] = {',', '\t', ';', '|'};
	if (n == 0)
		return 0;
	struct csv c = {.separator = separators[data[0] & 3], .quote = data[0] & 4 ? '"' : '\0'};
	const uint8_t *p = data + 1;
	n--;
	size_t done = data[0] & 8 ? read_window(&c, p, n / 2, false) : 0;
	(void)read_window(&c, p + done, n - done, true);
	csv_fini(&c);
	return 0;
}
