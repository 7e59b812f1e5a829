/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching folders: see watch.h. Names wait in the order in which inotify told them; where it lost
 * some, the folder is looked through for files that are younger than the last one given. */
#include "base/mem.h"
#include "collect/collect.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING_MAX = 65536, GIVEN = 256, EVENT_BYTES = 65536 };
#define NS_PER_S 1000000000LL

struct file_id {
	dev_t dev;
	ino_t ino;
	off_t bytes;
	int64_t mtime_ns;
};

struct watch {
	int folder, inotify;
	char **names; /* waiting, oldest first */
	size_t n, at;
	struct file_id given[GIVEN]; /* the last ones, a ring */
	size_t given_n;
	int64_t mark_ns;
	bool missed; /* events were lost */
};

static bool is_finished(const char *name)
{
	return name[0] != '.' && !strstr(name, ".current") && !strstr(name, ".tmp") &&
	       !strstr(name, ".part");
}

static void add_name(struct watch *w, const char *name)
{
	if (!is_finished(name) || strlen(name) >= WATCH_NAME)
		return;
	for (size_t i = w->at; i < w->n; i++)
		if (strcmp(w->names[i], name) == 0)
			return;
	if (w->n - w->at == WAITING_MAX) {
		w->missed = true;
		return;
	}
	if (w->at && w->at == w->n)
		w->at = w->n = 0;
	w->names = mem_grow(w->names, w->n + 1, sizeof *w->names);
	w->names[w->n++] = mem_text(name);
}

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

struct found {
	int64_t mtime_ns;
	char *name;
};

static int oldest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return strverscmp(x->name, y->name);
}

/* Adds the files that are younger than the mark. */
static void look_through(struct watch *w)
{
	int fd = openat(w->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct found *v = NULL;
	size_t n = 0;
	struct stat st;
	for (struct dirent *entry; d && n < WAITING_MAX && (entry = readdir(d));) {
		if (fstatat(w->folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || mtime_of(&st) <= w->mark_ns)
			continue;
		v = mem_grow(v, n + 1, sizeof *v);
		v[n++] = (struct found){mtime_of(&st), mem_text(entry->d_name)};
	}
	if (n)
		qsort(v, n, sizeof *v, oldest_first);
	for (size_t i = 0; i < n; i++) {
		add_name(w, v[i].name);
		free(v[i].name);
	}
	free(v);
	if (d)
		(void)closedir(d);
}

int watch_open(struct watch **to, const char *path, int64_t mark_ns, struct err *e)
{
	struct watch *w = mem_new(1, sizeof *w);
	w->mark_ns = mark_ns;
	w->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	*to = w;
	if (w->folder < 0 || w->inotify < 0 ||
	    inotify_add_watch(w->inotify, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
		int bad = err_set(e, ERR_SYS, "dir:%.150s: %s", path, strerror(errno));
		watch_free(w);
		*to = NULL;
		return bad;
	}
	if (mark_ns)
		look_through(w);
	return ERR_OK;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->folder >= 0)
		(void)close(w->folder);
	if (w->inotify >= 0)
		(void)close(w->inotify);
	for (size_t i = w->at; i < w->n; i++)
		free(w->names[i]);
	free(w->names);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->inotify;
}

void watch_read(struct watch *w)
{
	_Alignas(struct inotify_event) char room[EVENT_BYTES];
	ssize_t got = read(w->inotify, room, sizeof room);
	for (char *p = room; got > 0 && p < room + got;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)p;
		p += sizeof *event + event->len;
		w->missed |= (event->mask & IN_Q_OVERFLOW) != 0;
		if (event->len && !(event->mask & IN_ISDIR))
			add_name(w, event->name);
	}
}

static bool was_given(struct watch *w, const struct file_id *id)
{
	size_t n = w->given_n < GIVEN ? w->given_n : GIVEN;
	for (size_t i = 0; i < n; i++)
		if (w->given[i].dev == id->dev && w->given[i].ino == id->ino &&
		    w->given[i].bytes == id->bytes && w->given[i].mtime_ns == id->mtime_ns)
			return true;
	w->given[w->given_n++ % GIVEN] = *id;
	return false;
}

/* A FIFO in a watched folder must not hold the sensor up, nor a link lead elsewhere. */
static bool open_file(struct watch *w, const char *name, int *fd, int64_t *mtime_ns)
{
	struct stat st;
	*fd = openat(w->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0)
		return false;
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		struct file_id id = {st.st_dev, st.st_ino, st.st_size, mtime_of(&st)};
		*mtime_ns = id.mtime_ns;
		if (!was_given(w, &id))
			return true;
	}
	(void)close(*fd);
	return false;
}

bool watch_next(struct watch *w, int *fd, char name[WATCH_NAME], int64_t *mtime_ns)
{
	if (w->at == w->n && w->missed) {
		w->missed = false;
		look_through(w);
	}
	while (w->at < w->n) {
		char *next = w->names[w->at++];
		(void)str_copy(name, WATCH_NAME, next, strlen(next));
		free(next);
		if (open_file(w, name, fd, mtime_ns)) {
			w->mark_ns = *mtime_ns > w->mark_ns ? *mtime_ns : w->mark_ns;
			return true;
		}
	}
	return false;
}
