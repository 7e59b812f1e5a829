/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in memory, and what opens only with one: memory that is locked, guarded and zeroed; keys
 * out of passphrases (Argon2id); boxes that anybody can close and only their owner can open
 * (X25519 and XSalsa20-Poly1305, libsodium's crypto_box_seal). */
#pragma once
#include "base/seal.h"

/* Zeroed memory between guard pages, kept out of swap where the system allows it; never NULL. */
void *secret_new(size_t n);
void secret_free(void *p); /* zeroes it first; p may be NULL */
/* From now on this process leaves no core and lets no debugger of its user in. */
void secret_guard(void);

enum { SECRET_SALT = 16 };
struct secret_cost { /* of one guess */
	uint64_t passes, bytes;
};
extern const struct secret_cost secret_cost_usual; /* 3 passes over 256 MiB */
/* False: there is not so much memory. */
bool secret_stretch(struct seal_key *k, const void *word, size_t n, const uint8_t salt[SECRET_SALT],
    const struct secret_cost *cost);

enum { BOX_KEY = 32, BOX_MORE = 48 };
void box_pair(uint8_t open[BOX_KEY], uint8_t secret[BOX_KEY]);
void box_open_key(uint8_t open[BOX_KEY], const uint8_t secret[BOX_KEY]); /* the other half */
/* n bytes into n + BOX_MORE. False: that is no usable key. */
bool box_close(uint8_t *to, const void *p, size_t n, const uint8_t open[BOX_KEY]);
/* n + BOX_MORE bytes into n. False: closed for somebody else, or changed. */
bool box_take(void *to, const uint8_t *p, size_t n, const uint8_t open[BOX_KEY],
    const uint8_t secret[BOX_KEY]);
