/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of the files of the session index: see session_folder.h. */
#include "run/session_folder.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool take_number(struct span *rest, char separator, int64_t *v)
{
	struct span word = span_cut(rest, separator);
	return span_int(word, v) && *v >= 0;
}

bool session_writer_ok(const char *name)
{
	size_t n = 0;
	for (; name[n]; n++)
		if (!((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9')))
			return false;
	return n > 0 && n <= SESSION_WRITER_MAX;
}

static bool take_writer(struct span word, struct session_name *n)
{
	return word.n && str_copy(n->writer, sizeof n->writer, word.p, word.n) &&
	       session_writer_ok(n->writer);
}

/* "-FROM.log" or "-FROM-TO.idx" behind the writer. */
static bool take_live(struct span rest, struct session_name *n)
{
	struct span log = rest;
	if (take_number(&log, '.', &n->from_ms) && log.p && span_is(log, "log")) {
		n->kind = SESSION_FILE_LOG;
		return true;
	}
	n->kind = SESSION_FILE_LIVE;
	return take_number(&rest, '-', &n->from_ms) && rest.p &&
	       take_number(&rest, '.', &n->to_ms) && rest.p && span_is(rest, "idx");
}

struct session_name session_name_of(const char *file)
{
	struct session_name n = {.kind = SESSION_FILE_OTHER};
	struct span rest = span_of(file), word = span_cut(&rest, '-');
	bool good = false;
	if (rest.p && span_is(word, "live"))
		good = take_writer(span_cut(&rest, '-'), &n) && rest.p && take_live(rest, &n);
	else if (rest.p && span_is(word, "lines")) {
		n.kind = SESSION_FILE_LINES;
		good = take_writer(rest, &n);
	} else if (rest.p && span_is(word, "import")) {
		n.kind = SESSION_FILE_IMPORT;
		good = take_number(&rest, '-', &n.from_ms) && rest.p &&
		       take_number(&rest, '.', &n.to_ms) && rest.p && span_is(rest, "idx");
	}
	if (!good)
		n.kind = SESSION_FILE_OTHER;
	return n;
}

void session_path(const char *folder, const struct session_name *n, struct text *out)
{
	long long from_ms = n->from_ms, to_ms = n->to_ms;
	switch (n->kind) {
	case SESSION_FILE_LOG:
		text_fmt(out, "%s/live-%s-%lld.log", folder, n->writer, from_ms);
		break;
	case SESSION_FILE_LIVE:
		text_fmt(out, "%s/live-%s-%lld-%lld.idx", folder, n->writer, from_ms, to_ms);
		break;
	case SESSION_FILE_IMPORT:
		text_fmt(out, "%s/import-%lld-%lld.idx", folder, from_ms, to_ms);
		break;
	case SESSION_FILE_LINES:
		text_fmt(out, "%s/lines-%s", folder, n->writer);
		break;
	case SESSION_FILE_OTHER:
		break;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct session_name *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	int order = strcmp(x->writer, y->writer);
	if (order)
		return order;
	if (x->from_ms != y->from_ms)
		return x->from_ms < y->from_ms ? -1 : 1;
	return (x->to_ms < y->to_ms) - (x->to_ms > y->to_ms);
}

int session_names(const char *folder, struct session_name **v, size_t *n, struct err *e)
{
	DIR *d = opendir(folder);
	size_t cap = 0;
	*v = NULL;
	*n = 0;
	if (!d && errno == ENOENT)
		return ERR_OK;
	if (!d)
		return err_set(e, ERR_SYS, "%.180s: %s", folder, strerror(errno));
	for (const struct dirent *entry; (entry = readdir(d));) {
		struct session_name name = session_name_of(entry->d_name);
		if (name.kind == SESSION_FILE_OTHER)
			continue;
		if (*n == cap) {
			cap = cap ? cap * 2 : 64;
			*v = mem_grow(*v, cap, sizeof **v);
		}
		(*v)[(*n)++] = name;
	}
	(void)closedir(d);
	if (*n)
		qsort(*v, *n, sizeof **v, by_name);
	return ERR_OK;
}

bool session_names_are(const char *folder, const struct session_name *v, size_t n)
{
	struct session_name *now;
	size_t m, same = 0;
	if (session_names(folder, &now, &m, NULL))
		return false;
	while (same < n && same < m && by_name(&v[same], &now[same]) == 0)
		same++;
	free(now);
	return same == n && same == m;
}

void session_clean(const char *folder, const char *prefix, int64_t before_s)
{
	DIR *d = opendir(folder);
	size_t n = strlen(prefix);
	for (const struct dirent *entry; d && (entry = readdir(d));) {
		const char *dot = strrchr(entry->d_name, '.');
		struct stat st;
		if (strncmp(entry->d_name, prefix, n) != 0 || !dot ||
		    (strcmp(dot, ".new") != 0 && strncmp(dot, ".run", 4) != 0))
			continue;
		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtime < before_s)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		(void)closedir(d);
}
