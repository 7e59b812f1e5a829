#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# What the operator says beside the records: the sections `lines` and `sessions` of the configuration count for
# import, who and detect alike; a deterministic NAT's outside ports lead over its parameters to the line, with the
# line of the file that says so, and to nobody before these were in force.
. tests/system/parts
export THERIAC_STATE="$work/state" THERIAC_CLOCK=2026-01-06T00:00:00Z
mkdir -p "$THERIAC_STATE"

cat >"$work/lines.csv" <<'EOF'
prefix,line,mac,valid_from
100.64.0.1,school 4,02:00:00:00:00:01,2026-01-01T00:00:00Z
100.64.0.2,,02:00:00:00:00:01,2026-01-01T00:00:00Z
EOF
{
	printf 'Thu Jan  1 00:00:03 2026\n\tUser-Name = "anonymous"\n\tChargeable-User-Identity = "c1"\n'
	printf '\tNAS-Identifier = "wifi"\n\tFramed-IP-Address = 100.64.0.3\n\tAcct-Session-Id = "1"\n'
	printf '\tAcct-Status-Type = Start\n\tEvent-Timestamp = "1767225600"\n\tTimestamp = 1767225600\n\n'
} >"$work/detail"
cat >"$work/apart.yaml" <<'EOF'
lines:
  apart: mac:02:00:00:00:00:01
EOF
cat >"$work/rules.yaml" <<'EOF'
lines:
  order: mac
  cui: wifi
sessions:
  reorder: 5 s
EOF
cat >"$work/nat" <<'EOF'
# since the change of the pool
nftables inside=100.64.0.0/28 outside=192.0.2.0/30 block=8000 from=2026-01-02T00:00:00Z
nftables inside=100.64.0.0/28 outside=192.0.2.0/30 block=4000 from=2026-01-04T00:00:00Z
EOF

imported() { # OPTION...
	rm -rf "$THERIAC_STATE/sessions"
	theriac session import "$@" "$work/lines.csv" "$work/detail" >"$work/said" 2>&1 || fail "import: $(cat "$work/said")"
}
at=2026-01-03T00:00:00Z

imported
who_says '"line":"assigned:school 4"' 0 100.64.0.2 $at
who_says '"line":"user:anonymous"' 0 100.64.0.3 $at
who_says '"line":"mac:02:00:00:00:00:01"' 0 100.64.0.2 $at -c "$work/apart.yaml"
who_says '"line":"assigned:school 4"' 0 100.64.0.1 $at -c "$work/apart.yaml"
imported -c "$work/rules.yaml"
who_says '"line":"mac:02:00:00:00:00:01"' 0 100.64.0.1 $at -c "$work/rules.yaml"
who_says '"line":"cui:c1"' 0 100.64.0.3 $at -c "$work/rules.yaml"

imported
who_says '"answer":"unknown"' 3 192.0.2.0:9024 $at
who_says '"answer":"exact".*"line":"assigned:school 4".*"inside":"100.64.0.1".*"by":".*nat line 2"' 0 192.0.2.0:9024 $at --nat "$work/nat"
who_says '"answer":"exact".*"line":"user:anonymous".*"inside":"100.64.0.3".*"by":".*nat line 3"' 0 192.0.2.0:13024 2026-01-04T00:00:00Z --nat "$work/nat"
who_says '"answer":"ambiguous"' 0 192.0.2.0 $at --nat "$work/nat"
who_says '"answer":"ambiguous"' 0 192.0.2.0:13024 2026-01-04T00:00:00Z --skew 2 --nat "$work/nat"
who_says '"answer":"unknown"' 3 192.0.2.0:65100 $at --nat "$work/nat"
who_says '"answer":"unknown"' 3 192.0.2.0:9024 2026-01-01T23:59:59Z --nat "$work/nat"

{
	printf '#separator \\x09\n#path\tconn\n'
	printf '#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\tconn_state\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n'
	for second in 0 600 1200 4000 4600 5200; do # of 2026-01-03
		printf '%s.0\t192.0.2.0\t9024\t198.51.100.66\t4444\ttcp\t1.0\tSF\t6\t500\t5\t400\n' $((1767398400 + second))
	done
} >"$work/conn.log"
printf "indicator,kind,family,first_seen,last_seen,feed\n198.51.100.66:4444,ip:port,xrat,2025-12-01T00:00:00Z,2026-01-03T00:00:00Z,ours\n" >"$work/bad.csv"
found() { # WANTED OPTION...
	want=$1
	shift
	theriac detect --json --sessions "$work/lines.csv" --nat "$work/nat" --indicators "$work/bad.csv" "$@" "$work/conn.log" \
		>"$work/found" 2>"$work/said" || fail "detect $*: $(cat "$work/said")"
	grep -q "\"subject\":\"$want\"" "$work/found" || fail "detect $*: $(cat "$work/found" "$work/said"), not $want"
}
found 'assigned:school 4'
found mac:02:00:00:00:00:01 -c "$work/rules.yaml"
echo "session rules: sound"
