#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The golden runner fails where it should, and the kept generators make the kept inputs.
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tests"
cp -r tests/golden "$copy/tests/"
golden=$copy/tests/golden
case=$golden/cmd/version

fails() { # WHAT IS WRONG, WHAT IT SAYS
	"$golden/run" cmd/version >"$copy/said" && {
		echo "the runner passes a case with $1"
		exit 1
	}
	grep -q "$2" "$copy/said" || {
		echo "with $1 the runner says"
		cat "$copy/said"
		exit 1
	}
}

"$golden/run" cmd/version
cp "$case/out" "$copy/out"
echo more >>"$case/out"
fails "another output" "^    -more"
rm "$case/out"
fails "no output kept" 'has no `out`'
cp "$copy/out" "$case/out"
echo 1 >"$case/status"
fails "another status" "exit status 0 instead of 1"
rm "$case/status"
echo "theriac: surprise" >"$case/err"
fails "another error" "^    -theriac: surprise"
rm "$case/err"
: >"$case/why.txt"
fails "no reason" 'has no `why.txt`'

for make in "$golden"/make_*.py; do
	python3 "$make" >/dev/null
done
git diff --no-index --stat tests/golden "$golden" -- >"$copy/changed" || true
grep -v 'cmd/version' "$copy/changed" | grep '|' && {
	echo "a generator makes another input than the one that is kept"
	exit 1
}
exit 0
