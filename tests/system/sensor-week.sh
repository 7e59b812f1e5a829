#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# A live sensor that knows sessions: an attack that goes on over the change of week is found once, under the line's
# new name alone, and after kill -9 on either side of it; a handover moves judgement to the next line, and what is of
# no certain line is counted by cause and not judged.
. tests/system/parts
. tests/system/live_parts

week=1767571200 # Monday, 2026-01-05T00:00:00Z
weeks() {
	python3 tests/system/weeks.py "$@" || fail "weeks.py $*"
}
cat >"$work/bad.csv" <<END
indicator,kind,family,first_seen,last_seen,feed
198.51.100.66:4444,ip:port,xrat,2025-12-01T00:00:00Z,2026-01-05T00:00:00Z,ours
END
weeks session "$work/two" start alice 100.64.0.1 $((week - 90000)) -- \
	session "$work/two" start bob 100.64.0.2 $((week - 90000)) -- \
	session "$work/hand" start alice 100.64.0.1 $((week - 90000)) -- \
	session "$work/hand" start dora 100.64.0.9 $((week - 90000))
: >"$work/nothing"

# sensing NAME FILE OPTION...
sensing() {
	name=$1
	file=$2
	shift 2
	started "$name" --replay --checkpoint 1 --indicators "$work/bad.csv" --sessions "file:$file" "$@"
	where=127.0.0.1:$port
}
sunday() { # bob shows that the exporter sees both directions; alice meets a server that is listed
	weeks beacon "$where" 100.64.0.2 198.51.100.77 $((week - 9000)) $((week - 3600)) -- \
		beacon "$where" 100.64.0.1 198.51.100.66 $((week - 3000)) $((week - 600))
}
monday() { # and scans: only both together make a suspect
	weeks scan "$where" 100.64.0.1 $((week + 300)) $((week + 2400)) -- \
		beacon "$where" 100.64.0.2 198.51.100.77 $((week + 2400)) $((week + 3600))
}
arrived() { # NAME STATE RECORDS
	until_true 20 reached "$2" exporters.127.0.0.1.records "$3" || fail "$1: $3 records did not arrive"
}
one_suspect() { # NAME FILE...: told in all of them together
	name=$1
	shift
	cat "$@" >"$work/all"
	weeks told "$work/all" 0 >"$work/told"
	equal "$name: suspects" 1 "$(grep -c ' suspect ' "$work/told")"
	grep -q 'suspect 2026-01-04T23.* 2026-01-05T00.* indicator-contact,.*scan-bot-ports' "$work/told" ||
		fail "$name: $(cat "$work/told")"
	! grep -v ' suspect ' "$work/told" | grep -q scan || fail "$name: two lines: $(cat "$work/told")"
}

sensing across "$work/two"
until_true 20 reached across sessions_taken 2 || fail "no sessions: $(cat "$work/across.err")"
sunday
monday
arrived across across $((90 + 40 + 2100 + 20))
until_true 20 reached across tiers.suspect 1 || fail "no suspect: $(cat "$work/across.out")"
equal "lines of the state" "2" "$(status_of across lines)"
ended across
one_suspect across "$work/across.out"
grep -q 'lines have new names since 2026-01-05T00:00:00Z: 2 known' "$work/across.err" || fail "$(cat "$work/across.err")"
equal "not exact" "0 0 0" "$(summary_of across line_not_exact.unknown line_not_exact.ambiguous line_not_exact.expired)"

# kill -9 before the change; after it, before and after the state is kept. Sessions come out of the index alone.
killed() { # NAME
	checkpoints=$(status_of one checkpoints)
	until_true 20 reached one checkpoints $((checkpoints + ${2:-2})) || fail "$1: no checkpoint"
	kill -9 "$pid"
	wait "$pid" || :
	until_true 10 flock -n "$work/one.state/lock" true || fail "$1: its children outlive it"
}
sensing one "$work/two"
until_true 20 reached one sessions_taken 2 || fail "no sessions: $(cat "$work/one.err")"
sunday
arrived one one 130
killed one
sensing two "$work/nothing" --state "$work/one.state"
until_true 60 grep -q '2 sessions held' "$work/two.err" || fail "the sessions did not come back: $(cat "$work/two.err")"
weeks beacon "$where" 100.64.0.2 198.51.100.77 $((week + 60)) $((week + 200))
until_true 20 grep -q 'lines have new names' "$work/two.err" || fail "no new names: $(cat "$work/two.err")"
killed two 0
sensing three "$work/nothing" --state "$work/one.state"
weeks scan "$where" 100.64.0.1 $((week + 300)) $((week + 1500))
arrived three one 1200
killed three
sensing four "$work/nothing" --state "$work/one.state"
weeks scan "$where" 100.64.0.1 $((week + 1500)) $((week + 2700))
ended four
one_suspect killed "$work/one.out" "$work/two.out" "$work/three.out" "$work/four.out"

# Alice scans, then bob from the same address; carol's address is nobody's.
sensing over "$work/hand"
until_true 20 reached over sessions_taken 2 || fail "no sessions: $(cat "$work/over.err")"
weeks beacon "$where" 100.64.0.9 198.51.100.77 $((week + 6000)) $((week + 9600)) -- \
	scan "$where" 100.64.0.1 $((week + 9600)) $((week + 11700))
arrived over over $((60 + 2100))
weeks session "$work/hand" stop alice 100.64.0.1 $((week + 12000)) -- \
	session "$work/hand" start bob 100.64.0.1 $((week + 12000))
until_true 20 reached over sources."file:$work/hand".sessions 4 || fail "no handover: $(cat "$work/over.err")"
weeks scan "$where" 100.64.0.1 $((week + 11990)) $((week + 14100)) -- \
	scan "$where" 100.64.0.77 $((week + 14100)) $((week + 14200))
ended over
weeks told "$work/over.out" 0 >"$work/told"
equal "lines that scan" 2 "$(grep -c scan-bot-ports "$work/told")"
cut -d ' ' -f 3- "$work/told" | sort >"$work/times"
sed -n 1p "$work/times" | grep -q '2026-01-05T02:39:.* 2026-01-05T03:[01]' || fail "alice: $(cat "$work/told")"
sed -n 2p "$work/times" | grep -q '2026-01-05T03:20:0' || fail "bob: $(cat "$work/told")"
not_exact=$(summary_of over line_not_exact.unknown line_not_exact.ambiguous)
ambiguous=${not_exact#* }
equal "of no line" 100 "${not_exact% *}"
[ "$ambiguous" -ge 2 ] && [ "$ambiguous" -le 8 ] || fail "$ambiguous contacts were near the handover"
