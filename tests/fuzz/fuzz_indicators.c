/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Indicator files of any form, then look-ups in what was read. */
#include "detect/indicators.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct indicators *x = indicators_new();
	struct err e;
	size_t added = 0, bad = 0;
	union addr v4 = addr_v4(0xc0000201), v6 = {{0x20, 0x01, 0x0d, 0xb8}};
	(void)indicators_add(x, "list.txt", (const char *)data, n, &added, &bad, &e);
	(void)indicators_peer(x, &v4, 23);
	(void)indicators_peer(x, &v6, 443);
	(void)indicators_name(x, span_of("a.b.bad.example"));
	(void)indicators_name(x, span_of(""));
	(void)indicators_count(x);
	indicators_free(x);
	return 0;
}
