/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching folders: see watch.h. Names wait in the order in which inotify told them, each once;
 * where it lost some, the folder is looked through for files that are younger than the last one
 * given. That a folder is gone inotify does not tell as long as somebody has it open, and so its
 * path is asked. */
#include "base/hash.h"
#include "base/mem.h"
#include "collect/collect.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MAX = 65536, GIVEN = 256, EVENT_BYTES = 65536 }; /* powers of two, the first two */
#define NS_PER_S 1000000000LL

struct file_id {
	dev_t dev;
	ino_t ino;
	off_t bytes;
	int64_t mtime_ns;
};

struct waiting {
	char *name;
	uint32_t chain; /* the next one of the same hash, + 1 */
};

struct watch {
	char *path;
	int folder, inotify; /* -1: the folder is gone */
	struct hash_key key;
	struct waiting *ring; /* WAITING_MAX places: from `at` on n names wait, oldest first */
	uint32_t at, n;
	uint32_t *buckets; /* as many; places in the ring by the hash of their name, + 1 */
	struct file_id given[GIVEN]; /* the last ones, a ring */
	size_t given_n;
	int64_t mark_ns; /* what is older is not looked for; without a mark of before: the start */
	bool missed;     /* events were lost */
};

static bool is_finished(const char *name)
{
	return name[0] != '.' && !strstr(name, ".current") && !strstr(name, ".tmp") &&
	       !strstr(name, ".part");
}

static uint32_t *bucket_of(const struct watch *w, const char *name)
{
	return &w->buckets[hash_bytes(&w->key, name, strlen(name)).a & (WAITING_MAX - 1)];
}

static void add_name(struct watch *w, const char *name)
{
	if (!is_finished(name) || strlen(name) >= WATCH_NAME)
		return;
	uint32_t *b = bucket_of(w, name);
	for (uint32_t i = *b; i; i = w->ring[i - 1].chain)
		if (strcmp(w->ring[i - 1].name, name) == 0)
			return;
	if (w->n == WAITING_MAX) {
		w->missed = true;
		return;
	}
	uint32_t place = (w->at + w->n++) & (WAITING_MAX - 1);
	w->ring[place] = (struct waiting){mem_text(name), *b};
	*b = place + 1;
}

/* The oldest name; the caller frees it. */
static char *take_name(struct watch *w)
{
	struct waiting *x = &w->ring[w->at];
	uint32_t *link = bucket_of(w, x->name);
	while (*link != w->at + 1)
		link = &w->ring[*link - 1].chain;
	*link = x->chain;
	w->at = (w->at + 1) & (WAITING_MAX - 1);
	w->n--;
	return x->name;
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
	size_t n = 0, cap = 0;
	struct stat st;
	for (struct dirent *entry; d && n < WAITING_MAX && (entry = readdir(d));) {
		if (fstatat(w->folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || mtime_of(&st) <= w->mark_ns)
			continue;
		if (n == cap)
			v = mem_grow(v, cap = cap ? cap * 2 : GIVEN, sizeof *v);
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

static void let_go(struct watch *w)
{
	if (w->folder >= 0)
		(void)close(w->folder);
	if (w->inotify >= 0)
		(void)close(w->inotify);
	w->folder = w->inotify = -1;
}

static bool take_hold(struct watch *w)
{
	w->folder = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->folder >= 0 && w->inotify >= 0 &&
	    inotify_add_watch(w->inotify, w->path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) >= 0)
		return true;
	int why = errno;
	let_go(w);
	errno = why;
	return false;
}

int watch_open(struct watch **to, const char *path, int64_t mark_ns, struct err *e)
{
	struct watch *w = mem_new(1, sizeof *w);
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	w->mark_ns = mark_ns ? mark_ns : (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	w->path = mem_text(path);
	w->key = hash_key_random();
	w->ring = mem_map(WAITING_MAX * sizeof *w->ring);
	w->buckets = mem_map(WAITING_MAX * sizeof *w->buckets);
	*to = w;
	if (!take_hold(w)) {
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
	let_go(w);
	while (w->n)
		free(take_name(w));
	mem_unmap(w->ring, WAITING_MAX * sizeof *w->ring);
	mem_unmap(w->buckets, WAITING_MAX * sizeof *w->buckets);
	free(w->path);
	free(w);
}

static bool is_there(const struct watch *w)
{
	struct stat path, folder;
	return w->folder >= 0 && stat(w->path, &path) == 0 && fstat(w->folder, &folder) == 0 &&
	       path.st_dev == folder.st_dev && path.st_ino == folder.st_ino;
}

enum watch_change watch_check(struct watch *w)
{
	if (is_there(w))
		return WATCH_SAME;
	bool was_there = w->folder >= 0;
	let_go(w);
	while (w->n)
		free(take_name(w)); /* of files that cannot be opened any more */
	if (!take_hold(w))
		return was_there ? WATCH_GONE : WATCH_SAME;
	look_through(w);
	return WATCH_BACK;
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
	if (w->n == 0 && w->missed) {
		w->missed = false;
		look_through(w);
	}
	while (w->n) {
		char *next = take_name(w);
		(void)str_copy(name, WATCH_NAME, next, strlen(next));
		free(next);
		if (open_file(w, name, fd, mtime_ns)) {
			w->mark_ns = *mtime_ns > w->mark_ns ? *mtime_ns : w->mark_ns;
			return true;
		}
	}
	return false;
}
