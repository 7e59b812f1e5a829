/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sealed file of a sensor's state: see state.h. A head in the clear (magic, version, byte
 * order, when it was written, which key, the stream's own head), then pieces of 64 KiB, each sealed
 * (base/seal.h); the head is sealed with the first, and the last one says that it is. Numbers of
 * the head are little endian but for the mark of the byte order: detectors' states lie in it as
 * they lay in memory. */
#include "run/state.h"
#include "base/mem.h"
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, ORDER = 0x01020304, PIECE = 65536, SECRET_MIN = 32, SECRET_MAX = 4096 };
enum { AHEAD = 8 << 20 };
static const char magic[8] = "theriac";
static const char file_name[] = "checkpoint", key_name[] = "state.key", credential[] = "state-key";

struct head {
	char magic[8];
	uint32_t version, order;
	uint64_t written_ms;
	uint8_t key_id[SEAL_ID];
	uint8_t seal[SEAL_HEAD];
};
_Static_assert(sizeof(struct head) == 64, "the head has no holes");

static int no_use(const char *path, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "%.150s: %s", path, why);
}

static int failed(const char *path, int number, struct err *e)
{
	return err_set(e, ERR_SYS, "%.180s: %s", path, strerror(number));
}

/* Synchronises the folder, so that a new name in it outlives a power cut. */
static int keep_name(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int bad = fd < 0 || fsync(fd) != 0 ? failed(folder, errno, e) : ERR_OK;
	if (fd >= 0)
		(void)close(fd);
	return bad;
}

/* Reads up to n bytes; fewer only at the end. -1: errno. */
static ssize_t read_up_to(int fd, void *p, size_t n)
{
	size_t at = 0;
	while (at < n) {
		ssize_t got = read(fd, (char *)p + at, n - at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

static int read_secret(int fd, const char *path, struct seal_key *k, struct err *e)
{
	uint8_t secret[SECRET_MAX];
	ssize_t n = read_up_to(fd, secret, sizeof secret);
	if (n < 0)
		return failed(path, errno, e);
	int bad = n < SECRET_MIN ? err_set(e, ERR_CONFIG,
				       "%.150s: a key has at least %d bytes, this one has %zd",
				       path, SECRET_MIN, n)
				 : ERR_OK;
	if (!bad)
		*k = seal_key_of(secret, (size_t)n);
	seal_wipe(secret, sizeof secret);
	return bad;
}

/* Only its owner, who is we or root, may read it. */
static int check_owner(int fd, const char *path, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return failed(path, errno, e);
	if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0))
		return err_set(e, ERR_CONFIG, "%.150s: is no file of this user", path);
	if (st.st_mode & 077)
		return err_set(e, ERR_CONFIG,
		    "%.150s: others may read it (mode %04o); make it 0600", path,
		    st.st_mode & 07777);
	return ERR_OK;
}

/* A new secret under a name that takes its place only when it is whole. */
static int make_secret(const char *folder, struct err *e)
{
	uint8_t secret[SECRET_MIN];
	seal_random(secret, sizeof secret);
	int bad = place_write(folder, key_name, secret, sizeof secret, e);
	seal_wipe(secret, sizeof secret);
	return bad ? bad : keep_name(folder, e);
}

static int own_key(const char *folder, struct seal_key *k, struct err *e)
{
	struct text path = {0};
	text_fmt(&path, "%s/%s", folder, key_name);
	int bad = ERR_OK, fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT && !(bad = make_secret(folder, e)))
		fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (!bad && fd < 0)
		bad = failed(path.p, errno, e);
	bad = bad ? bad : check_owner(fd, path.p, e);
	bad = bad ? bad : read_secret(fd, path.p, k, e);
	if (fd >= 0)
		(void)close(fd);
	text_fini(&path);
	return bad;
}

int state_key(const char *folder, struct seal_key *k, struct err *e)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	struct text path = {0};
	if (!given || !*given)
		return own_key(folder, k, e);
	text_fmt(&path, "%s/%s", given, credential);
	int fd = open(path.p, O_RDONLY | O_CLOEXEC);
	int bad;
	if (fd >= 0) {
		bad = read_secret(fd, path.p, k, e);
		(void)close(fd);
	} else {
		bad = errno == ENOENT ? own_key(folder, k, e) : failed(path.p, errno, e);
	}
	text_fini(&path);
	return bad;
}

struct state_writer {
	int fd;
	struct text folder, path, fresh; /* fresh: written beside the file */
	struct save out;
	struct head head;
	struct seal seal;
	bool begun; /* the head is written and sealed */
	uint64_t bytes, on_its_way;
	size_t n;
	uint8_t plain[PIECE], sealed[PIECE + SEAL_MORE];
};

