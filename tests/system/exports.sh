#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# One simulated day exported in one direction only, without TCP flags, sampled at 1:1000, and all of
# that: no benign line reaches behaviour, and the summary names the exporter and the reason.
. tests/system/parts

day() { # NAME REASON OPTION...
	name=$1 reason=$2
	shift 2
	simulated "$name" 300 24 --seed 4 --no-dns "$@"
	detected "$name" --indicators "$work/$name/indicators.csv"
	findings false "$work/$name" "$work/$name.out" >"$work/false"
	[ ! -s "$work/false" ] || fail "$name: benign, but $(cat "$work/false")"
	findings summary "$work/$name.out" outcome_unknown >"$work/unknown"
	grep -q "\"exporter\": \"[^\"].*\"why\": \"$reason\"" "$work/unknown" ||
		fail "$name: not said '$reason': $(cat "$work/unknown")"
	rm -r "$work/$name"
}
day one-way 'exports one direction only' --one-way
day no-flags 'exports no TCP flags' --no-flags
day sampled 'is sampled' --sampling 1000
day all 'is sampled' --one-way --no-flags --sampling 1000
