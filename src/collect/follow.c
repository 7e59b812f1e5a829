/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing files: see follow.h. The path is asked once a second; its folder is looked through when
 * another file is there, when the folder changed, and every ten seconds. */
#include "base/mem.h"
#include "collect/collect.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOKS_A_SCAN = 10, FOUND_MAX = 65536 };
#define NS_PER_S 1000000000LL

struct known {
	dev_t dev;
	ino_t ino;
	uint32_t serial;
	bool left, seen;       /* by the reader; in the last scan */
	int64_t left_mtime_ns; /* when it was left */
};

struct found { /* to be given */
	int64_t mtime_ns;
	char *name;
	bool current;
};

struct follow {
	char *path;
	char *folder, *base;          /* base NULL: every file of the folder */
	int64_t since_ns, scanned_ns; /* scanned_ns: the folder's own time then */
	uint32_t serial;
	unsigned looks;
	bool first;
	struct known *known;
	size_t known_n, known_cap;
	struct found *found; /* oldest first, from found_at on */
	size_t found_n, found_cap, found_at;
};

static int64_t mtime_of(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static bool ends(const char *name, const char *const *with, size_t n)
{
	size_t long_n = strlen(name);
	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(with[i]);
		if (long_n >= m && strcmp(name + long_n - m, with[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a name of the folder may be one of ours, other than the path itself. */
static bool is_wanted(const struct follow *f, const char *name)
{
	static const char *const at_work[] = {
	    ".tmp", ".part", ".output", ".pid", ".lock", ".swp", ".work"};
	static const char *const repeats[] = {".gz", ".zst", ".xz", ".bz2", ".2", ".completed"};
	size_t n = f->base ? strlen(f->base) : 0;
	if (name[0] == '.' || strlen(name) >= FOLLOW_NAME ||
	    ends(name, at_work, sizeof at_work / sizeof *at_work))
		return false;
	if (!f->first && ends(name, repeats, sizeof repeats / sizeof *repeats))
		return false;
	return !f->base || (strncmp(name, f->base, n) == 0 && name[n] && strchr(".-~_", name[n]));
}

static struct known *known_of(const struct follow *f, const struct stat *st)
{
	for (size_t i = 0; i < f->known_n; i++)
		if (f->known[i].dev == st->st_dev && f->known[i].ino == st->st_ino)
			return &f->known[i];
	return NULL;
}

/* Whether that file is to be given; it counts as seen. */
static bool is_news(struct follow *f, const struct stat *st, bool current)
{
	struct known *k = known_of(f, st);
	if (!S_ISREG(st->st_mode))
		return false;
	if (!k)
		return current || (st->st_size > 0 && mtime_of(st) >= f->since_ns);
	k->seen = true;
	return k->left && (current || mtime_of(st) > k->left_mtime_ns);
}

static void add_found(struct follow *f, const char *name, const struct stat *st, bool current)
{
	if (f->found_n == FOUND_MAX)
		return;
	if (f->found_n == f->found_cap)
		f->found = mem_grow(f->found, f->found_cap = f->found_cap ? f->found_cap * 2 : 16,
		    sizeof *f->found);
	f->found[f->found_n++] = (struct found){mtime_of(st), mem_text(name), current};
}

static int oldest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->current != y->current)
		return x->current ? 1 : -1;
	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return strverscmp(x->name, y->name);
}

static void drop_found(struct follow *f)
{
	for (size_t i = f->found_at; i < f->found_n; i++)
		free(f->found[i].name);
	f->found_n = f->found_at = 0;
}

/* What the reader has left, and whose name is gone: its inode may come back as another file. */
static void forget_gone(struct follow *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->known_n; i++)
		if (f->known[i].seen || !f->known[i].left)
			f->known[n++] = f->known[i];
	f->known_n = n;
}

static bool stat_base(const struct follow *f, struct stat *st)
{
	return f->base && stat(f->path, st) == 0;
}

static void scan(struct follow *f)
{
	DIR *d = opendir(f->folder);
	struct stat st, base;
	bool has_base = stat_base(f, &base);
	drop_found(f);
	for (size_t i = 0; i < f->known_n; i++)
		f->known[i].seen = false;
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (is_wanted(f, entry->d_name) &&
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !(has_base && st.st_ino == base.st_ino && st.st_dev == base.st_dev) &&
		    is_news(f, &st, false))
			add_found(f, entry->d_name, &st, false);
	if (has_base && is_news(f, &base, true))
		add_found(f, f->base, &base, true);
	if (f->found_n)
		qsort(f->found, f->found_n, sizeof *f->found, oldest_first);
	if (d) {
		(void)closedir(d);
		forget_gone(f);
	}
	f->first = false;
}

int follow_open(struct follow **to, const char *path, bool folder, int64_t since_ns, struct err *e)
{
	struct follow *f = mem_new(1, sizeof *f);
	const char *slash = strrchr(path, '/');
	struct stat st;
	f->path = mem_text(path);
	f->since_ns = since_ns;
	f->first = true;
	if (!folder)
		f->base = mem_text(slash ? slash + 1 : path);
	f->folder = mem_text(folder ? path : slash ? path : ".");
	if (!folder && slash)
		f->folder[slash == path ? 1 : slash - path] = '\0';
	*to = f;
	if (stat(f->folder, &st) == 0 && S_ISDIR(st.st_mode) && (folder || f->base[0]))
		return ERR_OK;
	int bad = err_set(e, ERR_CONFIG, "--sessions: %s:%.150s: there is no such folder",
	    folder ? "dir" : "file", path);
	follow_free(f);
	*to = NULL;
	return bad;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	drop_found(f);
	free(f->found);
	free(f->known);
	free(f->path);
	free(f->folder);
	free(f->base);
	free(f);
}

void follow_look(struct follow *f)
{
	struct stat st;
	int64_t folder_ns = stat(f->folder, &st) == 0 ? mtime_of(&st) : 0;
	bool news = stat_base(f, &st) && is_news(f, &st, true);
	if (!f->first && !news && folder_ns == f->scanned_ns && ++f->looks < LOOKS_A_SCAN)
		return;
	f->looks = 0;
	f->scanned_ns = folder_ns;
	scan(f);
}

/* A FIFO must not hold us up; a link leads elsewhere only where the path itself is one. */
static bool open_found(const struct follow *f, const struct found *x, struct follow_file *file)
{
	struct text path = {0};
	struct stat st;
	text_fmt(&path, "%s/%s", f->folder, x->name);
	file->fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (x->current ? 0 : O_NOFOLLOW));
	text_fini(&path);
	if (file->fd < 0)
		return false;
	bool is_file = fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode);
	const struct known *k = is_file ? known_of(f, &st) : NULL;
	if (is_file && (!k || k->left)) {
		file->serial = f->serial + 1;
		file->current = x->current;
		return str_copy(file->name, FOLLOW_NAME, x->name, strlen(x->name));
	}
	(void)close(file->fd);
	return false;
}

