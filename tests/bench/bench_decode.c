/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and decodes files and does nothing with the records: what tests/bench/detect compares with
 * nfdump's filter scan. In: paths. Out: the number of records. */
#include "run/reader.h"
#include <stdio.h>

static uint64_t read_file(const char *path, const struct reader_env *env, struct tally *t)
{
	struct reader r;
	struct err e;
	uint64_t n = 0;
	if (reader_open(&r, path, env, t, &e)) {
		(void)fprintf(stderr, "%s\n", e.msg);
		return 0;
	}
	while (reader_next(&r, t))
		n += r.batch.flow_n + r.batch.dns_n;
	reader_close(&r, t);
	return n;
}

int main(int argc, char **argv)
{
	struct reader_env env = {.exporters = exporters_new()};
	struct tally t = {0};
	uint64_t n = 0;
	for (int i = 1; i < argc; i++)
		n += read_file(argv[i], &env, &t);
	(void)printf("%llu records\n", (unsigned long long)n);
	exporters_free(env.exporters);
	return n ? 0 : 1;
}
