/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of the state: see place.h. Marks are lines "NANOSECONDS PATH" of the file marks. */
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 256 << 20, PIECE_BYTES = 65536 };

static int make_folder(const char *path, struct err *e)
{
	struct stat st;
	struct text part = {0};
	int bad = ERR_OK;
	for (const char *p = path; p && !bad; p = strchr(p + 1, '/')) {
		text_reset(&part);
		text_add(&part, path, (size_t)(p - path));
		if (part.n && mkdir(part.p, 0700) != 0 && errno != EEXIST && errno != EROFS &&
		    errno != EACCES)
			bad = errno;
	}
	if (!bad && mkdir(path, 0700) != 0 && errno != EEXIST)
		bad = errno;
	text_fini(&part);
	if (!bad && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
		bad = ENOTDIR;
	return bad ? err_set(
			 e, ERR_SYS, "%.150s: %s; name a folder with --state", path, strerror(bad))
		   : ERR_OK;
}

int place_state(const char *given, bool make, struct text *path, struct err *e)
{
	const char *state = getenv("THERIAC_STATE"), *xdg = getenv("XDG_STATE_HOME"),
		   *home = getenv("HOME");
	text_reset(path);
	if (given && *given)
		text_puts(path, given);
	else if (state && *state)
		text_puts(path, state);
	else if (geteuid() == 0)
		text_puts(path, "/var/lib/theriac");
	else if (xdg && *xdg)
		text_fmt(path, "%s/theriac", xdg);
	else if (home && *home)
		text_fmt(path, "%s/.local/state/theriac", home);
	else
		return err_set(e, ERR_CONFIG, "no folder for the state: name one with --state");
	return make ? make_folder(path->p, e) : ERR_OK;
}

int place_put(int fd, const void *from, size_t n)
{
	const char *p = from;
	while (n) {
		ssize_t did = write(fd, p, n);
		if (did < 0 && errno != EINTR)
			return -1;
		p += did > 0 ? did : 0;
		n -= did > 0 ? (size_t)did : 0;
	}
	return 0;
}

int place_keep(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int bad = fd < 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	errno = bad;
	return bad ? -1 : 0;
}

int place_write(const char *folder, const char *name, const void *p, size_t n, struct err *e)
{
	struct text path = {0}, fresh = {0};
	text_fmt(&path, "%s/%s", folder, name);
	text_fmt(&fresh, "%s/%s.new", folder, name);
	int fd = open(fresh.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int bad = fd < 0 || place_put(fd, p, n) != 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0 && close(fd) != 0 && !bad)
		bad = errno;
	if (!bad && rename(fresh.p, path.p) != 0)
		bad = errno;
	if (bad && fd >= 0)
		(void)unlink(fresh.p);
	if (bad)
		err_set(e, ERR_SYS, "%.180s: %s", path.p, strerror(bad));
	text_fini(&path);
	text_fini(&fresh);
	return bad ? ERR_SYS : ERR_OK;
}

int place_read(const char *folder, const char *name, struct text *out, struct err *e)
{
	struct text path = {0};
	char piece[PIECE_BYTES];
	ssize_t got = 0;
	text_fmt(&path, "%s/%s", folder, name);
	int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int bad = fd >= 0 ? ERR_OK
			  : err_set(e, errno == ENOENT ? ERR_NONE : ERR_SYS, "%.180s: %s", path.p,
				strerror(errno));
	while (!bad && out->n < FILE_BYTES_MAX && (got = read(fd, piece, sizeof piece)) > 0)
		text_add(out, piece, (size_t)got);
	if (got < 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path.p, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	text_fini(&path);
	return bad;
}

/* The mark of one line, or false where it is for another folder. */
static bool mark_of(struct span line, const char *watched, int64_t *mtime_ns)
{
	struct span path = line, number = span_cut(&path, ' ');
	return path.p && span_is(path, watched) && span_int(number, mtime_ns);
}

int64_t place_mark(const char *folder, const char *watched)
{
	struct text all = {0};
	int64_t mtime_ns = 0;
	if (place_read(folder, "marks", &all, NULL) == ERR_OK && all.n)
		for (struct span rest = {all.p, all.n}; rest.p;)
			if (mark_of(span_cut(&rest, '\n'), watched, &mtime_ns))
				break;
	text_fini(&all);
	return mtime_ns > 0 ? mtime_ns : 0;
}

int place_set_mark(const char *folder, const char *watched, int64_t mtime_ns, struct err *e)
{
	struct text all = {0}, out = {0};
	int64_t old;
	if (mtime_ns <= place_mark(folder, watched))
		return ERR_OK;
	(void)place_read(folder, "marks", &all, NULL);
	for (struct span rest = {all.p, all.n}; all.n && rest.p;) {
		struct span line = span_cut(&rest, '\n');
		if (line.n == 0 || mark_of(line, watched, &old))
			continue;
		text_add(&out, line.p, line.n);
		text_putc(&out, '\n');
	}
	text_fmt(&out, "%lld %s\n", (long long)mtime_ns, watched);
	int bad = place_write(folder, "marks", out.p, out.n, e);
	text_fini(&all);
	text_fini(&out);
	return bad;
}
