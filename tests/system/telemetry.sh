#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Every public capture of telemetry, where they are, decoded as tshark, nfdump and the source's own
# tests say, or differing as tests/oracle/TELEMETRY.tsv explains. $CAPTURES names the folder of data/.
. tests/system/parts
captures=${CAPTURES:-../shared}
status=0
python3 tests/oracle/telemetry --theriac "$THERIAC" --data "$captures/data" >"$work/said" || status=$?
tail -n 40 "$work/said"
exit "$status"
