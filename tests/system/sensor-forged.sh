#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Scans that somebody forges to frame lines, 100,000 datagrams of each kind: of a sender who is no exporter, over too
# many hops, by another interface, of prefixes that the exporter does not serve, and played once more. Each is counted
# exactly, for its exporter and its reason, and none becomes a finding; the same scans, believed, do.
. tests/system/parts
. tests/system/live_parts
many=100000
forge() {
	python3 tests/system/live.py "$@" || fail "live.py $*"
}

started believed --exporter 127.0.0.2,prefixes=100.64.0.0/16+2001:db8::/32,via=lo,ttl=64
forge scans 127.0.0.2 "127.0.0.1:$port" 4000
until_true 20 reached believed flows 4000 || fail "the scans did not arrive"
ended believed
[ "$(grep -c '"type":"subject"' "$work/believed.out")" -ge 4 ] || fail "scans that are believed are not found"
equal "what was refused" "0 0 0 0" "$(summary_of believed exporters.127.0.0.2.far_drops \
	exporters.127.0.0.2.via_drops exporters.127.0.0.2.replayed exporters.127.0.0.2.foreign)"

other=
for i in /sys/class/net/*; do
	[ "${i##*/}" = lo ] || other=${i##*/}
done
set -- --exporter 127.0.0.2,ttl=254 --exporter 127.0.0.3,prefixes=100.65.0.0/16+198.51.100.0/24 --exporter 127.0.0.4
[ -z "$other" ] || set -- "$@" --exporter "127.0.0.5,via=$other"
started forged "$@"
forge scans 127.0.0.9 "127.0.0.1:$port" $many     # no exporter
forge scans 127.0.0.2 "127.0.0.1:$port" $many 253 # too far
forge scans 127.0.0.3 "127.0.0.1:$port" $many     # foreign prefix
forge replay 127.0.0.4 "127.0.0.1:$port" 1000 100
[ -z "$other" ] || forge scans 127.0.0.5 "127.0.0.1:$port" $many
until_true 20 reached forged exporters.127.0.0.4.replayed $many || fail "$(status_of forged exporters)"
sleep 0.5
"$THERIAC" status --state "$work/forged.state" >"$work/words"
"$THERIAC" metrics --state "$work/forged.state" >"$work/metrics"
ended forged
equal "findings" 0 "$(grep -c '"type":"subject"' "$work/forged.out")"
equal "kernel drops" "0 0 0 0" "$(summary_of forged kernel_drops exporters.127.0.0.2.kernel_drops \
	exporters.127.0.0.3.kernel_drops exporters.127.0.0.4.kernel_drops)"
equal "of no exporter" $many "$(summary_of forged foreign)"
equal "too far" "$many 0" "$(summary_of forged exporters.127.0.0.2.far_drops exporters.127.0.0.2.records)"
equal "of foreign prefixes" "$many 0" "$(summary_of forged exporters.127.0.0.3.foreign exporters.127.0.0.3.records)"
equal "played again" "$many 1000" "$(summary_of forged exporters.127.0.0.4.replayed exporters.127.0.0.4.records)"
equal "records in all" 1000 "$(summary_of forged records.flow)"
if [ -n "$other" ]; then
	equal "by another way" "$many 0" "$(summary_of forged exporters.127.0.0.5.via_drops exporters.127.0.0.5.records)"
else
	echo "no second interface: via= was not tried with another one"
fi
for reason in far_drops foreign replayed; do
	grep -q "^ *$many $reason: " "$work/words" || fail "status does not tell $reason: $(cat "$work/words")"
	grep -q "^theriac_exporter_${reason}_total{exporter=\"127.0.0.[2-4]\"} $many$" "$work/metrics" ||
		fail "metrics do not tell $reason"
done
