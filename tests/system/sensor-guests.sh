#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Whoever connects: a reader of --out stays through reloads and gets every line whole; idle clients of the control
# socket are hung up on, no descriptors left is waited for, and neither keeps the parent busy.
. tests/system/parts
. tests/system/live_parts
command -v prlimit >/dev/null || exit 77

cpu() { # clock ticks that the parent has used
	cut -d ' ' -f 14,15 "/proc/$pid/stat" | tr ' ' '+'
}
# calm WHAT: the parent does next to nothing for three seconds
calm() {
	one=$(($(cpu)))
	sleep 3
	two=$(($(cpu)))
	[ $((two - one)) -le 60 ] || fail "$1: the parent used $((two - one)) clock ticks in 3 s"
}

reloaded() { # TIMES
	[ "$(grep -c '^theriac: reloaded' "$work/guests.err")" -eq "$1" ]
}

started guests --listen tcp:127.0.0.1:0 --exporter 127.0.0.2 --exporter 127.0.0.1 --out "unix:$work/out.sock" --report 1
tcp=$(sed -n 's/^theriac: listening on tcp:127.0.0.1:\([0-9]*\)$/\1/p' "$work/guests.err")

python3 tests/system/live.py read "$work/out.sock" "$work/lines" &
reader=$!
running="$running $reader"
sleep 0.5
for round in 1 2 3; do
	python3 tests/system/live.py scans 127.0.0.2 "127.0.0.1:$port" $((round * 400)) 64 $((round * 4))
	sleep 2
	kill -HUP "$pid"
	until_true 20 reloaded "$round" || fail "no reload: $(cat "$work/guests.err")"
done

python3 tests/system/live.py hold "$work/guests.state/control" 20 12 &
idle=$!
running="$running $idle"
sleep 0.5
calm "idle clients of the control socket"
sleep 6
"$THERIAC" status --state "$work/guests.state" >/dev/null || fail "idle clients keep the control socket"
wait "$idle" # they give descriptors back as they go
sleep 1

free=3
while [ -e "/proc/$pid/fd/$free" ]; do
	free=$((free + 1))
done
prlimit --pid "$pid" --nofile=$free:
python3 tests/system/live.py hold "127.0.0.1:$tcp" 3 8 &
running="$running $!"
until_true 5 grep -q '^theriac: a connection waits: Too many open files' "$work/guests.err" || fail "no descriptors: not said"
calm "no descriptors"
prlimit --pid "$pid" --nofile=1024:
python3 tests/system/live.py ipfix "127.0.0.1:$tcp" 100
until_true 10 reached guests exporters.127.0.0.1.records 100 || fail "nobody is let in any more"
# Contacts that nobody answered wait for that, and a reload does not keep what waits: these are told at the end.
for line in 16 20 24; do
	python3 tests/system/live.py scans 127.0.0.2 "127.0.0.1:$port" 400 64 "$line"
done
ended guests
wait "$reader" || fail "the reader of --out was cut"
grep '"type":"subject"' "$work/guests.out" >"$work/wanted"
grep '"type":"subject"' "$work/lines" >"$work/got" || :
[ "$(grep -c . "$work/wanted")" -ge 12 ] || fail "too few findings: $(cat "$work/wanted")"
same "what the reader of --out got" "$work/wanted" "$work/got"
