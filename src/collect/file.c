/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files as input: read in large pieces, gzip (RFC 1952) and zstd (RFC 8878) read through. Several
 * compressed streams behind one another are one file. */
#include "base/mem.h"
#include "base/str.h"
#include "collect/collect.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

struct file {
	int fd;
	const struct unpack *unpack; /* NULL: plain */
	void *unpacker;
	uint8_t *piece; /* bytes read but not given yet */
	size_t at, n;
	uint64_t taken;
	bool ended, within; /* end of file; within a compressed stream */
	char path[256];     /* for messages */
};

static int read_into(struct file *f, uint8_t *to, size_t cap, size_t *n, struct err *e)
{
	ssize_t got;
	do
		got = read(f->fd, to, cap);
	while (got < 0 && errno == EINTR);
	*n = got < 0 ? 0 : (size_t)got;
	if (got < 0)
		return err_set(e, ERR_SYS, "%s: %s", f->path, strerror(errno));
	f->taken += *n;
	f->ended = got == 0;
	return ERR_OK;
}

static int fill(struct file *f, struct err *e)
{
	f->at = 0;
	return read_into(f, f->piece, PIECE_BYTES, &f->n, e);
}

static void file_close(void *state)
{
	struct file *f = state;
	if (f->unpacker)
		f->unpack->close(f->unpacker);
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->piece);
	free(f);
}

int input_file_adopt(void **state, int fd, const char *name, struct err *e)
{
	static const struct unpack *const unpacks[] = {&unpack_gzip, &unpack_zstd};
	struct file *f = mem_new(1, sizeof *f);
	f->piece = mem_new(1, PIECE_BYTES);
	(void)str_copy(f->path, sizeof f->path, name, strlen(name));
	f->fd = fd;
	int bad = fill(f, e);
	if (bad) {
		file_close(f);
		return bad;
	}
	for (size_t i = 0; i < sizeof unpacks / sizeof *unpacks; i++)
		if (f->n >= unpacks[i]->magic_n &&
		    memcmp(f->piece, unpacks[i]->magic, unpacks[i]->magic_n) == 0)
			f->unpack = unpacks[i];
	if (f->unpack)
		f->unpacker = f->unpack->open();
	*state = f;
	return ERR_OK;
}

static int file_open(void **state, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_SYS, "%s: %s", path, strerror(errno));
	return input_file_adopt(state, fd, path, e);
}

static int read_plain(struct file *f, uint8_t *to, size_t cap, size_t *n, struct err *e)
{
	size_t fits = f->n - f->at < cap ? f->n - f->at : cap;
	if (fits == 0)
		return read_into(f, to, cap, n, e);
	memcpy(to, f->piece + f->at, fits);
	f->at += fits;
	*n = fits;
	return ERR_OK;
}

static int read_packed(struct file *f, uint8_t *to, size_t cap, size_t *n, struct err *e)
{
	for (*n = 0; *n == 0;) {
		int bad = f->at == f->n && !f->ended ? fill(f, e) : ERR_OK;
		if (bad)
			return bad;
		if (f->at == f->n && !f->within)
			return ERR_OK;
		const uint8_t *in = f->piece + f->at;
		size_t left = f->n - f->at;
		int stream_ended = 0;
		bad = f->unpack->feed(f->unpacker, &in, &left, to, cap, n, &stream_ended);
		f->at = f->n - left;
		f->within = !stream_ended;
		if (bad)
			return err_set(
			    e, ERR_INPUT, "%s: damaged %s data", f->path, f->unpack->name);
		if (*n == 0 && f->ended && left == 0 && f->within)
			return err_set(
			    e, ERR_INPUT, "%s: %s data ends early", f->path, f->unpack->name);
	}
	return ERR_OK;
}

static int file_read(void *state, uint8_t *to, size_t cap, size_t *n, struct err *e)
{
	struct file *f = state;
	return f->unpack ? read_packed(f, to, cap, n, e) : read_plain(f, to, cap, n, e);
}

static uint64_t file_taken(const void *state)
{
	return ((const struct file *)state)->taken;
}

const struct input_kind input_file = {
    .name = "file",
    .summary = "files, plain or compressed with gzip or zstd",
    .open = file_open,
    .read = file_read,
    .taken = file_taken,
    .close = file_close,
};
