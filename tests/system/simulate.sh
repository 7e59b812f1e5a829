#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The simulated provider keeps its promises: exit statuses, the same bytes for the same options, the
# volume of a line's day, a truth that agrees with the exports, look-alikes that fool simple rules.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

refused() { # STATUS WORDS OPTION...
	wanted=$1 words=$2
	shift 2
	status=0
	"$THERIAC" simulate "$@" >"$dir/said" 2>&1 || status=$?
	[ "$status" -eq "$wanted" ] && grep -q -- "$words" "$dir/said" || {
		echo "simulate $*: status $status instead of $wanted, or without '$words': $(cat "$dir/said")"
		exit 1
	}
}
refused 2 "--out DIR" --lines 10
refused 2 "did you mean ntp" --out "$dir/x" --look-alikes ntq
refused 2 "goes with none of" --out "$dir/x" --format zeek --sampling 10
refused 2 "no room" --out "$dir/x" --prefix 100.64.0.0/24
refused 2 "2000..2099" --out "$dir/x" --start 1970-01-01T00:01:00Z
refused 2 "whole minute" --out "$dir/x" --start 2026-03-02T00:00:01Z
refused 2 "within 1..4000000" --out "$dir/x" --lines 0
refused 1 "cannot be made" --out "$dir/no/such/folder"
mkdir "$dir/full"
ln -s /dev/full "$dir/full/flows.pcap"
refused 1 "flows.pcap: cannot be written" --out "$dir/full" --lines 20 --hours 1

for format in v9 ipfix zeek; do
	for run in a b c; do
		seed=5
		[ "$run" != c ] || seed=6
		"$THERIAC" simulate --lines 30 --hours 2 --seed $seed --format $format --out "$dir/$run" >/dev/null
	done
	diff -r "$dir/a" "$dir/b"
	! diff -rq "$dir/a" "$dir/c" >/dev/null
	rm -r "$dir/a" "$dir/b" "$dir/c"
done

# Nothing of an earlier run is left that would be read as a part of the later one.
"$THERIAC" simulate --lines 5 --hours 1 --format zeek --out "$dir/again" >/dev/null
"$THERIAC" simulate --lines 5 --hours 1 --no-dns --out "$dir/again" >/dev/null
[ "$(ls "$dir/again" | tr '\n' ' ')" = "flows.pcap indicators.csv truth.jsonl " ]

# One exporter that shows one direction, no flags, or one packet in a thousand.
"$THERIAC" simulate --lines 30 --hours 1 --one-way --no-flags --sampling 10 --out "$dir/thin" >/dev/null
"$THERIAC" decode --json "$dir/thin/flows.pcap" >"$dir/thin.jsonl" 2>/dev/null
grep -q '"type":"flow"' "$dir/thin.jsonl"
! grep -q '"flags"' "$dir/thin.jsonl"
! grep -q '"dst":"100\.' "$dir/thin.jsonl"
! grep '"type":"flow"' "$dir/thin.jsonl" | grep -qv '"sampling":10'

"$THERIAC" simulate --lines 150 --out "$dir/day"
"$THERIAC" decode --json "$dir/day" >"$dir/day.jsonl" 2>/dev/null
python3 tests/system/simulate.py volumes "$dir/day" <"$dir/day.jsonl"
python3 tests/system/simulate.py truth "$dir/day" <"$dir/day.jsonl"
"$THERIAC" simulate --lines 50 --benign-only --out "$dir/benign"
"$THERIAC" decode --json "$dir/benign" 2>/dev/null | python3 tests/system/simulate.py naive "$dir/benign"

# With sessions: what the servers tell is read without a bad record, the flows are on what lines held, and nothing of it
# is left to a run without.
"$THERIAC" simulate --lines 60 --infected 0.3 --rate 0.2 --sessions --out "$dir/held"
"$THERIAC" decode --json "$dir/held/sessions" 2>/dev/null | tail -n 1 >"$dir/said"
grep -q '"session":[0-9][0-9][0-9][0-9].*"bad":0,"ignored":0,"late":0' "$dir/said" || {
	cat "$dir/said"
	exit 1
}
"$THERIAC" decode --json "$dir/held" 2>/dev/null | python3 tests/system/simulate.py sessions "$dir/held"
status=0
python3 tests/oracle/handover.py --summary "$dir/held" - --least 0 <<-end >"$dir/said" || status=$?
	{"type":"summary"}
end
[ "$status" -eq 1 ] && grep -q "was found not at all" "$dir/said"
"$THERIAC" simulate --lines 5 --hours 1 --out "$dir/held" >/dev/null
[ "$(ls "$dir/held" | tr '\n' ' ')" = "dns.log flows.pcap indicators.csv truth.jsonl " ]
