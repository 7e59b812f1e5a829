/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small wholes, sealed at once: see seal.h. */
#include "base/seal.h"
#include "base/mem.h"
#include <stdlib.h>

void seal_whole(const struct seal_key *k, const void *p, size_t n, const void *about,
    size_t about_n, uint8_t *to)
{
	struct seal s;
	seal_begin(&s, k, to);
	seal_put(&s, p, n, about, about_n, true, to + SEAL_HEAD);
	seal_wipe(&s, sizeof s);
}

bool unseal_whole(const struct seal_key *k, const uint8_t *p, size_t n, const void *about,
    size_t about_n, void *to)
{
	struct seal s;
	bool last = false;
	unseal_begin(&s, k, p);
	bool good = unseal_take(&s, p + SEAL_HEAD, n, about, about_n, to, &last) && last;
	seal_wipe(&s, sizeof s);
	return good;
}