/* The disk is asked to begin early, so that the fsync at the end has little left to wait for. */
static int put(struct state_writer *w, const void *p, size_t n, struct err *e)
{
	if (place_put(w->fd, p, n) != 0)
		return failed(w->fresh.p, errno, e);
	w->bytes += n;
	if (w->bytes - w->on_its_way >= AHEAD) {
		(void)sync_file_range(
		    w->fd, (off_t)w->on_its_way, (off_t)AHEAD, SYNC_FILE_RANGE_WRITE);
		w->on_its_way += AHEAD;
	}
	return ERR_OK;
}

static int put_piece(struct state_writer *w, bool last, struct err *e)
{
	const void *about = w->begun ? NULL : &w->head;
	seal_put(&w->seal, w->plain, w->n, about, about ? sizeof w->head : 0, last, w->sealed);
	int bad = w->begun ? ERR_OK : put(w, &w->head, sizeof w->head, e);
	bad = bad ? bad : put(w, w->sealed, w->n + SEAL_MORE, e);
	w->begun = true;
	w->n = 0;
	return bad;
}

/* A piece goes out when more comes, so that the last one is known to be. */
static int sink(void *to, const void *p, size_t n, struct err *e)
{
	struct state_writer *w = to;
	const uint8_t *at = p;
	while (n) {
		int bad = w->n == PIECE ? put_piece(w, false, e) : ERR_OK;
		if (bad)
			return bad;
		size_t some = PIECE - w->n < n ? PIECE - w->n : n;
		memcpy(w->plain + w->n, at, some);
		w->n += some;
		at += some;
		n -= some;
	}
	return ERR_OK;
}

static void free_writer(struct state_writer *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	text_fini(&w->folder);
	text_fini(&w->path);
	text_fini(&w->fresh);
	seal_wipe(w, sizeof *w);
	free(w);
}

