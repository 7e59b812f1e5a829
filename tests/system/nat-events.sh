#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Port blocks that NATs export, by NetFlow v9 and IPFIX, numbered as in RFC 8158 and as Junos does: out of a capture into
# the index, beside `detect`, and live by the port that flows come in by. Their ports lead to the line behind them, and
# other ports to nobody.
. tests/system/parts
. tests/system/live_parts

nat() {
	python3 tests/system/nat_events.py "$@" || fail "nat_events.py $*"
}
sources() {
	python3 tests/system/sources.py "$@" || fail "sources.py $*"
}
# answers STATE: alice's block by RFC 8158, bob's two by Junos, and what is nobody's
answers() {
	sources who "$THERIAC" "$1" 203.0.113.1:1500 60 "exact mac:02:00:00:00:00:01" -- \
		who "$THERIAC" "$1" 203.0.113.1:3071 60 "exact mac:02:00:00:00:00:02" -- \
		who "$THERIAC" "$1" 203.0.113.2:4000 60 "exact mac:02:00:00:00:00:02" -- \
		who "$THERIAC" "$1" 203.0.113.1:3072 60 unknown -- \
		who "$THERIAC" "$1" 203.0.113.1:1500 300 unknown -- \
		who "$THERIAC" "$1" 203.0.113.1 60 "ambiguous mac:02:00:00:00:00:01 mac:02:00:00:00:00:02"
}
leases=$work/leases4.csv
sources lease "$leases" 100.64.0.1 02:00:00:00:00:01 600 -- lease "$leases" 100.64.0.2 02:00:00:00:00:02 600
rfc=v9:16:100.64.0.1:203.0.113.1:1024:2047:120
junos=ipfix:14:100.64.0.2:203.0.113.1:2048:3071:120
active=ipfix:16:100.64.0.2:203.0.113.2:3072:4095:120

# Captures, each by its numbering.
nat capture "$work/rfc.pcap" $rfc
nat capture "$work/junos.pcap" $junos $active
printf 'decoder.pcap:\n  nat-events: junos\n' >"$work/junos.yaml"
export THERIAC_STATE="$work/index"
mkdir "$THERIAC_STATE"
theriac session import "$leases" "$work/rfc.pcap" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
theriac session import -c "$work/junos.yaml" "$work/junos.pcap" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
answers "$work/index"

nat capture "$work/flows.pcap" flows:203.0.113.1:1100:300 flows:203.0.113.1:2100:200 flows:203.0.113.1:5000:20
cat >>"$work/junos.yaml" <<END
detect:
  sessions: ["$leases", "$work/junos.pcap"]
END
theriac detect --json -c "$work/junos.yaml" "$work/flows.pcap" >"$work/junos.out" 2>"$work/said" || fail "$(cat "$work/said")"
equal "by Junos: lines, and contacts of none" "1 320 0" \
	"$(summary_of junos lines line_not_exact.unknown line_not_exact.ambiguous)"
theriac detect --json --sessions "$leases" --sessions "$work/rfc.pcap" "$work/flows.pcap" >"$work/rfc.out" 2>"$work/said" ||
	fail "$(cat "$work/said")"
equal "by RFC 8158: lines, and contacts of none" "1 220 0" \
	"$(summary_of rfc lines line_not_exact.unknown line_not_exact.ambiguous)"

# Live, each exporter with its own numbering, and clock.
started live --inside 203.0.113.0/24 --sessions "file:$leases" --exporter 127.0.0.1 --exporter 127.0.0.2 \
	--exporter "127.0.0.3,dialect=junos,skew=30 min"
nat send 127.0.0.2 "127.0.0.1:$port" $rfc
nat send 127.0.0.3 "127.0.0.1:$port" "${junos%:*}:-1680" "${active%:*}:-1680" # its clock is half an hour ahead
until_true 20 reached live sessions_taken 5 || fail "sessions: $(cat "$work/live.status")"
at=$(date -u -d '-60 seconds' +%Y-%m-%dT%H:%M:%SZ) # events count two seconds after they came
until_true 20 "$THERIAC" who 203.0.113.2:4000 "$at" --reason test --state "$work/live.state" || fail "no answer"
until_true 20 "$THERIAC" who 203.0.113.1:1500 "$at" --reason test --state "$work/live.state" || fail "no answer"
answers "$work/live.state"
nat send 127.0.0.1 "127.0.0.1:$port" flows:203.0.113.1:1100:300 flows:203.0.113.1:2100:200 flows:203.0.113.1:5000:20
until_true 20 reached live exporters.127.0.0.1.records 520 || fail "flows: $(cat "$work/live.status")"
ended live
equal "live: lines, and contacts of none" "2 20 0" \
	"$(summary_of live lines line_not_exact.unknown line_not_exact.ambiguous)"
equal "events of each exporter" "1 2" "$(summary_of live exporters.127.0.0.2.records exporters.127.0.0.3.records)"
