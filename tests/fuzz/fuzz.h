/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fuzz target is this one function in fuzz_NAME.c. libFuzzer calls it, and so does replay.c,
 * which runs it over kept and generated seeds in the normal test run. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