int state_begin(struct state_writer **to, const char *folder, const struct seal_key *k,
    int64_t now_ms, struct err *e)
{
	struct state_writer *w = mem_new(1, sizeof *w);
	text_puts(&w->folder, folder);
	text_fmt(&w->path, "%s/%s", folder, file_name);
	text_fmt(&w->fresh, "%s.new", w->path.p);
	w->out = save_to(sink, w);
	w->head = (struct head){.version = htole32(VERSION), .order = ORDER};
	memcpy(w->head.magic, magic, sizeof magic);
	w->head.written_ms = htole64((uint64_t)now_ms);
	seal_key_id(k, w->head.key_id);
	seal_begin(&w->seal, k, w->head.seal);
	w->fd = open(w->fresh.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int bad = w->fd < 0 || fchmod(w->fd, 0600) != 0 ? failed(w->fresh.p, errno, e) : ERR_OK;
	if (bad)
		free_writer(w);
	else
		*to = w;
	return bad;
}

struct save *state_out(struct state_writer *w)
{
	return &w->out;
}

void state_drop(struct state_writer *w)
{
	if (!w)
		return;
	(void)save_finish(&w->out, NULL);
	(void)unlink(w->fresh.p);
	free_writer(w);
}

int state_end(struct state_writer *w, uint64_t *bytes, struct err *e)
{
	int bad = save_finish(&w->out, e);
	bad = bad ? bad : put_piece(w, true, e);
	if (!bad && fsync(w->fd) != 0)
		bad = failed(w->fresh.p, errno, e);
	if (!bad && rename(w->fresh.p, w->path.p) != 0)
		bad = failed(w->path.p, errno, e);
	if (bad)
		(void)unlink(w->fresh.p);
	bad = bad ? bad : keep_name(w->folder.p, e);
	if (bytes)
		*bytes = w->bytes;
	free_writer(w);
	return bad;
}

struct reader {
	int fd;
	const char *path;
	struct head head;
	struct seal seal;
	bool begun, last;
	size_t n, at; /* of the plain piece */
	uint8_t plain[PIECE], sealed[PIECE + SEAL_MORE];
};

static int check_head(const struct reader *r, const struct seal_key *k, struct err *e)
{
	const struct head *h = &r->head;
	uint8_t id[SEAL_ID];
	char why[96];
	if (memcmp(h->magic, magic, sizeof magic) != 0)
		return no_use(r->path, "it is no state of Theriac", e);
	if (le32toh(h->version) > VERSION) {
		(void)snprintf(why, sizeof why,
		    "a newer Theriac wrote it (format %u, this one reads up to %d)",
		    le32toh(h->version), VERSION);
		return no_use(r->path, why, e);
	}
	if (le32toh(h->version) == 0 || h->order != ORDER)
		return no_use(r->path, "a machine of another kind wrote it", e);
	seal_key_id(k, id);
	if (memcmp(h->key_id, id, sizeof id) != 0)
		return no_use(r->path, "it is sealed with another key", e);
	return ERR_OK;
}

/* From the beginning. */
static int rewind_to(struct reader *r, const struct seal_key *k, struct err *e)
{
	ssize_t n = lseek(r->fd, 0, SEEK_SET);
	n = n == 0 ? read_up_to(r->fd, &r->head, sizeof r->head) : -1;
	if (n < 0)
		return failed(r->path, errno, e);
	if (n < (ssize_t)sizeof r->head)
		return no_use(r->path, "it is cut short", e);
	int bad = check_head(r, k, e);
	r->begun = r->last = false;
	r->n = r->at = 0;
	if (!bad)
		unseal_begin(&r->seal, k, r->head.seal);
	return bad;
}

static int next_piece(struct reader *r, struct err *e)
{
	const void *about = r->begun ? NULL : &r->head;
	ssize_t n = r->last ? 0 : read_up_to(r->fd, r->sealed, sizeof r->sealed);
	if (n < 0)
		return failed(r->path, errno, e);
	if (n < SEAL_MORE)
		return no_use(r->path, "it is cut short", e);
	r->n = (size_t)n - SEAL_MORE;
	r->at = 0;
	if (!unseal_take(
		&r->seal, r->sealed, r->n, about, about ? sizeof r->head : 0, r->plain, &r->last))
		return no_use(r->path,
		    n < (ssize_t)sizeof r->sealed ? "it is cut short or was changed"
						  : "it was changed",
		    e);
	r->begun = true;
	return ERR_OK;
}

static int source(void *from, void *p, size_t n, struct err *e)
{
	struct reader *r = from;
	uint8_t *to = p;
	while (n) {
		int bad = r->at == r->n ? next_piece(r, e) : ERR_OK;
		if (bad)
			return bad;
		size_t some = r->n - r->at < n ? r->n - r->at : n;
		memcpy(to, r->plain + r->at, some);
		r->at += some;
		to += some;
		n -= some;
	}
	return ERR_OK;
}

/* That every piece is what was sealed, up to the last one, and nothing stands behind it. */
static int check_all(struct reader *r, const struct seal_key *k, struct err *e)
{
	int bad = rewind_to(r, k, e);
	while (!bad && !r->last)
		bad = next_piece(r, e);
	if (!bad && read_up_to(r->fd, r->sealed, 1) != 0)
		bad = no_use(r->path, "more stands in it than was sealed", e);
	return bad;
}

static int give(struct reader *r, int (*take)(void *arg, struct load *in), void *arg, struct err *e)
{
	struct load in = load_from(source, r);
	struct err sound;
	int bad = take(arg, &in);
	while (load_more(&in))
		load_next(&in);
	int damaged = load_finish(&in, &sound);
	if (damaged && e)
		*e = sound;
	return damaged ? damaged : bad;
}

bool state_set_aside(const char *folder, struct text *path)
{
	struct text old = {0};
	text_fmt(&old, "%s/%s", folder, file_name);
	text_fmt(path, "%s.unread", old.p);
	bool moved = rename(old.p, path->p) == 0;
	text_fini(&old);
	return moved;
}

int state_read(const char *folder, const struct seal_key *k, struct state_found *found,
    int (*take)(void *arg, struct load *in), void *arg, struct err *e)
{
	struct text path = {0};
	struct stat st = {0};
	struct reader *r = mem_new(1, sizeof *r);
	text_fmt(&path, "%s/%s", folder, file_name);
	r->path = path.p;
	r->fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool none = r->fd < 0 && errno == ENOENT;
	int bad = r->fd >= 0 && fstat(r->fd, &st) == 0 ? ERR_OK : failed(path.p, errno, e);
	bad = none ? ERR_NONE : bad;
	bad = bad ? bad : check_all(r, k, e);
	bad = bad ? bad : rewind_to(r, k, e);
	if (!bad) {
		*found = (struct state_found){
		    (int64_t)(le64toh(r->head.written_ms) & INT64_MAX), (uint64_t)st.st_size};
		bad = give(r, take, arg, e);
	}
	if (r->fd >= 0)
		(void)close(r->fd);
	seal_wipe(r, sizeof *r);
	free(r);
	text_fini(&path);
	return bad;
}
