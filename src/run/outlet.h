/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole lines on their way to a reader who may be slow or go away: nothing here waits for him. What
 * he does not take is kept up to OUTLET_BYTES_MAX, then new lines are dropped and counted. A line
 * that was sent in part to somebody who left is sent again from its start to the next one. */
#pragma once
#include "base/str.h"

enum { OUTLET_BYTES_MAX = 16 << 20 };

struct outlet {
	int fd; /* -1: nobody is there */
	struct text waiting;
	size_t at;        /* bytes of it that were sent */
	uint64_t dropped; /* lines */
	bool lost;        /* the reader left, since this was last looked at */
};
void outlet_init(struct outlet *o, int fd);
void outlet_fini(struct outlet *o);           /* closes nothing but what outlet_reader was given */
void outlet_reader(struct outlet *o, int fd); /* somebody new; whoever was there is closed */
bool outlet_line(struct outlet *o, const char *p, size_t n); /* false: dropped */
void outlet_send(struct outlet *o);                          /* as much as goes without waiting */
/* For a successor: what waits, from the start of the line of which *sent bytes are out already. */
struct span outlet_rest(const struct outlet *o, size_t *sent);
void outlet_resume(struct outlet *o, const struct text *lines, size_t sent);
bool outlet_waits(const struct outlet *o);
