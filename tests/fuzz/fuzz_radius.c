/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets. Byte 0: bit 0 signs the packet, so that what lies behind the authenticator is
 * reached, too; bit 1 fills in the Message-Authenticator that stands first; else the packet is as
 * it came. What is accepted is answered, and makes possible sessions only, twice the same. */
#include "../unit/accounting.h"
#include "base/mem.h"
#include "fuzz.h"
#include <assert.h>
#include <stdlib.h>

enum { SIGNED = 1, WITH_MESSAGE = 2, MESSAGE_AUTHENTICATOR = 80 };

static const char *once(const uint8_t *p, size_t n, struct batch *out, struct radius_reply *r)
{
	struct radius_packet in = {.p = p,
	    .n = n,
	    .secret = span_of(ACCOUNTING_SECRET),
	    .from = addr_v4(0xc0000201),
	    .now_ms = 1767225600000};
	const char *refused = radius_accounting(&in, out, r);
	assert(refused ? r->n == 0 && out->session_n == 0 : r->n >= ACCOUNTING_HEAD);
	for (size_t i = 0; i < out->session_n; i++)
		assert(session_check(&out->sessions[i]) == ERR_OK);
	return refused;
}

static void twice(const uint8_t *p, size_t n)
{
	struct batch first = {0}, again = {0};
	struct radius_reply reply[2];
	const char *refused = once(p, n, &first, &reply[0]);
	assert(once(p, n, &again, &reply[1]) == refused);
	assert(first.session_n == again.session_n && reply[0].n == reply[1].n);
	assert(memcmp(reply[0].bytes, reply[1].bytes, reply[0].n) == 0);
	for (size_t i = 0; i < first.session_n; i++)
		assert(memcmp(&first.sessions[i], &again.sessions[i], sizeof *first.sessions) == 0);
	batch_fini(&first);
	batch_fini(&again);
}

static void sign(struct accounting *a, bool message)
{
	static const uint8_t none[MD5_BYTES];
	size_t n = a->n;
	if (message && n + MD5_BYTES + 2 <= sizeof a->p) {
		accounting_put(a, MESSAGE_AUTHENTICATOR, none, sizeof none);
		accounting_sign_message(a, n);
	} else
		accounting_sign(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct accounting a;
	if (n < 1)
		return 0;
	accounting_begin(&a);
	size_t body = n - 1 < sizeof a.p - a.n ? n - 1 : sizeof a.p - a.n;
	memcpy(a.p + a.n, data + 1, body);
	a.n += body;
	if (data[0] & SIGNED)
		sign(&a, data[0] & WITH_MESSAGE);
	size_t used = data[0] & SIGNED ? a.n : n - 1;
	uint8_t *exact = mem_new(1, used); /* the sanitizer sees a read past its end */
	if (used)
		memcpy(exact, data[0] & SIGNED ? a.p : data + 1, used);
	twice(exact, used);
	free(exact);
	return 0;
}
