/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that OpenSSL does: MD5, see md5.h. The algorithm is fetched once, since that costs more than
 * to hash a packet. */
#include "base/md5.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64, PARTS_MAX = 8 };

static EVP_MD *algorithm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "MD5", NULL);
}

int md5_ready(struct err *e)
{
	(void)pthread_once(&once, fetch);
	return algorithm ? ERR_OK
			 : err_set(e, ERR_CONFIG,
			       "RADIUS needs MD5, and this machine's OpenSSL refuses it (FIPS?)");
}

void md5(uint8_t out[MD5_BYTES], const struct span *parts, size_t n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	if (!c || md5_ready(NULL) != ERR_OK || !EVP_DigestInit_ex2(c, algorithm, NULL))
		abort();
	for (size_t i = 0; i < n; i++)
		if (!EVP_DigestUpdate(c, parts[i].p, parts[i].n))
			abort();
	if (!EVP_DigestFinal_ex(c, out, NULL))
		abort();
	EVP_MD_CTX_free(c);
}

void md5_keyed(uint8_t out[MD5_BYTES], struct span key, const struct span *parts, size_t n)
{
	uint8_t inner[BLOCK_BYTES] = {0}, outer[BLOCK_BYTES], hash[MD5_BYTES];
	struct span in[PARTS_MAX + 1] = {{(const char *)inner, sizeof inner}};
	if (n > PARTS_MAX)
		abort();
	if (key.n > BLOCK_BYTES)
		md5(inner, &key, 1);
	else if (key.n)
		memcpy(inner, key.p, key.n);
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	for (size_t i = 0; i < n; i++)
		in[i + 1] = parts[i];
	md5(hash, in, n + 1);
	struct span both[] = {
	    {(const char *)outer, sizeof outer}, {(const char *)hash, sizeof hash}};
	md5(out, both, 2);
}

bool md5_same(const uint8_t a[MD5_BYTES], const uint8_t b[MD5_BYTES])
{
	return CRYPTO_memcmp(a, b, MD5_BYTES) == 0;
}
