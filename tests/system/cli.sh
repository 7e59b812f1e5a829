#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The contract of `theriac detect` and `decode` that users and programs rely on: exit status, what is
# said, options, JSON keys.
. tests/system/parts
python3 tests/system/make_labels.py "$work/in"
scan=$work/in/zeek-none scanner=10.0.0.66

says() { # STATUS PATTERN WORD...: how it ends, and a line on standard output or error
	wanted=$1 pattern=$2
	shift 2
	theriac "$@" >"$work/out" 2>"$work/err" || true
	[ "$status" = "$wanted" ] || fail "theriac $*: ended with $status instead of $wanted: $(cat "$work/err")"
	cat "$work/out" "$work/err" | grep -qE -e "$pattern" ||
		fail "theriac $*: does not say '$pattern': $(cat "$work/out" "$work/err")"
}
silent() { # standard error is empty
	[ ! -s "$work/err" ] || fail "standard error should be empty: $(cat "$work/err")"
}
only_summary() {
	[ "$(wc -l <"$work/out")" = 1 ] || fail "$1: $(cat "$work/out")"
}

# Done, whether or not anything was found; found things for programs and for people.
says 0 "\"subject\":\"$scanner\".*\"tier\":\"behaviour\"" detect --json "$scan"
silent
says 0 "$scanner" detect "$scan"
grep -q 'tried about 150 hosts on 23/tcp' "$work/out" || fail "no sentence for people: $(cat "$work/out")"
grep -q '10/8.*192.168/16' "$work/err" || fail "it does not say what is inside: $(cat "$work/err")"
! grep -q "$(printf '\033')" "$work/out" "$work/err" || fail "colours where there is no terminal"
says 0 '"type":"summary"' detect --json --inside 203.0.113.0/24 "$scan"
says 0 '"type":"flow"' decode --json "$scan"
says 0 'S0' decode "$scan"

# The keys that programs rely on.
theriac detect --json "$scan" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
subject, summary, evidence = rows[0], rows[-1], rows[0]["evidence"][0]
missing = [k for row, keys in (
    (subject, "type subject tier score_db first last families groups evidence"),
    (subject["groups"], "intel propagation c2 abuse"),
    (evidence, "id detector db cap_db statistic value estimated unit threshold first last count top attack "
               "bonus_db prevalence sampling"),
    (evidence["top"][0], "port proto count"),
    (summary, "type records lines bad ignored late muted dropped outcome_unknown seconds peak_rss_mb"),
    (summary["records"], "flow dns session report")) for k in keys.split() if k not in row]
assert not missing, missing
assert summary["type"] == "summary" and len(rows) == 2, rows
assert summary["records"]["flow"] == 350 and summary["lines"] == 21, summary
' || fail "keys of detect --json"
theriac decode --json "$scan" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
keys = "type start end src sport dst dport proto flags packets bytes rpackets rbytes rflags state exporter"
assert not [k for k in keys.split() if k not in rows[0]], rows[0]
assert rows[-1]["type"] == "summary" and rows[-1]["records"]["flow"] == len(rows) - 1 == 350
' || fail "keys of decode --json"

# 1: nothing could be read, or no record has an inside address: then prefixes and the option are named.
says 1 'no record has an inside address.*203\.0\.0\.0/16.*--inside' detect --json --inside 192.0.2.0/24 "$scan"
says 1 "$work/nowhere" detect "$work/nowhere"
says 1 'could be read' detect --json "$work/nowhere"
says 1 "$work/nowhere" decode "$work/nowhere"
says 0 "$scanner" detect "$work/nowhere" "$scan"
: >"$work/empty"
says 1 "$work/empty: empty" detect "$work/empty"
echo 'a remark' >"$work/README"
says 0 "$work/README.*ignored" detect --json "$work/README" "$scan"
grep -q '"bad":0,"ignored":1,' "$work/out" || fail "README should be ignored once: $(cat "$work/out")"

# 2: wrong use, answered with what is valid there.
says 2 'usage|PATH' detect
says 2 'name at least one|PATH' decode
says 2 '--inside' detect --outside 10.0.0.0/8 "$scan"
formats=$("$THERIAC" list decoders --json | sed 's/.*"type":"decoder","name":"\([^"]*\)".*/\1/' | paste -sd, | sed 's/,/, /g')
says 2 "'zeek' is not one of $formats\$" decode --format zeek "$scan"
says 2 'observe, behaviour, suspect.*notice' detect --min-tier sure "$scan"
says 2 'zeek-tsv.*netflow' detect --format word "$scan"
says 2 'zeek-tsv.*netflow' decode --format word "$scan"
says 2 '0\.\.64' detect --threads 65 "$scan"
says 2 'not an address or prefix' detect --inside nowhere "$scan"
says 2 'line=' detect --inside 10.0.0.0/8,line=4 "$scan"
says 2 'tomorrow' detect --since tomorrow "$scan"
says 2 'offset' detect --tz Berlin "$scan"
says 2 'detect' detetc "$scan"
echo '10.0.0.1,*,nowhere' >"$work/wrong.csv"
says 2 'wrong.csv line 1' detect --allow "$work/wrong.csv" "$scan"
says 1 'nowhere' detect --indicators "$work/nowhere" "$scan"

# --help ends well after any command.
for command in detect decode simulate demo list config version; do
	says 0 "usage: theriac $command" $command --help
done

# Times, tiers, look-ups, lines.
says 0 '"flow":350' detect --json --until 2026-01-02T03:00:00Z --no-detect "$scan"
says 0 '"type":"summary"' detect --json --min-tier suspect "$scan"
only_summary 'it is no suspect'
says 0 "$scanner.*\"value\":59,.*" detect --json --since 2026-01-02T03:05:00Z --until 2026-01-02T03:24:40Z "$scan"
says 0 '"subject":"10.0.0.64/28"' detect --json --inside 10.0.0.0/8,line=28 "$scan"
says 0 '"lines":1,' detect --json --inside 10.0.0.0/8,line=8 "$scan"

cat >"$work/dns.log" <<'END'
#separator \x09
#path	dns
#fields	ts	id.orig_h	id.orig_p	id.resp_h	id.resp_p	proto	query	qtype_name	rcode_name
1767323045.0	2001:db8:0:ff01::5	5000	2001:db8:9::53	53	udp	bad.example.com	A	NOERROR
1767323046.0	2001:db8:0:ff02::5	5000	2001:db8:9::53	53	udp	bad.example.com	A	NOERROR
END
echo bad.example.com >"$work/bad.txt"
says 0 '"subject":"2001:db8:0:ff01::/64"' detect --json --inside 2001:db8::/32 --indicators "$work/bad.txt" "$work/dns.log"
says 0 '"subject":"2001:db8:0:ff00::/56"' detect --json --inside 2001:db8::/32,line=56 --indicators "$work/bad.txt" "$work/dns.log"
says 0 '"lines":0' detect --json --no-dns --no-detect --inside 2001:db8::/32 "$work/dns.log"
says 0 '"lines":21,.*' detect --json --no-dns --indicators "$work/bad.txt" "$work/dns.log" "$scan"
! grep -q indicator-contact "$work/out" || fail "--no-dns reads look-ups"

# What is muted is counted and not shown.
echo "line,detector,peer or port,until,reason
$scanner,scan-bot-ports,23,2030-01-01T00:00:00Z,a test" >"$work/allow.csv"
says 0 '"muted":[1-9]' detect --json --allow "$work/allow.csv" "$scan"
only_summary 'it is muted'
says 0 '[0-9] muted' detect --allow "$work/allow.csv" "$scan"
