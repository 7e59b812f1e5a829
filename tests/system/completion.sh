#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The shell completion knows commands, options and words.
set -eu
script=$(mktemp)
trap 'rm -f "$script"' EXIT
tools/make-completion "$THERIAC" >"$script"

completes() { # WANTED WORD...
	wanted=$1
	shift
	got=$(bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _theriac; echo "${COMPREPLY[*]}"' \
		"$script" "$@")
	[ "$got" = "$wanted" ] || {
		echo "completing '$*' gives '$got' instead of '$wanted'"
		exit 1
	}
}
completes "version" theriac versi
completes "--json" theriac list --js
completes "detectors decoders" theriac list de
completes "show" theriac config sh
completes "" theriac config --config ""
