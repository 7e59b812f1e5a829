#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Every public file of leases, accounting and NAT logs, where they are, decoded as its source's test
# or a second reader says, or differing as tests/oracle/SESSIONS.tsv explains. $CAPTURES names the
# folder of data/.
. tests/system/parts
captures=${CAPTURES:-../shared}
status=0
python3 tests/oracle/sessions.py --theriac "$THERIAC" --data "$captures/data/sessions" >"$work/said" || status=$?
tail -n 40 "$work/said"
exit "$status"
