#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Real captures, where they are: no file fails, no host that is called benign reaches behaviour, and
# every bad host that meets the behaviour rule by the oracle's calculation reaches it. $CAPTURES names
# the folder of data/ and eval/.
. tests/system/parts
captures=${CAPTURES:-../shared}
if [ ! -d "$captures/data" ]; then
	echo "no captures at $captures/data"
	exit 77
fi
if [ -x "$captures/eval/score" ]; then
	"$captures/eval/score" --data "$captures/data" --theriac "$THERIAC" >"$work/score" 2>&1 ||
		fail "$(tail -n 30 "$work/score")"
fi
if grep -qE '__(asan|tsan)_init' "$THERIAC"; then
	exit 0 # reading them all was the test; the figures are those of the plain build
fi
python3 tests/oracle/captures.py --theriac "$THERIAC" --data "$captures/data" --detect >"$work/oracle" 2>&1 ||
	fail "$(tail -n 30 "$work/oracle")"
