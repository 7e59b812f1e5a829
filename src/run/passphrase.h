/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A passphrase or a key for the vault, into memory that is locked: from the terminal without echo,
 * or out of a file or descriptor; never from the command line or the environment. */
#pragma once
#include "act/act.h"

struct word {
	size_t n;
	char p[VAULT_WORD_MAX + 1];
};
/* The first line of a file (/dev/fd/N for a descriptor), or where file is NULL what is typed, asked
 * for twice if it is new. CONFIG: others may read the file, or there is no terminal. SYS. The
 * caller frees it with secret_free. */
int passphrase_read(const char *file, bool fresh, struct word **to, struct err *e);
/* All bytes of a file; NULL: of the systemd credential vault-key. */
int passphrase_key(const char *file, struct word **to, struct err *e);
