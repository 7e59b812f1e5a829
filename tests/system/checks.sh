#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The checks of layers and sizes find what they are there for, and name its file and line.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/decode" "$tree/src/run" "$tree/src/collect" "$tree/tools"
cp tools/layers "$tree/tools"

says() { # WANTED CHECK
	"tools/$2" "$tree" >"$tree/said" && {
		echo "tools/$2 finds nothing, where it should say: $1"
		exit 1
	}
	grep -qF "$1" "$tree/said" || {
		echo "tools/$2 does not say '$1' but"
		cat "$tree/said"
		exit 1
	}
}

tools/check-layers "$tree"
tools/check-sizes "$tree"
printf '#include "base/buf.h"\n#include "run/run.h"\n#include <time.h>\n#include <zlib.h>\n#include "base/clock.h"\n' >"$tree/src/decode/x.c"
printf '#include "decode/pcap.h"\n#include "y.h"\n#include <zlib.h>\n' >"$tree/src/run/y.c"
says 'src/decode/x.c:2: decode may not include run' check-layers
says 'src/decode/x.c:5: decode is pure: its time comes from the records' check-layers
says 'src/decode/x.c:3: decode is pure' check-layers
says 'src/run/y.c:1: from outside, decode is "decode/decode.h"' check-layers
says 'src/run/y.c:2: "y.h" is named without its folder' check-layers
says 'src/run/y.c:3: <zlib.h> is included by src/decode/x.c already' check-layers
{
	printf 'int f(void)\n{\n'
	yes '	g();' | head -n 101
	printf '}\n\nvoid h(char *a)\n{\n	strcpy(a, "");\n}\n'
} >"$tree/src/run/long.c"
yes '/* */' | head -n 801 >"$tree/src/run/longer.h"
says 'src/run/long.c:2: a function of 101 lines' check-sizes
says "src/run/long.c:108: 'strcpy' is not used here" check-sizes
says 'src/run/longer.h:800: 801 lines' check-sizes
