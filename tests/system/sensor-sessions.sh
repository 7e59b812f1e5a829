#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A sensor with all kinds of session sources at once: accounting, good, forged, replayed and late; a NAT's syslog in
# its own time zone; a lease file through Kea's clean-up. What was answered is there after kill -9 of any process, at
# once and for `who`; what is dropped is counted with its source; flows are judged by line.
. tests/system/parts
. tests/system/live_parts

sources() {
	python3 tests/system/sources.py "$@" || fail "sources.py $*"
}
printf 'secret\n' >"$work/secret"
chmod 600 "$work/secret"
leases=$work/leases4.csv
cat >"$work/config.yaml" <<END
sensor:
  listen: ["udp:127.0.0.1:0"]
  inside: [100.64.0.0/10, 203.0.113.0/24]
  sessions: ["radius:127.0.0.1:0", "syslog:127.0.0.1:0,tz=+02:00", "file:$leases"]
  nas: ["127.0.0.2,secret=$work/secret"]
  checkpoint: 1 s
END

# sensing NAME: sets $where, $radius and $syslog
sensing() {
	"$THERIAC" sensor --config "$work/config.yaml" --state "$work/one.state" --json >"$work/$1.out" 2>"$work/$1.err" &
	pid=$!
	running="$running $pid"
	until_true 60 grep -q '^theriac: ready' "$work/$1.err" || fail "$1: $(cat "$work/$1.err")"
	where=127.0.0.1:$(sed -n 's/^theriac: listening on udp:127.0.0.1:\([0-9]*\)$/\1/p' "$work/$1.err")
	radius=127.0.0.1:$(sed -n 's/^theriac: sessions from radius:127.0.0.1:\([0-9]*\)$/\1/p' "$work/$1.err")
	syslog=127.0.0.1:$(sed -n 's/^theriac: sessions from syslog:127.0.0.1:\([0-9]*\)$/\1/p' "$work/$1.err")
}
accounted() { # WANTED ARGUMENT...: of sources.py radius
	wanted=$1
	shift
	equal "accounting $*" "$wanted" "$(sources radius "$@")"
}
told() { # KEY...: of the accounting listener
	status_of one $(printf 'sources.radius:127.0.0.1:0.%s ' "$@")
}
taken() { # NUMBER
	until_true 60 reached one sessions_taken "$1" || fail "no $1 sessions: $(cat "$work/one.status")"
}
# Who is not known, has another secret, or sends what was sent long ago is not answered; who asks twice is told once.
sensing one
equal "answers" "answered 3 answered 1 answered 1 silent silent silent " "$(
	sources radius 127.0.0.2 "$radius" secret start alice 100.64.0.1 age=100 delay=100 again=2 -- \
		radius 127.0.0.2 "$radius" secret start carol 100.64.0.3 age=200 delay=200 -- \
		radius 127.0.0.2 "$radius" secret start erin 100.64.0.5 delay=50 -- \
		radius 127.0.0.2 "$radius" wrong start mallory 100.64.0.1 age=10 tries=1 -- \
		radius 127.0.0.3 "$radius" secret start mallory 100.64.0.1 age=10 tries=1 -- \
		radius 127.0.0.2 "$radius" secret start mallory 100.64.0.1 age=1000 tries=1 -- \
		damaged 127.0.0.2 "$radius" 3 | tr '\n' ' '
)"
until_true 30 reached one sources.radius:127.0.0.1:0.bad 3 || fail "damaged: $(cat "$work/one.status")"
equal "counted" "11 3 5 2 1 1 1 3 0" \
	"$(told packets sessions answered again forged unknown_sender replayed bad unanswered)"
sources syslog "$syslog" 2 begins 100.64.0.1 203.0.113.1 1024 2047 90 -- \
	syslog "$syslog" 2 begins 100.64.0.99 203.0.113.1 2048 3071 -7200 -- \
	lease "$leases" 100.64.0.20 02:00:00:00:00:20 90
taken 5
until_true 30 reached one "sources.syslog:127.0.0.1:0,tz=+02:00.wrong_clock" 1 || fail "$(cat "$work/one.status")"

# Kea cleans up: the file becomes .1, and comes back as .2 with what is still valid; rows go on in a new one.
mv "$leases" "$leases.1"
sources lease "$leases" 100.64.0.21 02:00:00:00:00:21 80
taken 6
mv "$leases.1" "$leases.2"

# Each process in turn dies; what was answered then was in the log.
killed() { # PROCESS
	until_true 60 reached one "processes.$1" 1 || fail "no $1: $(cat "$work/one.err")"
	kill -9 "$(child one "$1")"
}
for process in sessions sensor; do
	killed $process
	accounted "answered 1" 127.0.0.2 "$radius" secret start "after-$process" 100.64.1.${#process} age=60 delay=60
	killed sensor
done
kill -9 "$pid"
wait "$pid" || :
until_true 30 flock -n "$work/one.state/lock" true || fail "its children outlive it"
sources who "$THERIAC" "$work/one.state" 100.64.1.8 30 "exact user:after-sessions" -- \
	who "$THERIAC" "$work/one.state" 100.64.1.6 30 "exact user:after-sensor"
sensing two
until_true 60 grep -q '8 sessions held' "$work/two.err" || fail "what came back: $(cat "$work/two.err")"
accounted "answered 1" 127.0.0.2 "$radius" secret stop carol 100.64.0.3 age=20 delay=20

# What was open at the start stays open over reloads, whose options are others each time.
for reloads in 1 2 3; do
	kill -HUP "$pid"
	until_true 60 sh -c "[ \$(grep -c '^theriac: reloaded' '$work/two.err') -eq $reloads ]" || fail "$(cat "$work/two.err")"
done

# Alice from inside and through the NAT is one line; her NAT's next block and the address of nobody are of none.
taken 1
sleep 3 # events count two seconds after they came
sources knocks "$where" 300 100.64.0.1 -- knocks "$where" 300 203.0.113.1 1100 -- \
	knocks "$where" 20 100.64.0.20 -- knocks "$where" 10 203.0.113.1 2100 -- knocks "$where" 5 100.64.0.77
until_true 60 reached one exporters.127.0.0.1.records 635 || fail "no flows: $(cat "$work/one.status")"
accounted "answered 1" 127.0.0.2 "$radius" secret interim erin 100.64.0.5 delay=0
ended two
equal "lines, and contacts of none" "2 15 0 0" \
	"$(summary_of two lines line_not_exact.unknown line_not_exact.ambiguous line_not_exact.expired)"
equal "in the summary" "2 2" "$(summary_of two sources.radius:127.0.0.1:0.answered sources.radius:127.0.0.1:0.sessions)"
set --
while read -r addr age answer; do
	set -- "$@" -- who "$THERIAC" "$work/one.state" "$addr" "$age" "$answer"
done <<END
100.64.0.1 40 exact user:alice
203.0.113.1:1500 40 exact user:alice
203.0.113.1:2100 40 unknown
100.64.0.3 150 exact user:carol
100.64.0.3 5 unknown
100.64.0.5 20 exact user:erin
100.64.0.20 40 exact mac:02:00:00:00:00:20
100.64.0.21 40 exact mac:02:00:00:00:00:21
END
shift
sources "$@"
