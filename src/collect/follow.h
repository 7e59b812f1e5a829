/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that grow, and are moved away and begun anew while they do: which of them are to be read.
 * Opens them for somebody else, who reads each to its end and then what is added to it.
 *
 * A file is known by its inode, under whatever name. Of a path, that is the file there now, and
 * those beside it with the same name and more behind it (NAME.1, NAME-20260101, NAME~): what was
 * moved away before its end was read. Of a folder, every file in it, but hidden ones and those in
 * the folders below it. Left out: names that say that somebody is still at work (.tmp, .part,
 * .output, .pid, .lock); compressed ones and what Kea's clean-up made (.2, .completed), except at
 * the start: they repeat what was followed. Reached through collect.h. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct follow;
enum { FOLLOW_NAME = 256 };

struct follow_file {
	int fd; /* the caller's */
	uint32_t serial;
	bool current; /* it is the file of that path: it stays open until there is another one */
	char name[FOLLOW_NAME]; /* without its folder */
};

/* since_ns: what was modified last before then is known already; the file of a path itself is read
 * all the same. That it is not there yet is no error. CONFIG: the folder is none. */
int follow_open(struct follow **to, const char *path, bool folder, int64_t since_ns, struct err *e);
void follow_free(struct follow *f);
void follow_look(struct follow *f); /* once a second */
/* The next file to give, opened, or false. The same one until follow_gave says that it is given. */
bool follow_next(struct follow *f, struct follow_file *file);
bool follow_waits(const struct follow *f); /* there is one to give */
void follow_gave(struct follow *f, const struct follow_file *file);
/* Whoever reads has left it, when it had last been modified then; once it is again, it is given
 * anew.
 */
void follow_left(struct follow *f, uint32_t serial, int64_t mtime_ns);
/* For another reader: everything once more that was modified since, and what is there now. */
void follow_again(struct follow *f, int64_t since_ns);
