#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# nfcapd files in every compression that nfcapd and nfdump write hold the same records, those that
# `nfdump -o csv` prints. ZSTD is not among them (nfdump 1.7.1 does not know it): the golden case
# nfcapd-compressed has a file of our own making, without a peer.
. tests/system/parts
simulated day 60 1 --seed 5 --no-dns
status=0
mkdir "$work/files"
python3 tests/system/nfcapd.py "$THERIAC" "$work/day/flows.pcap" "$work/files" >"$work/said" || status=$?
tail -n 40 "$work/said"
exit "$status"
