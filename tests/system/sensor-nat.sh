#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A live sensor outside a deterministic NAT: by `--nat` flows of outside addresses lead to inside ones, and from there
# leases and accounting to lines. By the sections `lines` and `sessions` of its configuration one line is three, another
# has another name, and a session that its NAS speaks of no more is sure no more. `who` is asked without these sections:
# it says what the sensor wrote.
. tests/system/parts
. tests/system/live_parts

now=$(date +%s)
leased() { # ADDR MAC CONTEXT
	printf '%s,%s,,7200,%s,1,0,0,,0,%s\n' "$1" "$2" $((now + 6600)) "$3" # since 600 s ago
}
circuit='{ "ISC": { "relay-agent-info": "0x0106706f72742d31" } }' # port-1
{
	echo "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
	leased 100.64.0.0 02:00:00:00:00:01 "$circuit"
	leased 100.64.0.1 02:00:00:00:00:02 "$circuit"
	leased 100.64.0.2 02:00:00:00:00:01 ""
	leased 100.64.0.4 02:00:00:00:00:03 "$circuit"
} >"$work/leases4.csv"
spoken() { # STATUS AGE
	printf 'Thu Jan  1 00:00:03 2026\n\tUser-Name = "carol"\n\tChargeable-User-Identity = "c1"\n'
	printf '\tNAS-Identifier = "bras"\n'
	printf '\tFramed-IP-Address = 100.64.0.3\n\tAcct-Session-Id = "1"\n\tAcct-Status-Type = %s\n' "$1"
	printf '\tEvent-Timestamp = "%s"\n\tTimestamp = %s\n\n' $((now - $2)) $((now - $2))
}
{
	spoken Start 600
	spoken Interim-Update 540
} >"$work/detail"
{
	echo "nftables inside=100.64.0.0/29 outside=203.0.113.0/30 block=8000 from=2026-01-01T00:00:00Z"
	echo "nftables inside=100.64.0.0/29 outside=203.0.113.0/30 block=4000 from=$(date -u -d '+1 day' +%Y-%m-%dT%H:%M:%SZ)"
} >"$work/nat"
cat >"$work/rules.yaml" <<'EOF'
lines:
  order: mac
  cui: bras
  apart: ["mac:02:00:00:00:00:02", "mac:02:00:00:00:00:03"]
sessions:
  interim: 60 s
EOF

# judged NAME OPTION...: of flows of five blocks, one that nobody leased, and ports of nobody
judged() {
	live=$1
	shift
	started "$live" --inside 203.0.113.0/24 --sessions "file:$work/leases4.csv" --sessions "file:$work/detail" "$@"
	until_true 30 reached "$live" sessions_taken 6 || fail "$live: sessions: $(cat "$work/$live.status")"
	sleep 1 # they count by the clock
	python3 tests/system/sources.py knocks "127.0.0.1:$port" 30 203.0.113.0 1024 -- \
		knocks "127.0.0.1:$port" 40 203.0.113.0 9024 -- knocks "127.0.0.1:$port" 50 203.0.113.0 17024 -- \
		knocks "127.0.0.1:$port" 7 203.0.113.0 25024 -- knocks "127.0.0.1:$port" 60 203.0.113.0 33024 -- \
		knocks "127.0.0.1:$port" 2 203.0.113.0 65100 -- knocks "127.0.0.1:$port" 4 203.0.113.0 41024
	until_true 30 reached "$live" exporters.127.0.0.1.records 193 || fail "$live: flows: $(cat "$work/$live.status")"
	ended "$live"
}
counted() { # NAME LINES UNKNOWN AMBIGUOUS: lines, and contacts of none
	tail -n 1 "$work/$1.out" >"$work/summary"
	grep -q "\"lines\":$2,.*\"line_not_exact\":{\"unknown\":$3,\"ambiguous\":$4,\"expired\":0}" "$work/summary" ||
		fail "$*: $(cat "$work/summary")"
}
at=$(date -u -d "@$((now - 30))" +%Y-%m-%dT%H:%M:%SZ)
who() { # NAME ADDR:PORT WANTED
	who_says "$3" 0 --state "$work/$1.state" --nat "$work/nat" "$2" "$at"
}

judged plain --nat "$work/nat"
counted plain 2 6 0
who plain 203.0.113.0:1024 '"answer":"exact".*"line":"circuit:port-1"'
who plain 203.0.113.0:9024 '"answer":"exact".*"line":"circuit:port-1"'
who plain 203.0.113.0:25024 '"answer":"exact".*"line":"user:carol"'
judged ruled --nat "$work/nat" -c "$work/rules.yaml"
counted ruled 3 6 7
who ruled 203.0.113.0:1024 '"answer":"exact".*"line":"circuit:port-1"'
who ruled 203.0.113.0:9024 '"answer":"exact".*"line":"mac:02:00:00:00:00:02"'
who ruled 203.0.113.0:25024 '"answer":"ambiguous".*"line":"cui:c1"'
