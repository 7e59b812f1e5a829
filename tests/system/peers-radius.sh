#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# FreeRADIUS relays accounting to a sensor and writes it into its detail files, radclient sends good and forged
# packets; `who` then says the same of all ways.
. tests/system/parts
status=0
python3 tests/system/peers_radius.py "$THERIAC" "$work" >"$work/said" 2>&1 || status=$?
tail -n 40 "$work/said"
exit "$status"
