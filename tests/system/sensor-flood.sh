#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Ten times the load of an honest exporter beside it, for a minute: memory does not rise after the first ten seconds,
# and the honest one loses less than 1 %. SECONDS_LONG=600 makes it ten minutes.
. tests/system/parts
command -v cc >/dev/null || exit 77
SECONDS_LONG="${SECONDS_LONG:-60}" python3 tests/bench/live flood
