#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# No log, no answer: every question is logged before it is answered, with who asked and why; what is changed, deleted or
# cut off is found; a full disk, a killed program and two who ask at once leave a log that verifies.
. tests/system/parts

export THERIAC_STATE="$work/state"
log=$work/state/audit

statused() { # STATUS WORD...
	want=$1 got=0
	shift
	theriac "$@" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" -eq "$want" ] || fail "theriac $* ended with $got, not $want: $(cat "$work/out" "$work/err")"
}
says() { # WHERE TEXT
	grep -qF -- "$2" "$work/$1" || fail "'$2' is not said but: $(cat "$work/$1")"
}
asked() {
	theriac who 192.0.2.1:443 2026-01-02T03:04:05Z --reason "$1" >"$work/out" 2>"$work/err"
}
head_of() {
	sed -n 's/^log: .* head //p' "$work/out"
}

# A question without a reason is none, and leaves no trace.
statused 2 who 192.0.2.1 2026-01-02T03:04:05Z
statused 2 who 192.0.2.1 2026-01-02T03:04:05Z --reason " "
[ ! -e "$work/state" ] || fail "something was written for no question"

# Unknown is told by the status, and its entry holds who, when and why.
THERIAC_CLOCK=2026-01-03T00:00:00Z statused 3 who '[2001:db8::1]:443' 2026-01-02T03:04:05Z --proto tcp --reason "ticket 1" --json
says out '{"type":"answer","answer":"unknown","address":"2001:db8::1","port":443,"proto":6,"at":"2026-01-02T03:04:05Z","lines":[],"records":[],"log":{"length":1,"head":"'
grep -q "\"type\":\"who\",\"time\":\"2026-01-03T00:00:0.*\"uid\":$(id -u),.*\"reason\":\"ticket 1\",\"object\":\"[0-9a-f]*:[0-9a-f]*\",\"port\":443," "$log/records" ||
	fail "the entry: $(cat "$log/records")"
! grep -r "2001:db8" "$log" || fail "an address stands in the log"
python3 - "$log/records" <<'EOT' || fail "the object is not as documented"
import hashlib, json, sys
record = json.loads(open(sys.argv[1]).readline().split(" ", 2)[2])
salt, stated = record["object"].split(":")
assert hashlib.sha256(bytes.fromhex(salt) + b"2001:db8::1").hexdigest() == stated
assert len(salt) == 32
EOT
[ "$(stat -c %a "$log" "$log/chain" "$log/records" | tr '\n' ' ')" = "700 600 600 " ] || fail "modes of the log"
asked "ticket 2" || [ $? -eq 3 ] || fail "$(cat "$work/err")"
kept=$(head_of)
asked "ticket 3" || true
statused 0 who --verify-log "$kept"
says out "the log verifies"
statused 2 who --verify-log nonsense

# The chain is what the manual says it is: its last head by other tools.
python3 - "$log" <<'EOT' || fail "the chain is not as documented"
import hashlib, pathlib, sys
log, head = pathlib.Path(sys.argv[1]), bytes(32)
for chain, record in zip((log / "chain").read_text().splitlines(), (log / "records").read_bytes().splitlines()):
    number, leaf, stated = chain.split(" ")
    n, salt, json = record.split(b" ", 2)
    assert int(n) == int(number)
    assert hashlib.sha256(b"\0" + bytes.fromhex(salt.decode()) + json).hexdigest() == leaf
    head = hashlib.sha256(b"\1" + head + bytes.fromhex(leaf)).digest()
    assert head.hex() == stated
EOT

# Each tampering, on a copy.
tampered() { # WHAT SAYS COMMAND...: runs on the files of a copy
	what=$1 wanted=$2
	shift 2
	rm -rf "$work/copy"
	cp -r "$work/state" "$work/copy"
	(cd "$work/copy/audit" && "$@")
	statused 1 who --verify-log "$kept" --state "$work/copy"
	grep -q "$wanted" "$work/out" || fail "$what: $(cat "$work/out")"
	says out "the log does not verify"
}
tampered "a changed reason" "entry 2: its record was changed" sed -i 's/ticket 2/ticket 9/' records
tampered "a deleted record" "entry 1: its record is missing" sed -i 1d records
tampered "a deleted entry" "the chain breaks at entry 2" sed -i 2d chain
tampered "a swapped salt" "entry 1: its record was changed" sed -i '1s/ [0-9a-f]*/ 0000000000000000000000000000000000000000000000000000000000000000/' records
tampered "an erasure nobody logged" "entry 1: its record is gone" sed -i '1s/ .*/ erased/' records
tampered "a log cut off" "its end was cut off" sed -i '2,$d' chain records
tampered "a log written anew" "its end was cut off" truncate -s 0 chain records
tampered "a chain that is gone" "its end was cut off" rm chain

# A full disk: no answer, and nothing of the question stays.
before=$(cat "$log/chain" "$log/records" | sha256sum)
full=0
(
	ulimit -f 1 # block: 512 bytes
	for i in 1 2 3 4 5 6 7 8; do
		asked "disk $i" || [ $? -ne 1 ] || exit 9
	done
) || full=$?
[ "$full" -eq 9 ] || fail "the disk never became full"
[ ! -s "$work/out" ] || fail "an answer without a log: $(cat "$work/out")"
says err "without a log there is no answer"
[ "$before" = "$(cat "$log/chain" "$log/records" | sha256sum)" ] || statused 0 who --verify-log "$kept"
statused 0 who --verify-log "$kept"

# A log that cannot be written at all.
mv "$log" "$work/aside"
echo >"$log"
statused 1 who 192.0.2.1 2026-01-02T03:04:05Z --reason test
[ ! -s "$work/out" ] || fail "an answer without a log: $(cat "$work/out")"
rm "$log"
mv "$work/aside" "$log"

# Two who ask at once, and one of them is killed again and again.
for i in 1 2; do
	(for k in 1 2 3 4 5 6 7 8 9 10; do
		"$THERIAC" who 192.0.2.1 2026-01-02T03:04:05Z --reason "at once $i $k" >/dev/null || [ $? -eq 3 ] || exit 1
	done) &
done
for k in 1 2 3 4 5 6 7 8 9 10; do
	timeout -s KILL "0.00$k" "$THERIAC" who 192.0.2.1 2026-01-02T03:04:05Z --reason "killed" >/dev/null 2>&1 || true
done
wait
statused 0 who --verify-log "$kept"
grep -c "at once" "$log/records" | grep -qx 20 || fail "entries are lost: $(grep -c "at once" "$log/records")"
asked "the last" || true
statused 0 who --verify-log "$(head_of)"
