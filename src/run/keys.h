/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of pseudonyms. Those of a sensor's two live epochs lie sealed in the file `epochs` of
 * its state's folder, so that a restart finds its lines; a key file for files is text that `theriac
 * vault key` makes:
 *
 *   theriac pseudonym key 1
 *   64 hexadecimal digits
 */
#pragma once
#include "attribute/attribute.h"
#include "base/seal.h"

/* Reads the sealed keys and turns to the epoch of now_ms if need be, with a fresh random key, which
 * is kept before this returns; *turned says whether. p is to be wiped by keys_wipe. INPUT: sealed
 * with another key, or damaged: then nothing is changed, for without the old keys no line that is
 * known would be found again. SYS. */
int keys_open(const char *folder, const struct seal_key *k, int64_t now_ms, struct pseudonyms *p,
    bool *turned, struct err *e);
/* The change of epoch while it runs: as above. Nothing where it is not due. */
int keys_turn(const char *folder, const struct seal_key *k, int64_t now_ms, struct pseudonyms *p,
    bool *turned, struct err *e);
void keys_wipe(struct pseudonyms *p);

/* A new key file, mode 0600; what stands there is left alone (SYS). */
int keys_make_file(const char *path, struct err *e);
/* CONFIG: others may read it, or it is no such file. */
int keys_read_file(const char *path, struct pseudonym_key *k, struct err *e);
