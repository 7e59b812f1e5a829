/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the log: see audit.h. The end of the log is looked at before anything is put behind it;
 * the whole of it only by audit_verify. */
#include "run/audit.h"
#include "base/mem.h"
#include "base/seal.h"
#include "run/audit_line.h"
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct log {
	const char *state;
	int chain, records;
	off_t chain_n, records_n; /* bytes that are sound */
	struct audit_head head;
};

/* Whom the machine let in, before any su or sudo; false where it does not know. */
static bool logged_in_as(uint64_t *uid)
{
	char text[24];
	int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
	if (fd >= 0)
		(void)close(fd);
	return n > 0 && span_uint(span_trim((struct span){text, (size_t)n}), uid) &&
	       *uid != UINT32_MAX;
}

void audit_begin(struct json *j, const char *what, int64_t now_ms)
{
	uint64_t login;
	json_open(j, NULL);
	json_text(j, "type", what);
	json_time(j, "time", now_ms);
	json_uint(j, "uid", getuid());
	if (logged_in_as(&login) && login != getuid())
		json_uint(j, "login_uid", login);
}

static int failed(const struct log *g, int number, struct err *e)
{
	return err_set(e, ERR_SYS, "%.150s/audit: %s; without a log there is no answer", g->state,
	    strerror(number));
}

static int damaged(const struct log *g, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "%.100s/audit: %s; nothing is put behind it; 'theriac who --verify-log' says more",
	    g->state, what);
}

static int keep_name(const struct log *g, const char *below, struct err *e)
{
	struct text path = {0};
	text_fmt(&path, "%s%s", g->state, below);
	int bad = place_keep(path.p) == 0 ? ERR_OK : failed(g, errno, e);
	text_fini(&path);
	return bad;
}

static int make_folder(const struct log *g, struct err *e)
{
	struct text path = {0};
	text_fmt(&path, "%s/audit", g->state);
	bool fresh = mkdir(path.p, 0700) == 0;
	int bad = fresh || errno == EEXIST ? ERR_OK : failed(g, errno, e);
	text_fini(&path);
	return bad || !fresh ? bad : keep_name(g, "", e);
}

static void log_close(struct log *g)
{
	if (g->records >= 0)
		(void)close(g->records);
	if (g->chain >= 0)
		(void)close(g->chain); /* and the lock */
}

/* The lock is on the chain, which is never replaced; the records are opened behind it. */
static int log_open(struct log *g, const char *state, struct err *e)
{
	*g = (struct log){.state = state, .chain = -1, .records = -1};
	int bad = make_folder(g, e);
	if (bad)
		return bad;
	g->chain = audit_file(state, "chain", O_RDWR | O_CREAT);
	while (g->chain >= 0 && (bad = flock(g->chain, LOCK_EX)) != 0 && errno == EINTR)
		;
	if (g->chain >= 0 && !bad)
		g->records = audit_file(state, "records", O_RDWR | O_CREAT);
	if (g->records < 0)
		bad = failed(g, errno, e);
	g->chain_n = bad ? 0 : lseek(g->chain, 0, SEEK_END);
	g->records_n = bad ? 0 : lseek(g->records, 0, SEEK_END);
	return !bad && g->chain_n == 0 ? keep_name(g, "/audit", e) : bad;
}

static bool read_line(const struct log *g, uint64_t n, struct audit_line *l)
{
	char line[AUDIT_LINE];
	ssize_t got = pread(g->chain, line, sizeof line, (off_t)((n - 1) * AUDIT_LINE));
	return got == AUDIT_LINE && audit_line_read((struct span){line, sizeof line}, l) &&
	       l->n == n;
}

static bool is_zeros(const struct log *g, uint64_t n)
{
	static const char zeros[AUDIT_LINE];
	char line[AUDIT_LINE];
	ssize_t got = pread(g->chain, line, sizeof line, (off_t)((n - 1) * AUDIT_LINE));
	return got == AUDIT_LINE && memcmp(line, zeros, sizeof line) == 0;
}

