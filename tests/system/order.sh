#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The findings depend neither on the order of PATHs nor on the number of threads, and a folder is read as
# its files are. NetFlow v9, IPFIX and Zeek exports of one run accuse the same lines.
. tests/system/parts
mkdir "$work/both"
simulated both/east 120 3 --seed 1 --infected 0.1 --prefix 100.64.0.0/16
simulated both/west 120 3 --seed 2 --infected 0.1 --prefix 100.65.0.0/16 --format ipfix
for side in east west; do
	mv "$work/both/$side/indicators.csv" "$work/$side.csv"
	rm "$work/both/$side/truth.jsonl" "$work/both/$side.said"
done
a=$work/both/east/flows.pcap b=$work/both/east/dns.log c=$work/both/west/flows.pcap d=$work/both/west/dns.log

n=0
bare() { # OPTION... PATH...
	n=$((n + 1))
	theriac detect --json --indicators "$work/east.csv" --indicators "$work/west.csv" "$@" \
		>"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
	findings bare "$work/out" >"$work/$n"
	same "$*" "$work/1" "$work/$n"
}
bare --threads 1 "$a" "$b" "$c" "$d"
[ "$(findings accused "$work/out" | wc -l)" -ge 5 ] || fail "too few lines accused to compare"
[ "$(findings summary "$work/out" dropped)" = 0 ] || fail "a table was full"
bare --threads 1 "$d" "$c" "$b" "$a"
bare --threads 2 "$c" "$a" "$d" "$b"
bare --threads 3 "$b" "$d" "$a" "$c"
bare --threads 3 "$c" "$a" "$a" "$b" "$d" # one of them named twice
bare --threads 2 "$work/both"
bare --threads 2 "$work/both/west" "$work/both/east"

for format in v9 ipfix zeek; do
	simulated "$format" 150 4 --seed 3 --infected 0.1 --format "$format"
	detected "$format" --indicators "$work/$format/indicators.csv"
	findings accused "$work/$format.out" | cut -d ' ' -f 1 >"$work/$format.accused"
	same "v9 and $format accuse different lines" "$work/v9.accused" "$work/$format.accused"
done
[ "$(wc -l <"$work/v9.accused")" -ge 5 ] || fail "too few lines accused to compare"

# More files that overlap in time than may be open at first: the limit is raised to what is allowed.
mkdir "$work/many"
awk -v to="$work/many/conn" '/^#/ { head = head $0 "\n"; next } { f = to NR % 100 ".log"
	if (!(f in begun)) { printf "%s", head >f; begun[f] = 1 }
	print >f }' "$work/zeek/conn.log"
for part in one many; do
	paths=$work/zeek/conn.log
	[ "$part" = one ] || paths=$work/many
	(
		ulimit -S -n 50
		theriac detect --json --inside 100.64.0.0/10 --inside 2001:db8::/32 "$paths" >"$work/$part.out" 2>"$work/err"
	) || fail "$part: $(cat "$work/err")"
	findings bare "$work/$part.out" >"$work/$part.bare"
done
same "one file and a hundred" "$work/one.bare" "$work/many.bare"
