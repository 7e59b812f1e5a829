#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What one household did gives the same findings, byte for byte, however its flows were exported: whole,
# in halves, in slices, twice. The golden cases hold what each gives; here they are compared.
set -eu
wanted=$(grep -v '"type":"summary"' tests/golden/attribute/whole/out)
echo "$wanted" | grep -q '"tier":"behaviour"'
for case in tests/golden/attribute/*/; do
	got=$(cd "$case" && xargs "$THERIAC" <args | grep -v '"type":"summary"')
	[ "$got" = "$wanted" ] || {
		printf '%s differs from whole:\n%s\n' "$case" "$got"
		exit 1
	}
done
