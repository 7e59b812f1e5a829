#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Under load, a reload loses no datagram, and no process that is killed takes the others with it. What was lost
# is told by sequence numbers, over a restart of the whole as well, and nothing needs a template sent again.
. tests/system/parts
. tests/system/live_parts
build_sender

started load --checkpoint 1
state=$work/load.state
status=0
"$THERIAC" sensor --listen udp:127.0.0.1:0 --state "$state" 2>"$work/second" || status=$?
equal "a second sensor's status" 1 "$status"
grep -q "in use by another sensor" "$work/second" || fail "$(cat "$work/second")"

"$work/send" 127.0.0.1 "$port" 20000 9 >"$work/sent" &
sender=$!
sleep 2
kill -HUP "$pid"
until_true 20 grep -q '^theriac: reloaded' "$work/load.err" || fail "no reload: $(cat "$work/load.err")"
equal "lost by the reload" 0 "$(status_of load exporters.127.0.0.1.lost)"
kill -9 "$(child load sensor)"
until_true 20 grep -q '^theriac: sensor was ended by signal 9' "$work/load.err" || fail "the death was not said"
sleep 1
kill -9 "$(child load reader)"
sleep 1
kill -9 "$(child load reader)" "$(child load sensor)"
wait "$sender"
flows=$(python3 tests/system/live.py key "$work/sent" flows)
sleep 1
equal restarts 4 "$(status_of load restarts)"
# What a reader had in its hands when it was killed is lost; every record is in one of the two counts.
seen=$(status_of load exporters.127.0.0.1.records)
ended load
lost=$(summary_of load exporters.127.0.0.1.lost)
[ "$lost" -le $((flows / 50)) ] || fail "$lost of $flows records lost"
[ $((seen + lost)) -ge $((flows - 64)) ] && [ $((seen + lost)) -le $((flows + 64)) ] ||
	fail "$seen seen and $lost lost are not $flows"

# All of it killed; the sender goes on meanwhile, and only its first datagram had the template.
started again --state "$state" --checkpoint 1
first=$(child load reader)
python3 tests/system/live.py datagrams 127.0.0.9 "127.0.0.1:$port" 40
until_true 10 reached load exporters.127.0.0.9.records 40 || fail "40 records did not arrive"
sleep 1.5 # a checkpoint
kill -9 "$pid"
wait "$pid" || :
until_true 10 test ! -d "/proc/$first" || fail "the reader outlives its parent"
started third --state "$state"
python3 tests/system/live.py datagrams 127.0.0.9 "127.0.0.1:$port" 60 50
until_true 10 reached load exporters.127.0.0.9.records 60 || fail "60 records did not arrive"
ended third
equal "lost over the restart" 10 "$(summary_of third exporters.127.0.0.9.lost)"
[ ! -e "$state/control" ] || fail "the control socket was left behind"
