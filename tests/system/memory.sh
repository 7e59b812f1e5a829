#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# State is bounded by lines, not by flows: the same lines for ten times as long need no more memory
# (within 5 %), and nothing was dropped to get there.
. tests/system/parts
peak() { # NAME HOURS, from the evening on, when most happens at once
	simulated "$1" 150 "$2" --seed 2 --start 2026-03-02T19:00:00Z
	detected "$1" --threads 2 --indicators "$work/$1/indicators.csv"
	rm -r "${work:?}/$1"
	[ "$(findings summary "$work/$1.out" dropped)" = 0 ] || fail "$1: a table was full"
	findings summary "$work/$1.out" peak_rss_mb >"$work/$1.peak"
	findings summary "$work/$1.out" records flow >"$work/$1.flows"
}
peak short 3
peak long 48
awk -v a="$(cat "$work/short.flows")" -v b="$(cat "$work/long.flows")" 'BEGIN { exit !(b > 9 * a) }' ||
	fail "the long run should have ten times the flows of the short one"
if grep -qE '__(asan|tsan)_init' "$THERIAC"; then
	exit 0 # a sanitizer's own memory grows with what was freed
fi
awk -v a="$(cat "$work/short.peak")" -v b="$(cat "$work/long.peak")" 'BEGIN { exit !(b <= 1.05 * a) }' ||
	fail "peak memory grew from $(cat "$work/short.peak") to $(cat "$work/long.peak") MB"
