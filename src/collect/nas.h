/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose accounting is taken: addresses, their shared secret, and what is known of them. Reached
 * through collect.h. */
#pragma once
#include "base/err.h"
#include "rec/addr.h"

enum { NAS_SECRET_MAX = 255 };

struct nas_rule {
	struct prefix from;
	int64_t skew_ms; /* that its clock runs ahead; negative: behind */
	uint32_t realm;  /* of the addresses that it tells of */
	bool by_cui;     /* a line is its Chargeable-User-Identity, not its User-Name */
	struct nas_secret {
		size_t n;
		char text[NAS_SECRET_MAX];
	} * secret; /* in memory of base/secret.h */
};

/* "ADDR[/LEN],secret=FILE[,skew=SPAN][,realm=N][,line=user|cui]"; reads the file, whose first line
 * is the secret, and which others than its owner and group must not be able to read. CONFIG, SYS.
 */
int nas_rule_parse(struct nas_rule *r, const char *text, struct err *e);
/* Zeroes the secrets. */
void nas_rules_free(struct nas_rule *v, size_t n);
/* The rule with the longest prefix that holds the address, or NULL. */
const struct nas_rule *nas_rule_of(const struct nas_rule *v, size_t n, const union addr *from);