/* The last entry of the chain; a line that a crash left in pieces or as zeros is none. */
static int find_head(struct log *g, struct err *e)
{
	struct audit_line last, before = {0};
	uint64_t n = (uint64_t)g->chain_n / AUDIT_LINE;
	n -= n && is_zeros(g, n);
	g->chain_n = (off_t)(n * AUDIT_LINE);
	if (n == 0)
		return ERR_OK;
	if (!read_line(g, n, &last) || (n > 1 && !read_line(g, n - 1, &before)))
		return damaged(g, "the end of the chain is damaged", e);
	struct audit_head h = {.n = n - 1};
	memcpy(h.hash, before.head, sizeof h.hash);
	struct audit_line want = audit_line_next(&h, last.leaf);
	if (memcmp(want.head, last.head, sizeof want.head) != 0)
		return damaged(g, "the end of the chain was changed", e);
	g->head.n = n;
	memcpy(g->head.hash, last.head, sizeof last.head);
	return ERR_OK;
}

/* The last whole line of the records, and what of the file is whole; empty where there is no line.
 * No piece that a crash left is as long as the room: then it is what no record is. */
static struct span last_record(struct log *g, char room[AUDIT_RECORD_LINE * 2])
{
	size_t cap = AUDIT_RECORD_LINE * 2;
	off_t from = g->records_n > (off_t)cap ? g->records_n - (off_t)cap : 0;
	ssize_t got = pread(g->records, room, cap, from);
	const char *end = got > 0 ? memrchr(room, '\n', (size_t)got) : NULL;
	if (!end) {
		g->records_n = from;
		return (struct span){room, from ? cap : 0};
	}
	g->records_n = from + (end + 1 - room);
	const char *begin = memrchr(room, '\n', (size_t)(end - room));
	begin = begin ? begin + 1 : room;
	return (struct span){begin, (size_t)(end - begin)};
}

/* Writes all at the end of what is sound, and waits for the disk. */
static int put(const struct log *g, int fd, off_t at, const struct text *t, struct err *e)
{
	if (ftruncate(fd, at) != 0 || lseek(fd, at, SEEK_SET) != at ||
	    place_put(fd, t->p, t->n) != 0 || fsync(fd) != 0)
		return failed(g, errno, e);
	return ERR_OK;
}

static int put_chain(struct log *g, const struct audit_record *r, struct err *e)
{
	uint8_t leaf[DIGEST_SHA256];
	struct text t = {0};
	audit_record_leaf(r, leaf);
	struct audit_line l = audit_line_next(&g->head, leaf);
	audit_line_text(&l, &t);
	int bad = put(g, g->chain, g->chain_n, &t, e);
	if (!bad) {
		g->chain_n += (off_t)t.n;
		g->head.n = l.n;
		memcpy(g->head.hash, l.head, sizeof l.head);
	}
	text_fini(&t);
	return bad;
}

/* What a crash left: a record that the chain does not have yet is given its place there. */
static int settle(struct log *g, struct err *e)
{
	char room[AUDIT_RECORD_LINE * 2];
	struct audit_record r = {0};
	int bad = find_head(g, e);
	if (bad)
		return bad;
	struct span last = last_record(g, room);
	if (last.n && !audit_record_read(last, &r))
		return damaged(g, "the last record is damaged", e);
	if (r.n == g->head.n)
		return ERR_OK;
	if (r.n == g->head.n + 1 && !r.erased)
		return put_chain(g, &r, e);
	return damaged(g, r.n < g->head.n ? "the last record is missing" : "the chain was cut", e);
}

/* Behind a failure the files end where they ended before, as far as the disk lets us. */
static void put_back(const struct log *g, off_t chain_n, off_t records_n)
{
	if (ftruncate(g->chain, chain_n) != 0 || ftruncate(g->records, records_n) != 0)
		(void)fprintf(stderr,
		    "theriac: %s/audit: an entry without an answer may stand in it\n", g->state);
}

static int append(struct log *g, struct span json, struct err *e)
{
	struct audit_record r = {.n = g->head.n + 1, .json = json};
	struct text t = {0};
	off_t chain_n = g->chain_n, records_n = g->records_n;
	seal_random(r.salt, sizeof r.salt);
	audit_record_text(&r, &t);
	int bad = put(g, g->records, g->records_n, &t, e);
	bad = bad ? bad : put_chain(g, &r, e);
	if (bad)
		put_back(g, chain_n, records_n);
	else
		g->records_n += (off_t)t.n;
	seal_wipe(t.p, t.n);
	text_fini(&t);
	return bad;
}

