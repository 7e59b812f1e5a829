/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of inputs: see collect.h. */
#include "collect/collect.h"

const struct input_kind *const input_kinds[] = {
#define INPUT(name) &input_##name,
#include "collect/inputs.def"
#undef INPUT
};
const size_t input_kinds_n = sizeof input_kinds / sizeof *input_kinds;