static void drop_first(struct follow *f)
{
	free(f->found[f->found_at++].name);
}

bool follow_next(struct follow *f, struct follow_file *file)
{
	while (f->found_at < f->found_n) {
		if (open_found(f, &f->found[f->found_at], file))
			return true;
		drop_first(f);
	}
	return false;
}

bool follow_waits(const struct follow *f)
{
	return f->first || f->found_at < f->found_n;
}

void follow_gave(struct follow *f, const struct follow_file *file)
{
	struct stat st;
	drop_first(f);
	if (fstat(file->fd, &st) != 0)
		return;
	struct known *k = known_of(f, &st);
	if (!k) {
		if (f->known_n == f->known_cap)
			f->known = mem_grow(f->known,
			    f->known_cap = f->known_cap ? f->known_cap * 2 : 16, sizeof *f->known);
		k = &f->known[f->known_n++];
	}
	*k =
	    (struct known){.dev = st.st_dev, .ino = st.st_ino, .serial = ++f->serial, .seen = true};
}

void follow_left(struct follow *f, uint32_t serial, int64_t mtime_ns)
{
	for (size_t i = 0; i < f->known_n; i++)
		if (f->known[i].serial == serial) {
			f->known[i].left = true;
			f->known[i].left_mtime_ns = mtime_ns;
		}
}

void follow_again(struct follow *f, int64_t since_ns)
{
	drop_found(f);
	f->known_n = 0;
	f->since_ns = since_ns;
	f->first = true;
}
