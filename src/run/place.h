/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the state lies, and the small files in it that the parent of a live sensor keeps. */
#pragma once
#include "base/err.h"
#include "base/str.h"

/* The folder: `given`, else $THERIAC_STATE, else /var/lib/theriac, for an ordinary user
 * $XDG_STATE_HOME/theriac or ~/.local/state/theriac. make: it is made (mode 0700) where it is not
 * there. SYS, CONFIG. */
int place_state(const char *given, bool make, struct text *path, struct err *e);

int place_put(int fd, const void *from, size_t n); /* all of it; -1 and errno */
/* Synchronises a folder, so that its names are there after a power cut; -1 and errno. */
int place_keep(const char *folder);
/* Writes a file of the folder as a whole: written beside it, synchronised, renamed. SYS. */
int place_write(const char *folder, const char *name, const void *p, size_t n, struct err *e);
/* Appends a file of the folder to out; NONE: there is none. */
int place_read(const char *folder, const char *name, struct text *out, struct err *e);

/* The modification time of the last file that was read out of a watched folder; 0: none. */
int64_t place_mark(const char *folder, const char *watched);
/* A mark never goes back: an old file that is moved in does not make newer ones new again. */
int place_set_mark(const char *folder, const char *watched, int64_t mtime_ns, struct err *e);
