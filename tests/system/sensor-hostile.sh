#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Who is not allowed to export is dropped and counted, exactly; wrong clocks are held apart; a token bucket and a
# hop limit hold; nothing of it becomes a finding. An honest exporter beside one that floods loses nothing.
. tests/system/parts
. tests/system/live_parts
build_sender
# RATE SECONDS FROM [LINES [CLOCK]]
send_for() {
	"$work/send" 127.0.0.1 "$port" "$@" >"$work/sent.$3"
}

started rules --exporter 127.0.0.2 --exporter 127.0.0.3,rate=1000 --exporter 127.0.0.4,ttl=250 \
	--exporter 127.0.0.5 --exporter 127.0.0.6 --exporter 127.0.0.10 --exporter 127.0.8.0/24
python3 tests/system/live.py datagrams 127.0.0.2 "127.0.0.1:$port" 500
python3 tests/system/live.py datagrams 127.0.0.3 "127.0.0.1:$port" 5000
python3 tests/system/live.py datagrams 127.0.0.4 "127.0.0.1:$port" 300 0 64
python3 tests/system/live.py datagrams 127.0.0.4 "127.0.0.1:$port" 200 0 255
python3 tests/system/live.py datagrams 127.0.0.7 "127.0.0.1:$port" 100000 # foreign
python3 tests/system/live.py datagrams 127.0.8.9 "127.0.0.1:$port" 400
send_for 20000 1 127.0.0.5 1000 -7200   # two hours slow
send_for 20000 1 127.0.0.6 1000 31536000 # next year
send_for 20000 1 127.0.0.10 1000 $((200000 - $(date +%s))) # 1970
until_true 20 reached rules wrong_clock 60000 || fail "$("$THERIAC" status --state "$work/rules.state")"
sleep 0.5
ended rules
equal "foreign datagrams" 100000 "$(summary_of rules foreign)"
equal "records of an allowed exporter" "500 0" "$(summary_of rules exporters.127.0.0.2.records exporters.127.0.0.2.lost)"
equal "records of an allowed network" 400 "$(summary_of rules exporters.127.0.8.9.records)"
equal "near and far" "200 300" "$(summary_of rules exporters.127.0.0.4.records exporters.127.0.0.4.far_drops)"
set -- $(summary_of rules exporters.127.0.0.3.records exporters.127.0.0.3.bucket_drops)
equal "records over and under the bucket" 5000 $(($1 + $2))
[ "$1" -ge 1000 ] && [ "$1" -le 3000 ] || fail "the bucket let $1 of 5000 pass"
for a in 127.0.0.5 127.0.0.6 127.0.0.10; do
	made=$(python3 tests/system/live.py key "$work/sent.$a" flows)
	equal "records of $a, held apart" "$made" "$(summary_of rules exporters.$a.wrong_clock)"
	equal "$a is named" 1 "$(grep -c "^theriac: $a sends records of" "$work/rules.err")"
done
grep -q '^theriac: 127.0.0.10 sends records of 1970-01-0' "$work/rules.err" || fail "$(cat "$work/rules.err")"
equal "findings" 0 "$(grep -c '"type":"subject"' "$work/rules.out")"
equal "late" 0 "$(summary_of rules late)"

# With an allow-list each exporter has a kernel queue of its own. The flood is as fast as it goes.
# A machine that cannot send so much to nobody (discard) cannot do it beside a sensor.
"$work/send" 127.0.0.1 9 4000000 1 127.0.0.3 >"$work/alone"
slow=$(python3 tests/system/live.py key "$work/alone" seconds)
python3 -c "import sys; sys.exit(4e6 / $slow < 600000)" || {
	echo "too slow a machine for a flood: 4,000,000 flows took $slow s to send to nobody"
	exit 77
}
started flood --exporter 127.0.0.2 --exporter 127.0.0.3 --buffer 4
send_for 4000000 6 127.0.0.3 &
flood=$!
send_for 40000 6 127.0.0.2
wait "$flood"
sleep 1
ended flood
set -- $(summary_of flood exporters.127.0.0.2.records exporters.127.0.0.2.lost)
equal "records of the honest one" "$(python3 tests/system/live.py key "$work/sent.127.0.0.2" flows)" $(($1 + $2))
[ "$2" -le $(($1 / 100)) ] || fail "the honest exporter lost $2 of $1"
flows=$(python3 tests/system/live.py key "$work/sent.127.0.0.3" flows)
[ "$flows" -ge 2400000 ] || fail "the flood was no faster than $(cat "$work/sent.127.0.0.3"): this proves nothing"
