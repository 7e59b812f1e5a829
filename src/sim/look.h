/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look-alikes, see looks.def. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct scene;
struct home;

enum look_needs { ASKS, SERVES };
struct look {
	const char *name, *what;
	uint32_t per_mille; /* of the clean lines; at least one line plays it */
	uint8_t serves;     /* SERVES: nobody does it behind a carrier-grade NAT */
	void (*minute)(struct scene *s, struct home *h);
};
extern const struct look looks[];
extern const size_t looks_n;

#define LOOK(function, name, per_mille, serves, what)                                              \
	void look_##function(struct scene *s, struct home *h);
#include "sim/looks.def"
#undef LOOK
