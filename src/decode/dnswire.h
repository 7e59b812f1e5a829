/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages as they are sent. */
#pragma once
#include "rec/dns.h"

struct dnswire { /* what the header says; names and answers go into struct dns */
	uint16_t id;
	uint8_t opcode; /* 0: query */
	bool response;
	bool has_question;
};

/* Reads one message into m and d (zeroed): name and qtype of the first question; of a response also
 * rcode, answers and the smallest TTL. False: header or question cannot be read, *wrong (static
 * text) says why. True with *wrong: what stands behind the question is damaged or cut off; d holds
 * what came before. */
bool dnswire_read(const uint8_t *p, size_t n, struct dnswire *m, struct dns *d, const char **wrong);
