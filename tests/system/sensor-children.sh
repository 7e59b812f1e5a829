#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A process that hangs is ended and started again, and that is said; a sensor that is down when the end is asked for
# still has its last words; a second SIGTERM ends all at once, with a summary.
. tests/system/parts
. tests/system/live_parts

started hang --checkpoint 1
count=0
for who in reader sensor; do
	kill -STOP "$(child hang "$who")"
	until_true 60 grep -q "^theriac: $who has not stirred for 20 s: it is ended" "$work/hang.err" ||
		fail "the $who that hangs is not ended: $(cat "$work/hang.err")"
	until_true 10 grep -q "^theriac: $who was ended by signal 9" "$work/hang.err" || fail "the $who's death was not said"
	until_true 10 reached hang "processes.$who" 1 || fail "no new $who"
	python3 tests/system/live.py scans 127.0.0.2 "127.0.0.1:$port" 400
	count=$((count + 400))
	until_true 20 reached hang flows "$count" || fail "nothing is read after the $who's death"
done
equal restarts 2 "$(status_of hang restarts)"
ended hang

started down --checkpoint 1
python3 tests/system/live.py scans 127.0.0.2 "127.0.0.1:$port" 4000
until_true 20 reached down taken 4000 || fail "the records were not taken"
before=$(status_of down checkpoints)
until_true 20 reached down checkpoints $((before + 2)) || fail "no checkpoint"
for death in 1 2 3 4 5 6; do # the pause before the next start grows
	until_true 10 reached down processes.sensor 1 || fail "no sensor to kill"
	kill -9 "$(child down sensor)"
	until_true 10 reached down restarts $death || fail "death $death was not seen"
done
equal "the sensor" 0 "$(child down sensor)"
ended down
equal "records in the summary" 4000 "$(summary_of down records.flow)"
tail -n 1 "$work/down.err" | grep -q "^theriac: state of .* taken over" || fail "no state: $(cat "$work/down.err")"

started twice
python3 tests/system/live.py datagrams 127.0.0.2 "127.0.0.1:$port" 40
until_true 20 reached twice flows 40 || fail "the records did not arrive"
kill -STOP "$(child twice reader)"
kill -TERM "$pid"
sleep 0.5
status=0
kill -TERM "$pid"
wait "$pid" || status=$?
equal "status of a forced end" 1 "$status"
equal "records in the summary" 40 "$(summary_of twice records.flow)"
