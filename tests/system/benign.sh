#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# More than 1,000 lines without a bot among them, with every look-alike, for several seeds: nobody
# reaches behaviour. Rules of the population (prevalence, outages) are at work here.
. tests/system/parts
for seed in 11 12 13; do
	simulated "$seed" 1200 5 --seed "$seed" --benign-only --start 2026-03-02T17:00:00Z
	detected "$seed"
	findings accused "$work/$seed.out" >"$work/accused"
	[ ! -s "$work/accused" ] || fail "seed $seed: $(cat "$work/accused")"
	rm -r "${work:?}/$seed"
done
