#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# `./dev new detector|decoder` touches the new file, its .def line and its golden cases, and nothing
# else; what it wrote builds without a warning, is listed, and passes its golden cases with all the
# others. Done in a copy of the tree.
set -eu
export LC_ALL=C
tree=$PWD copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -cf - --exclude='./build*' --exclude=./out --exclude=./.git . | tar -xf - -C "$copy"
cd "$copy"
THERIAC=$copy/build/theriac
export THERIAC # that of the copy
meson setup build >/dev/null
# What the tree's own build has of it is not built again: commands, paths and times are the same.
if [ -f "$tree/build/.ninja_deps" ]; then
	(cd "$tree/build" && cp -a .ninja_log .ninja_deps src theriac theriac.p "$copy/build")
fi

state() { # every file with its sum, but what building makes
	find . -path ./build -prune -o -name __pycache__ -prune -o -type f -exec sha256sum {} + | sort
}

expect() { # NAME WANTED GOT
	[ "$2" = "$3" ] || {
		printf '%s\n--- expected\n%s\n--- but got\n%s\n' "$1" "$2" "$3"
		exit 1
	}
}

# adds KIND NAME STAGE TABLE: what ./dev new changed is just that.
adds() {
	symbol=$(echo "$2" | tr - _)
	cases=tests/golden/$3/$2
	before=$(state)
	lines=$(wc -l <"src/$3/$4")
	./dev new "$1" "$2"
	wanted=$(
		for kind in fires hostile quiet; do
			ls "$cases-$kind" | sed "s|^|./$cases-$kind/|"
		done
		echo "./src/$3/$4"
		echo "./src/$3/$symbol.c"
	)
	wanted=$(echo "$wanted" | sort)
	state >after
	got=$(echo "$before" | comm -13 - after | cut -c 67- | grep -v '^./after$' | sort)
	rm after
	expect "files that ./dev new $1 $2 touched" "$wanted" "$got"
	expect "lines added to src/$3/$4" 1 $(($(wc -l <"src/$3/$4") - lines))

	build/theriac list "$1s" --json | grep -q "\"name\":\"$2\""
}

adds detector probe-contacts detect detectors.def
adds decoder probe-flows decode decoders.def
tests/golden/run probe-
grep -q '"packets":3' tests/golden/decode/probe-flows-fires/out
for wrong in 'detector Bad_Name' 'detector probe-contacts' 'action probe-action'; do
	# shellcheck disable=SC2086 # two words
	if ./dev new $wrong; then
		echo "./dev new $wrong should have been refused"
		exit 1
	fi
done
