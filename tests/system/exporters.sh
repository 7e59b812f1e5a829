#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# softflowd and pmacctd export the same capture as NetFlow v5, v9 and IPFIX to a live sensor, which
# finds the lines that `detect` finds in the capture itself. $CAPTURES names the folder of data/.
. tests/system/parts
status=0
mkdir "$work/runs"
python3 tests/system/exporters.py "$THERIAC" "$work/runs" "${CAPTURES:-../shared}" >"$work/said" 2>&1 || status=$?
tail -n 60 "$work/said"
exit "$status"
