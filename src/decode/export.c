/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Export datagrams: see export.h. */
#include "decode/export.h"
#include "base/mem.h"
#include <stdlib.h>

struct export
{
	const struct decode_env *env;
};

struct export *export_new(const struct decode_env *env)
{
	struct export *x = mem_new(1, sizeof *x);
	x->env = env;
	return x;
}

void export_free(struct export *x)
{
	free(x);
}

bool export_sniff(const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	return false;
}

void export_datagram(struct export *x, const union addr *exporter, int64_t received_ms,
    const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	(void)x, (void)exporter, (void)received_ms, (void)p, (void)n;
	batch_bad(out, offset, "not built yet");
}
