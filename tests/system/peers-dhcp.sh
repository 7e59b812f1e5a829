#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Kea and ISC dhcpd lend addresses and prefixes in network namespaces of their own; `who` then answers from their
# lease files what the devices know of themselves.
. tests/system/parts
status=0
python3 tests/system/peers_dhcp.py "$THERIAC" "$work" >"$work/said" 2>&1 || status=$?
tail -n 40 "$work/said"
exit "$status"
