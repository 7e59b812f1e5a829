/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of look-alikes, see looks.def. */
#include "sim/look.h"

const struct look looks[] = {
#define LOOK(function, name, per_mille, serves, what)                                              \
	{name, what, per_mille, serves, look_##function},
#include "sim/looks.def"
#undef LOOK
};
const size_t looks_n = sizeof looks / sizeof *looks;
_Static_assert(sizeof looks / sizeof *looks <= 64, "roles are bits of a 64-bit number");
