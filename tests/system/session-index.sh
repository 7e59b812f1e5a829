#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Session records of files become answers: accounting and a NAT's log imported, then `who` by address,
# port and time; wrong files are named; nothing is left of an import that failed; after seven days the
# answer is that it expired, and the folder holds the name no more.
. tests/system/parts
export THERIAC_STATE="$work/state"
mkdir -p "$THERIAC_STATE"

detail() { # STATUS SECONDS USER SESSION
	printf 'Thu Jan  1 00:00:03 2026\n\tUser-Name = "%s"\n\tNAS-IP-Address = 192.0.2.1\n' "$3"
	printf '\tFramed-IP-Address = 100.64.1.20\n\tAcct-Session-Id = "%s"\n\tAcct-Status-Type = %s\n' "$4" "$1"
	printf '\tEvent-Timestamp = "%s"\n\tTimestamp = %s\n\n' "$2" "$2"
}
block() { # TIME WORD
	printf 'Jan  1 %s mx1 (FPC Slot 2, PIC Slot 0) 2026-01-01 %s [FWNAT]:ASP_NAT_PORT_BLOCK_%s: 100.64.1.20 -> 203.0.113.5:32768-33279\n' "$1" "$1" "$2"
}
{
	detail Start 1767225600 alice@isp.example 0000A1B2
	detail Stop 1767268800 alice@isp.example 0000A1B2
	detail Start 1767268860 bob@isp.example 0000A1B3
} >"$work/detail"
{
	block 00:00:10 ALLOC
	block 20:00:00 RELEASE
} >"$work/nat.log"

export THERIAC_CLOCK=2026-01-02T00:00:00Z
theriac session import "$work/nat.log" "$work/detail" --json >"$work/imported" 2>"$work/said" ||
	fail "the import failed: $(cat "$work/said")"
grep -q '"events":5,"intervals":3,' "$work/imported" || fail "imported $(cat "$work/imported")"

who_says '"answer":"exact".*"user:alice@isp.example"' 0 203.0.113.5:33001 2026-01-01T03:04:05Z --proto tcp
who_says '"answer":"exact".*"user:bob@isp.example"' 0 203.0.113.5:33001 2026-01-01T13:04:05Z
who_says '"answer":"unknown"' 3 203.0.113.5:40000 2026-01-01T03:04:05Z
who_says '"answer":"ambiguous"' 0 203.0.113.5 2026-01-01T03:04:05Z
who_says '"answer":"unknown"' 3 203.0.113.5:33001 2026-01-01T21:00:00Z
who_says '"answer":"ambiguous"' 0 100.64.1.20 2026-01-01T12:00:30Z --skew 60
who_says '"answer":"exact".*"user:alice@isp.example"' 0 100.64.1.20 2026-01-01T03:04:05Z

theriac session import "$work/none" >"$work/imported" 2>&1 && fail "a file that is not there was imported"
theriac session status --json >"$work/status" || fail "no status"
grep -q '"imports":1,.*"intervals":3,' "$work/status" || fail "status $(cat "$work/status")"
[ -z "$(find "$work/state/sessions" -type f ! -perm 0600)" ] || fail "others may read: $(ls -l "$work/state/sessions")"

export THERIAC_CLOCK=2026-01-09T00:00:01Z
printf '' >"$work/empty"
theriac session import "$work/nat.log" >"$work/imported" 2>&1 || fail "the second import failed"
who_says '"answer":"expired"' 3 100.64.1.20 2026-01-01T03:04:05Z
grep -rq alice "$work/state/sessions" && fail "the name is still there: $(grep -rl alice "$work/state/sessions")"
echo "session index: sound"
