/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the vault lies: STATE/vault with the files `key` (act/vault.h) and `store`. */
#pragma once
#include "act/act.h"
#include "run/run.h"

/* NONE: there is none; the sentence names the command that makes one. */
int vault_load(const char *state, struct vault *v, struct err *e);
/* The path of the store. */
void vault_store_path(const char *state, struct text *path);
/* Asks for what opens it, and opens it; secret is memory of secret_new. */
int vault_ask(const struct run_vault_options *o, const struct vault *v, uint8_t secret[BOX_KEY],
    struct err *e);
