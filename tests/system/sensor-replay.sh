#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What a live sensor finds in a provider's exports is what detect finds in the capture of them.
. tests/system/parts
. tests/system/live_parts

for format in v9 ipfix; do
	simulated "$format" 200 3 --seed 3 --infected 0.1 --format "$format"
	bad=$work/$format/indicators.csv
	theriac detect --json --no-dns --inside 100.64.0.0/10 --indicators "$bad" "$work/$format/flows.pcap" \
		>"$work/$format.detect" 2>&1 || fail "$(cat "$work/$format.detect")"
	started "$format" --replay --indicators "$bad"
	python3 tests/system/replay.py "$work/$format/flows.pcap" "127.0.0.1:$port" --rate 2500 >"$work/sent"
	ended "$format"
	equal "$format: flows" "$(python3 tests/system/live.py key "$work/$format.detect" records.flow)" \
		"$(summary_of "$format" records.flow)"
	equal "$format: lost" 0 "$(summary_of "$format" exporters.127.0.1.1.lost)"
	python3 tests/system/live.py near "$work/$format.detect" "$work/$format.out" >"$work/differ" ||
		fail "$format: live and offline differ: $(cat "$work/differ")"
done
