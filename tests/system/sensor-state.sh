#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A detector does not forget because of a restart: hours cut in two by SIGTERM accuse the lines that they accuse in one
# piece. A checkpoint that cannot be written is said, and all goes on; a state that was damaged is said, and the sensor
# starts afresh.
. tests/system/parts
. tests/system/live_parts

simulated isp 200 3 --seed 3 --infected 0.1
bad=$work/isp/indicators.csv flows=$work/isp/flows.pcap
sent() { # OPTION...
	python3 tests/system/replay.py "$flows" "127.0.0.1:$port" --rate 2500 "$@" >"$work/sent"
}

started whole --replay --indicators "$bad"
sent
ended whole
n=$(python3 tests/system/live.py key "$work/sent" sent)

started first --replay --indicators "$bad" --state "$work/kept.state"
sent --count $((n / 2))
ended first
started second --replay --indicators "$bad" --state "$work/kept.state"
until_true 10 grep -q 'state of .* taken over' "$work/second.err" || fail "$(cat "$work/second.err")"
sent --first $((n / 2))
ended second
equal "lost over the restart" 0 "$(summary_of second exporters.127.0.1.1.lost)"
cat "$work/first.out" "$work/second.out" >"$work/both.out"
python3 tests/system/live.py near "$work/whole.out" "$work/both.out" >"$work/differ" ||
	fail "cut in two: $(cat "$work/differ")"
for f in checkpoint state.key; do
	equal "mode of $f" 600 "$(stat -c %a "$work/kept.state/$f")"
done
grep -aq "100.64.0" "$work/kept.state/checkpoint" && fail "addresses stand in the state"

dd if=/dev/zero of="$work/kept.state/checkpoint" bs=1 seek=1000 count=10 conv=notrunc 2>/dev/null
mkdir "$work/kept.state/checkpoint.new" # where the next one is to be written
started full --state "$work/kept.state" --checkpoint 1
until_true 20 grep -q 'starting afresh' "$work/full.err" || fail "the damage was not said: $(cat "$work/full.err")"
[ -s "$work/kept.state/checkpoint.unread" ] || fail "the state that was not taken over is gone"
until_true 20 grep -q 'checkpoint: .*going on with the one before' "$work/full.err" ||
	fail "the failed checkpoint was not said: $(cat "$work/full.err")"
until_true 10 reached kept checkpoints_failed 1 || fail "the status does not say it"
ended full
