/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pseudonyms that are replaced by others: at a change of epoch those of all lines, now and then
 * those of two lines that turned out to be one. A pseudonym is found by its 16 bytes alone; its
 * flags become those of the new one. What is no pseudonym keeps its name. */
#pragma once
#include "rec/subject.h"

struct rename {
	struct subject was, is;
};
struct renames { /* zero-initialise; renames_fini */
	struct rename *v;
	uint32_t *slots; /* number + 1, open addressing */
	uint32_t n, cap, mask;
	bool others_go; /* pseudonyms that get no new name are forgotten */
};
/* A pseudonym that stands there already gets no other name. Where one is the new name of an earlier
 * one, that one gets the newest. */
void renames_add(struct renames *r, const struct subject *was, const struct subject *is);
/* Gives the subject its new name, if it gets one. False: it is to be forgotten. */
bool renames_apply(const struct renames *r, struct subject *s);
void renames_reset(struct renames *r); /* empty again */
void renames_fini(struct renames *r);
