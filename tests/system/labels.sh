#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Label columns are never read: without them, with them, and with those of the bad and the good swapped
# the findings are the same.
. tests/system/parts
python3 tests/system/make_labels.py "$work"
for form in zeek argus; do
	for name in $(cd "$work" && echo "$form-none" "$form"-*/); do
		name=${name%/}
		theriac detect --json "$work/$name" >"$work/$name.out"
		findings bare "$work/$name.out" >"$work/$name.bare"
		same "$name" "$work/$form-none.bare" "$work/$name.bare"
	done
	findings accused "$work/$form-none.out" >"$work/accused"
	[ "$(cat "$work/accused")" = "10.0.0.66 behaviour scan-bot-ports" ] ||
		fail "$form: $(cat "$work/accused")"
done
