#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# State is bounded by lines, not by flows: the same lines need no more memory (within 5 %) for ten times
# as long, nor where they do ten times as much in the same time, and nothing was dropped to get there.
. tests/system/parts
peak() { # NAME HOURS RATE, from the evening on, when most happens at once
	simulated "$1" 150 "$2" --rate "$3" --seed 2 --start 2026-03-02T19:00:00Z
	detected "$1" --threads 2 --indicators "$work/$1/indicators.csv"
	rm -r "${work:?}/$1"
	[ "$(findings summary "$work/$1.out" dropped)" = 0 ] || fail "$1: a table was full"
	findings summary "$work/$1.out" peak_rss_mb >"$work/$1.peak"
	findings summary "$work/$1.out" records flow >"$work/$1.flows"
}
more_flows() { # NAME TIMES
	awk -v a="$(cat "$work/short.flows")" -v b="$(cat "$work/$1.flows")" -v n="$2" 'BEGIN { exit !(b > n * a) }' ||
		fail "the $1 run should have $2 times the flows of the short one"
}
peak short 3 1
peak long 48 1
peak dense 3 10
more_flows long 9
more_flows dense 6 # bots do not do more
if grep -qE '__(asan|tsan)_init' "$THERIAC"; then
	exit 0 # a sanitizer's own memory grows with what was freed
fi
for name in long dense; do
	awk -v a="$(cat "$work/short.peak")" -v b="$(cat "$work/$name.peak")" 'BEGIN { exit !(b <= 1.05 * a) }' ||
		fail "$name: peak memory grew from $(cat "$work/short.peak") to $(cat "$work/$name.peak") MB"
done
