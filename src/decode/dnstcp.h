/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages out of TCP segments. */
#pragma once
#include "decode/dnspair.h"

struct dnstcp {
	struct pool streams; /* one for each direction of a connection */
	struct hash_key key;
};

void dnstcp_init(struct dnstcp *t);
void dnstcp_fini(struct dnstcp *t);
/* Passes the messages that the segment m->packet completes on to `pair`; m->p and m->n are not
 * used. */
void dnstcp_segment(
    struct dnstcp *t, const struct dnsmessage *m, struct dnspair *pair, struct batch *out);
