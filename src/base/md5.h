/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MD5, for RADIUS alone, which knows nothing better (RFC 2866; RFC 2104 for the keyed form). */
#pragma once
#include "base/err.h"
#include "base/str.h"

enum { MD5_BYTES = 16 };

/* CONFIG where the machine's cryptography refuses it (FIPS mode): to be asked at the start. */
int md5_ready(struct err *e);
/* Of n parts, one behind the other. The process ends where md5_ready would have failed. */
void md5(uint8_t out[MD5_BYTES], const struct span *parts, size_t n);
void md5_keyed(uint8_t out[MD5_BYTES], struct span key, const struct span *parts, size_t n);
/* In a time that does not depend on where they differ. */
bool md5_same(const uint8_t a[MD5_BYTES], const uint8_t b[MD5_BYTES]);
