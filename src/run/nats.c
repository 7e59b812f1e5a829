/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of deterministic NATs: see nats.h. */
#include "run/nats.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_one(const char *path, struct detnat_sets *s, struct err *e)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = 0;
	int bad = ERR_OK;
	for (unsigned number = 1; f && !bad && (n = getline(&line, &cap, f)) >= 0; number++)
		bad = detnat_sets_add(s, (struct span){line, (size_t)n}, path, number, e);
	if (!f || ferror(f))
		bad = err_set(e, ERR_SYS, "--nat: %.180s: %s", path, strerror(errno));
	if (f)
		(void)fclose(f);
	free(line);
	return bad;
}

int nats_read(const struct opt_list *files, struct detnat_sets *s, struct err *e)
{
	int bad = ERR_OK;
	for (size_t i = 0; i < files->n && !bad; i++)
		bad = read_one(files->v[i], s, e);
	return bad;
}