int audit_append(const char *state, struct span record, struct audit_head *h, struct err *e)
{
	struct log g;
	if (record.n > AUDIT_RECORD_MAX || memchr(record.p, '\n', record.n))
		return err_set(e, ERR_LIMIT, "a record of the log is a line of at most %d bytes",
		    AUDIT_RECORD_MAX);
	int bad = log_open(&g, state, e);
	bad = bad ? bad : settle(&g, e);
	bad = bad ? bad : append(&g, record, e);
	*h = g.head;
	log_close(&g);
	return bad;
}

/* All records but n, which says that it was erased. *found: whether it still stood there. */
static int copy_without(const struct log *g, uint64_t n, FILE *to, bool *found, struct err *e)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t got;
	struct text t = {0};
	int fd = dup(g->records);
	FILE *from = fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? fdopen(fd, "r") : NULL;
	while (from && (got = getline(&line, &cap, from)) > 0) {
		struct audit_record r;
		bool it = audit_record_read((struct span){line, (size_t)got - 1}, &r) && r.n == n;
		*found |= it && !r.erased;
		r.erased = true;
		text_reset(&t);
		if (it)
			audit_record_text(&r, &t);
		(void)fwrite(it ? t.p : line, 1, it ? t.n : (size_t)got, to);
	}
	int bad = !from || ferror(from) || fflush(to) != 0 ? failed(g, errno, e) : ERR_OK;
	if (from)
		(void)fclose(from);
	seal_wipe(line, cap);
	free(line);
	text_fini(&t);
	return bad;
}

/* The bytes of the file that was replaced, and that no power cut can bring back. */
static void write_over(const struct log *g)
{
	static const char blank[4096];
	off_t at = lseek(g->records, 0, SEEK_SET);
	while (at < g->records_n) {
		size_t n = (size_t)(g->records_n - at);
		n = n < sizeof blank ? n : sizeof blank;
		if (place_put(g->records, blank, n) != 0)
			break;
		at += (off_t)n;
	}
	(void)fsync(g->records);
}

static int rewrite(const struct log *g, uint64_t n, struct err *e)
{
	struct text fresh = {0}, path = {0};
	bool found = false;
	text_fmt(&fresh, "%s/audit/records.new", g->state);
	text_fmt(&path, "%s/audit/records", g->state);
	int fd = audit_file(g->state, "records.new", O_WRONLY | O_CREAT | O_TRUNC);
	FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
	int bad = to ? copy_without(g, n, to, &found, e) : failed(g, errno, e);
	if (!bad && !found)
		bad = err_set(e, ERR_NONE, "entry %llu has no record: it was erased before",
		    (unsigned long long)n);
	if (!bad && (fsync(fd) != 0 || rename(fresh.p, path.p) != 0))
		bad = failed(g, errno, e);
	if (bad)
		(void)unlink(fresh.p);
	if (to)
		(void)fclose(to);
	bad = bad ? bad : keep_name(g, "/audit", e);
	if (!bad)
		write_over(g);
	text_fini(&fresh);
	text_fini(&path);
	return bad;
}

static int check_erasable(const struct log *g, uint64_t n, const char *reason, struct err *e)
{
	if (n == 0 || n > g->head.n)
		return err_set(e, ERR_NONE, "entry %llu is outside 1..%llu", (unsigned long long)n,
		    (unsigned long long)g->head.n);
	if (strlen(reason) > AUDIT_RECORD_MAX / 8)
		return err_set(
		    e, ERR_LIMIT, "the reason is longer than %d bytes", AUDIT_RECORD_MAX / 8);
	return ERR_OK;
}

int audit_erase(const char *state, uint64_t n, int64_t now_ms, const char *reason,
    struct audit_head *h, struct err *e)
{
	struct log g;
	struct text t = {0};
	struct json j = json_to(&t);
	json_open(&j, NULL);
	json_text(&j, "type", "erased");
	json_uint(&j, "entry", n);
	json_time(&j, "time", now_ms);
	json_uint(&j, "uid", getuid());
	json_text(&j, "reason", reason);
	json_close(&j);
	int bad = log_open(&g, state, e);
	bad = bad ? bad : settle(&g, e);
	bad = bad ? bad : check_erasable(&g, n, reason, e);
	bad = bad ? bad : append(&g, (struct span){t.p, t.n}, e);
	*h = g.head;
	bad = bad ? bad : rewrite(&g, n, e);
	log_close(&g);
	text_fini(&t);
	return bad;
}
