/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PATHs -> files in natural order: see collect.h. Folders are entered to a depth of 32. */
#include "base/mem.h"
#include "base/str.h"
#include "collect/collect.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 32 };

static int add(struct paths *p, const char *path, int depth, struct err *e);

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int names_of(const char *path, struct paths *names, struct err *e)
{
	DIR *d = opendir(path);
	if (!d)
		return err_set(e, ERR_SYS, "%s: %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(d));)
		if (entry->d_name[0] != '.') {
			names->v = mem_grow(names->v, names->n + 1, sizeof *names->v);
			names->v[names->n++] = mem_text(entry->d_name);
		}
	(void)closedir(d);
	if (names->n)
		qsort(names->v, names->n, sizeof *names->v, by_version);
	return ERR_OK;
}

static int add_folder(struct paths *p, const char *path, int depth, struct err *e)
{
	struct paths names = {0};
	struct text below = {0};
	int bad = depth >= DEPTH_MAX ? err_set(e, ERR_SYS, "%s: folders nested too deep", path)
				     : names_of(path, &names, e);
	for (size_t i = 0; !bad && i < names.n; i++) {
		text_reset(&below);
		text_fmt(&below, "%s/%s", path, names.v[i]);
		bad = add(p, below.p, depth + 1, e);
	}
	text_fini(&below);
	paths_fini(&names);
	return bad;
}

/* Below a folder, a link to a folder may lead in a circle, and a pipe would be waited on for ever.
 */
static bool leads_astray(const char *path, const struct stat *st)
{
	struct stat link;
	return S_ISDIR(st->st_mode) ? lstat(path, &link) == 0 && S_ISLNK(link.st_mode)
				    : !S_ISREG(st->st_mode);
}

static int add(struct paths *p, const char *path, int depth, struct err *e)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return err_set(e, ERR_SYS, "%s: %s", path, strerror(errno));
	if (depth > 0 && leads_astray(path, &st))
		return ERR_OK;
	if (S_ISDIR(st.st_mode))
		return add_folder(p, path, depth, e);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SYS, "%s: not a file or folder (a pipe or device)", path);
	p->v = mem_grow(p->v, p->n + 1, sizeof *p->v);
	p->v[p->n++] = mem_text(path);
	p->bytes += (uint64_t)st.st_size;
	return ERR_OK;
}

int paths_add(struct paths *p, const char *path, struct err *e)
{
	return add(p, path, 0, e);
}

void paths_fini(struct paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
	*p = (struct paths){0};
}
