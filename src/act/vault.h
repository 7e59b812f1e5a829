/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault's keys. Whoever has the public one can put contact data in; only the secret one takes
 * it out again, and that lies sealed under a passphrase, or under a key that the system keeps (a
 * systemd credential). Here they are structs and the text of a file; run/vault.c has the file. */
#pragma once
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum vault_lock { VAULT_PASSPHRASE, VAULT_KEY };
enum { VAULT_TAG = 16, VAULT_WORD_MIN = 12, VAULT_WORD_MAX = 1024, VAULT_NAME = 20 };

struct vault {
	uint8_t open[BOX_KEY]; /* public: closes boxes */
	uint8_t
	    index[SEAL_KEY]; /* lines are found by their hash under it; computed from the secret */
	int64_t made_ms;
	uint8_t lock;            /* enum vault_lock */
	struct secret_cost cost; /* of a passphrase */
	uint8_t salt[SECRET_SALT];
	uint8_t sealed[BOX_KEY + SEAL_WHOLE]; /* the secret key */
};

/* A new pair; secret is memory of secret_new, and the caller's to seal and to free. */
void vault_make(struct vault *v, uint8_t secret[BOX_KEY], int64_t now_ms);
/* The same vault out of its secret key, from a recovery sheet. */
void vault_remake(struct vault *v, const uint8_t secret[BOX_KEY], int64_t now_ms);
/* Seals the secret under a passphrase or a key's bytes (at least 32). CONFIG: it is too short or
 * too long. LIMIT: not enough memory for the passphrase's cost. */
int vault_seal(struct vault *v, const uint8_t secret[BOX_KEY], enum vault_lock lock,
    const char *word, size_t n, const struct secret_cost *cost, struct err *e);
/* INPUT: it is another passphrase or key. */
int vault_unseal(
    const struct vault *v, const char *word, size_t n, uint8_t secret[BOX_KEY], struct err *e);

/* The file: lines "word value". INPUT where it is none, or of a newer version. */
void vault_print(const struct vault *v, struct text *out);
int vault_read(struct vault *v, struct span s, struct err *e);
/* A short name to compare by eye: "3f2a-91c0-7be4-05d1". */
void vault_name(const struct vault *v, char out[VAULT_NAME]);
/* What a line is found by in the store; says nothing of the line without the index key. */
void vault_tag(const struct vault *v, struct span line, uint8_t tag[VAULT_TAG]);
