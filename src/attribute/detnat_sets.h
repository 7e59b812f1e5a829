/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deterministic NATs of an operator, as a source of answers of whose.h: an outside port leads
 * to the inside address that held it, and from there sessions lead on. A set of parameters is one
 * line, see detnat_parse; it is in force from its `from`, which it must have, to its `to`, or until
 * a later set speaks of some of its addresses. Before the first one nothing is known. */
#pragma once
#include "attribute/detnat.h"
#include "attribute/whose.h"

struct detnat_set {
	struct detnat d;
	bool ends; /* its own line says when */
	const char *file;
	unsigned line;
};
struct detnat_sets { /* zero-initialise */
	struct detnat_set *v;
	size_t n;
};
void detnat_sets_fini(struct detnat_sets *s);
/* Adds what a line of a file says, which may be empty or a comment (#). CONFIG with file and line:
 * it is wrong, or two sets would be in force for the same addresses at once. file: borrowed. */
int detnat_sets_add(
    struct detnat_sets *s, struct span text, const char *file, unsigned line, struct err *e);
/* Without a port, the first holders of an address are named, and that there are more. */
struct whose_source detnat_sets_source(struct detnat_sets *s);
