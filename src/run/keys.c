/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of pseudonyms: see keys.h. The file `epochs`: a head (magic, version, which sealing key, how
 * many), then the epochs and their keys, sealed. When it is replaced, the bytes of the old one are
 * written over, so that on a disk that writes in place a key that has died is gone. */
#include "run/keys.h"
#include "base/buf.h"
#include "base/mem.h"
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_name[] = "epochs";
static const char first_line[] = "theriac pseudonym key 1";

struct head {
	char magic[8];
	uint8_t version, n, unused[6];
	uint8_t key_id[SEAL_ID];
};
struct body {
	uint64_t epoch[PSEUDONYM_EPOCHS];
	uint8_t k[PSEUDONYM_EPOCHS][PSEUDONYM_KEY];
};
struct file {
	struct head head;
	uint8_t sealed[sizeof(struct body) + SEAL_WHOLE];
};
_Static_assert(sizeof(struct head) == 32 && sizeof(struct body) == 80, "no holes");

static struct head head_of(const struct seal_key *k, size_t n)
{
	struct head h = {.magic = "epochs", .version = 1, .n = (uint8_t)n};
	seal_key_id(k, h.key_id);
	return h;
}

static void pack(const struct pseudonyms *p, const struct seal_key *k, struct file *f)
{
	struct body b = {0};
	*f = (struct file){.head = head_of(k, p->n)};
	for (size_t i = 0; i < p->n; i++) {
		b.epoch[i] = htole64((uint64_t)p->live[i].epoch);
		memcpy(b.k[i], p->live[i].k, PSEUDONYM_KEY);
	}
	seal_whole(k, &b, sizeof b, &f->head, sizeof f->head, f->sealed);
	seal_wipe(&b, sizeof b);
}

static const char *unpack(const struct file *f, const struct seal_key *k, struct pseudonyms *p)
{
	struct body b;
	struct head want = head_of(k, f->head.n);
	if (memcmp(f->head.key_id, want.key_id, SEAL_ID) != 0)
		return "sealed with another key";
	if (memcmp(&f->head, &want, sizeof want) != 0 || f->head.n > PSEUDONYM_EPOCHS ||
	    !unseal_whole(k, f->sealed, sizeof b, &f->head, sizeof f->head, &b))
		return "damaged, or of a newer Theriac";
	p->n = f->head.n;
	for (size_t i = 0; i < p->n; i++) {
		p->live[i].epoch = (int64_t)le64toh(b.epoch[i]);
		memcpy(p->live[i].k, b.k[i], PSEUDONYM_KEY);
	}
	seal_wipe(&b, sizeof b);
	return NULL;
}

static int load(const char *folder, const struct seal_key *k, struct pseudonyms *p, struct err *e)
{
	struct text bytes = {0};
	struct file f;
	const char *why = "cut short or too long";
	int bad = place_read(folder, file_name, &bytes, e);
	if (!bad && bytes.n == sizeof f) {
		memcpy(&f, bytes.p, sizeof f);
		why = unpack(&f, k, p);
	}
	if (!bad && why)
		bad = err_set(e, ERR_INPUT,
		    "%.120s/%s: %s; without it no line is recognised: bring it back, or move it "
		    "away to begin afresh",
		    folder, file_name, why);
	text_fini(&bytes);
	return bad;
}

/* The file that was replaced, written over with chance. */
static void overwrite(int fd)
{
	struct file chance;
	seal_random(&chance, sizeof chance);
	if (place_put(fd, &chance, sizeof chance) == 0)
		(void)fsync(fd);
}

static int keep(
    const char *folder, const struct seal_key *k, const struct pseudonyms *p, struct err *e)
{
	struct file f;
	struct text path = {0};
	text_fmt(&path, "%s/%s", folder, file_name);
	int old = open(path.p, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	pack(p, k, &f);
	int bad = place_write(folder, file_name, &f, sizeof f, e);
	if (!bad && place_keep(folder) != 0) /* else a power cut could bring the old one back */
		bad = err_set(e, ERR_SYS, "%.180s: %s", folder, strerror(errno));
	if (!bad && old >= 0)
		overwrite(old);
	if (old >= 0)
		(void)close(old);
	text_fini(&path);
	return bad;
}

int keys_turn(const char *folder, const struct seal_key *k, int64_t now_ms, struct pseudonyms *p,
    bool *turned, struct err *e)
{
	struct pseudonyms next = *p;
	uint8_t fresh[PSEUDONYM_KEY];
	int bad = ERR_OK;
	*turned = pseudonyms_due(p, now_ms);
	if (*turned) {
		seal_random(fresh, sizeof fresh);
		pseudonyms_turn(&next, now_ms, fresh);
		bad = keep(folder, k, &next, e);
		seal_wipe(fresh, sizeof fresh);
	}
	if (*turned && !bad)
		*p = next;
	keys_wipe(&next);
	return bad;
}

int keys_open(const char *folder, const struct seal_key *k, int64_t now_ms, struct pseudonyms *p,
    bool *turned, struct err *e)
{
	*p = (struct pseudonyms){0};
	*turned = false;
	int bad = load(folder, k, p, e);
	if (bad == ERR_OK || bad == ERR_NONE)
		bad = keys_turn(folder, k, now_ms, p, turned, e);
	return bad;
}

void keys_wipe(struct pseudonyms *p)
{
	seal_wipe(p, sizeof *p);
}

int keys_make_file(const char *path, struct err *e)
{
	uint8_t k[PSEUDONYM_KEY];
	struct text t = {0};
	seal_random(k, sizeof k);
	text_fmt(&t, "%s\n", first_line);
	text_hex(&t, k, sizeof k);
	text_putc(&t, '\n');
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int bad = fd < 0 || place_put(fd, t.p, t.n) != 0 || fsync(fd) != 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	if (bad && fd >= 0)
		(void)unlink(path);
	seal_wipe(t.p, t.n);
	seal_wipe(k, sizeof k);
	text_fini(&t);
	return bad ? err_set(e, ERR_SYS, "%.180s: %s", path, strerror(bad)) : ERR_OK;
}

static bool parse(struct span all, struct pseudonym_key *k)
{
	struct span first = span_cut(&all, '\n');
	if (!all.p || !span_is(span_trim(first), first_line))
		return false;
	return span_hex(span_trim(all), k->k, sizeof k->k);
}

int keys_read_file(const char *path, struct pseudonym_key *k, struct err *e)
{
	char bytes[256];
	struct stat st;
	*k = (struct pseudonym_key){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
	int bad = ERR_OK;
	if (n < 0 || fstat(fd, &st) != 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
	else if (st.st_mode & 077)
		bad = err_set(e, ERR_CONFIG, "%.150s: others may read it (mode %04o); make it 0600",
		    path, st.st_mode & 07777);
	else if (!parse((struct span){bytes, (size_t)n}, k))
		bad = err_set(e, ERR_CONFIG,
		    "%.150s: is no key of pseudonyms; 'theriac vault key FILE' makes one", path);
	if (fd >= 0)
		(void)close(fd);
	seal_wipe(bytes, sizeof bytes);
	return bad;
}
