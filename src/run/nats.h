/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that say how deterministic NATs are set up, see attribute/detnat_sets.h. */
#pragma once
#include "attribute/attribute.h"
#include "base/opt.h"

/* The names in files stay borrowed. SYS, CONFIG with file and line; detnat_sets_fini in any case.
 */
int nats_read(const struct opt_list *files, struct detnat_sets *s, struct err *e);
