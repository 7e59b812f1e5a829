/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of a test's own, and what stands in its files. */
#pragma once
#include "base/str.h"
#include "unit.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char folder[64];

/* Where nobody waits for a disk: what is killed loses nothing there either, only power would be
 * another matter. */
static inline const char *quick_folder(void)
{
	enum { ROOM_BYTES = 1 << 30 };
	static const char memory[] = "/dev/shm";
	struct statvfs v;
	bool room = statvfs(memory, &v) == 0 && v.f_bavail * v.f_frsize >= ROOM_BYTES;
	return room && access(memory, W_OK) == 0 ? memory : "/tmp";
}

static inline int folder_make(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof folder, "%s/theriac-unit-XXXXXX", quick_folder());
	return mkdtemp(folder) ? 0 : -1;
}

/* A path in it; valid for eight calls. */
static inline char *folder_path(const char *name)
{
	static char path[8][512];
	static int turn;
	char *p = path[turn++ % 8];
	(void)snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static inline int folder_remove(void **state)
{
	(void)state;
	DIR *d = opendir(folder);
	for (struct dirent *f; d && (f = readdir(d));)
		(void)unlink(folder_path(f->d_name));
	(void)closedir(d);
	return rmdir(folder);
}

static inline struct text file_bytes(const char *path)
{
	struct text t = {0};
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	for (int c; (c = getc(f)) != EOF;)
		text_putc(&t, (char)c);
	(void)fclose(f);
	return t;
}

static inline void file_put(const char *path, const char *p, size_t n)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static inline bool file_holds(const char *path, const void *p, size_t n)
{
	struct text t = file_bytes(path);
	bool holds = t.n && memmem(t.p, t.n, p, n);
	text_fini(&t);
	return holds;
}
