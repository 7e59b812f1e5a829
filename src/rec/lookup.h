/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A DNS record seen from the line that asked. */
#pragma once
#include "rec/dns.h"
#include "rec/subject.h"

struct lookup {
	struct subject subject;
	const struct dns *dns; /* valid for the call */
};
