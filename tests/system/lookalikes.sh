#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Benign habits that look like a bot's: a simple rule of another program accuses each of them, and
# theriac says nothing at behaviour or above.
. tests/system/parts
simulated all 120 24 --seed 5 --rate 0.3 --benign-only --look-alikes all --format zeek
theriac decode --json "$work"/all/conn.log "$work"/all/dns.log 2>/dev/null |
	python3 tests/system/lookalikes.py "$work/all/truth.jsonl" || fail "a look-alike is too weak"
detected all
findings accused "$work/all.out" >"$work/accused"
[ ! -s "$work/accused" ] || fail "accused: $(cat "$work/accused")"
