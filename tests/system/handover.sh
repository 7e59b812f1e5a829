#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A1 A2 A5 A8: lines whose addresses change (DHCP, PPPoE, a NAT's port blocks, both families) are each found once over all
# their addresses, and nobody who had an address before, after or beside them is accused; without session data they are not.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$THERIAC" simulate --sessions --lines 350 --infected 0.15 --seed 1 --out "$dir" >/dev/null
exports="$dir/flows.pcap $dir/flows-outside.pcap $dir/dns.log"
# shellcheck disable=SC2086 # three paths
"$THERIAC" detect --json --sessions "$dir/sessions" $exports >"$dir/with" 2>/dev/null
# shellcheck disable=SC2086
"$THERIAC" detect --json --inside 100.64.0.0/10 --inside 2001:db8::/32 $exports >"$dir/without" 2>/dev/null
python3 tests/oracle/handover.py --summary --least 20 --without "$dir/without" "$dir" "$dir/with"
tail -n 1 "$dir/with" | grep -q '"line_not_exact":{"unknown":[0-9]*,"ambiguous":[0-9]*,"expired":0}'

# What the sessions file holds is counted with the rest, what is no use in it, too; a file without sessions is an error.
tail -n 1 "$dir/with" | grep -q '"session":[1-9][0-9]*.*"bad":0,"ignored":0,.*"dropped":0'
head -c 100000 "$dir/sessions/radius.detail" >"$dir/cut"
"$THERIAC" detect --json --sessions "$dir/cut" --sessions README.md "$dir/flows.pcap" >"$dir/some" 2>"$dir/said"
tail -n 1 "$dir/some" | grep -q '"session":[1-9].*"ignored":[1-9]'
status=0
"$THERIAC" detect --sessions README.md "$dir/flows-outside.pcap" >/dev/null 2>"$dir/said" || status=$?
[ "$status" -eq 1 ] && grep -q "no session could be read" "$dir/said"

# The same lines under pseudonyms: as many findings, and no name.
"$THERIAC" vault key "$dir/key" >/dev/null
# shellcheck disable=SC2086
"$THERIAC" detect --json --sessions "$dir/sessions" --pseudonyms "$dir/key" $exports >"$dir/secret" 2>/dev/null
[ "$(grep -c '"subject":"P[0-9a-f]*"' "$dir/secret")" = "$(grep -c '"type":"subject"' "$dir/with")" ]
! grep -q 'isp.example\|remote:' "$dir/secret"
