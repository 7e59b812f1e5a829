/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures of the labels of a DNS name as struct dns has it (a byte that is no letter, digit, - or
 * _ stands as \DDD and is one byte all the same): see inner.h. */
#include "detect/inner.h"
#include <math.h>
#include <string.h>

enum { ESCAPE = 4 }; /* \DDD */

/* The next byte of a label; *at moves behind it. */
static uint8_t label_byte(struct span label, size_t *at)
{
	const char *p = label.p + *at;
	if (*p != '\\' || label.n - *at < ESCAPE) {
		(*at)++;
		return (uint8_t)*p;
	}
	*at += ESCAPE;
	return (uint8_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0'));
}

size_t labels_bytes(struct span labels)
{
	size_t n = 0;
	for (size_t at = 0; at < labels.n;) {
		n += labels.p[at] != '.';
		(void)label_byte(labels, &at);
	}
	return n;
}

double label_entropy(struct span label)
{
	uint32_t seen[256] = {0}, n = 0;
	double bits = 0;
	for (size_t at = 0; at < label.n; n++)
		seen[label_byte(label, &at)]++;
	for (int i = 0; i < 256; i++)
		if (seen[i])
			bits -= seen[i] / (double)n * log2(seen[i] / (double)n);
	return bits;
}

static bool is_octet(struct span label)
{
	uint64_t v;
	return label.n <= 3 && span_uint(label, &v) && v < 256;
}

static bool is_nibble(struct span label)
{
	return label.n == 1 && strchr("0123456789abcdef", label.p[0]) && label.p[0];
}

bool is_reversed_address(struct span labels)
{
	int octets = 0, nibbles = 0;
	bool v4 = true, v6 = true;
	while (labels.p && (v4 || v6)) {
		struct span label = span_cut(&labels, '.');
		v4 = v4 && is_octet(label);
		v6 = v6 && is_nibble(label);
		octets += v4;
		nibbles += v6;
	}
	return octets >= 4 || nibbles >= 32;
}
