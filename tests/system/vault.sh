#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The vault: made once with a sheet that brings it back; contact data go in without what opens it, come out only with
# it, and stand nowhere in the clear; a line that is erased is gone from the bytes. No word is given on a command line.
. tests/system/parts

export THERIAC_STATE="$work/state"
umask 077
echo "a passphrase of tests" >"$work/pass"
echo "another one, of tests" >"$work/other"
with="--passphrase-file $work/pass"

statused() { # STATUS WORD...: what it prints goes to $work/out and err
	want=$1 got=0
	shift
	theriac "$@" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" -eq "$want" ] || fail "theriac $* ended with $got, not $want: $(cat "$work/out" "$work/err")"
}
says() { # WHERE TEXT
	grep -qF -- "$2" "$work/$1" || fail "'$2' is not said but: $(cat "$work/$1")"
}
nowhere() { # CANARY: in no file of the state, nor in what was said
	! grep -arlF -- "$1" "$work/state" "$work/said" || fail "'$1' stands in the clear"
}

cat >"$work/list.csv" <<'EOT'
Line;Name;Email;Phone;Address;Language;Channels;Flags
user:alice@isp.example;Alice Canary-Name;canary-mail@mail.example;+44 20 7946 0123;"1 Canary-Street
Town";en;;
user:bob@isp.example;Bob;bob-at-canary;;;;;
user:carol@isp.example;Carol;carol@mail.example;;;de;email;protected
EOT

# Without a vault nothing is taken in, and the command is named.
statused 2 subscriber import "$work/list.csv"
says err "'theriac vault init' makes one"
statused 3 vault status

# Made once; too short a passphrase, one that others may read, and a second vault are refused.
echo short >"$work/short"
statused 2 vault init --passphrase-file "$work/short"
says err "it needs at least 12"
chmod 644 "$work/short"
statused 2 vault init --passphrase-file "$work/short"
says err "make it 0600"
[ ! -e "$work/state/vault/key" ] || fail "a vault was made all the same"
if [ -w /dev/full ]; then
	got=0
	theriac vault init $with >/dev/full 2>"$work/err" || got=$?
	[ "$got" -eq 1 ] || fail "a sheet that could not be printed: $got"
	says err "so no vault was made"
	[ ! -e "$work/state/vault/key" ] || fail "a vault was made whose sheet nobody has"
fi
statused 0 vault init --passphrase-file /dev/fd/3 3<"$work/pass"
mv "$work/out" "$work/sheet"
[ "$(grep -o '[0-9]*: [0-9A-Z]\{5\}' "$work/sheet" | wc -l)" -eq 14 ] || fail "the sheet: $(cat "$work/sheet")"
statused 1 vault init $with
says err "a second would make its contact data unreadable"
[ "$(stat -c %a "$work/state/vault/key" "$work/state/vault" | tr '\n' ' ')" = "600 700 " ] || fail "modes of the vault"

# Rows go in without what opens the vault; a bad one is named without what stands in it.
statused 0 subscriber import "$work/not-there.csv" "$work/list.csv"
says err "not-there.csv: No such file"
says out "2 subscribers imported (2 new), 1 bad rows"
says err "list.csv:4: email: is no address of the form name@domain"
cat "$work/out" "$work/err" >"$work/said"
statused 0 vault status --json
says out '"subscribers":2'
statused 1 vault status --open --passphrase-file "$work/other"
says err "it is another passphrase"

# On a terminal the passphrase is asked for, and not shown.
python3 - "$THERIAC" "$work/pass" >"$work/out" <<'EOT' || fail "the terminal: $(cat "$work/out")"
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], [sys.argv[1], "vault", "status", "--open"])
seen = b""
def until(word):
    global seen
    while word not in seen:
        seen += os.read(terminal, 4096)
until(b"passphrase: ")
os.write(terminal, open(sys.argv[2], "rb").read())
until(b"it opened")
print(seen.decode())
assert b"of tests" not in seen
EOT

# They come out with a reason and the passphrase, and every time is logged.
statused 2 subscriber export user:alice@isp.example $with
statused 1 subscriber export user:alice@isp.example --reason test --passphrase-file "$work/other"
! grep -q Canary "$work/out" || fail "contact data without the passphrase"
statused 0 subscriber export user:alice@isp.example --reason "her request" $with
says out '"name":"Alice Canary-Name","email":"canary-mail@mail.example","phone":"+44 20 7946 0123","address":"1 Canary-Street\u000aTown"'
says out '"channels":"email sms letter"'
statused 3 subscriber export user:nobody@isp.example --reason test $with
statused 0 who --verify-log --json
says out '"sound":true,"length":'
for canary in Canary canary "7946 0123" alice@isp carol@ "passphrase of tests"; do
	nowhere "$canary"
done

# Again: rows are replaced by their line.
sed 's/Canary-Name/Canary-Renamed/' "$work/list.csv" | gzip >"$work/list.csv.gz"
statused 0 subscriber import "$work/list.csv.gz"
says out "(0 new)"
statused 0 subscriber export user:alice@isp.example --reason test $with
says out "Canary-Renamed"

# The sheet brings it back under another passphrase, here and on an empty machine; a slip of the pen is named.
sed 's/ 3: \(.\)\(.\)/ 3: \2\1/' "$work/sheet" >"$work/slip"
if ! cmp -s "$work/sheet" "$work/slip"; then
	statused 1 vault recover "$work/slip" --passphrase-file "$work/other"
	says err "group 3 of the recovery sheet is wrong"
fi
statused 0 vault recover "$work/sheet" --passphrase-file "$work/other"
statused 0 subscriber export user:carol@isp.example --reason test --passphrase-file "$work/other"
says out '"channels":"email","flags":"protected"'
mkdir -p "$work/new/vault"
cp "$work/state/vault/store" "$work/new/vault/store"
head -c 40 /dev/urandom >"$work/key"
statused 0 vault recover - --state "$work/new" --key-file "$work/key" <"$work/sheet"
statused 0 subscriber export user:carol@isp.example --reason test --state "$work/new" --key-file "$work/key"
mkdir "$work/credentials"
cp "$work/key" "$work/credentials/vault-key"
CREDENTIALS_DIRECTORY=$work/credentials statused 0 vault status --open --state "$work/new"
theriac vault init $with --state "$work/third" >"$work/sheet3" 2>&1 || fail "a third vault"
statused 1 vault recover "$work/sheet3" $with
says err "this sheet is of another vault"

# Erased is gone: from the store's bytes, too.
statused 0 subscriber erase user:carol@isp.example --reason "she left"
statused 3 subscriber erase user:carol@isp.example --reason "she left"
[ ! -s "$work/state/vault/store-wal" ] || fail "the journal is not empty"
statused 0 vault status --json
says out '"subscribers":1'

# A key of pseudonyms is made once.
statused 0 vault key "$work/week.key"
statused 1 vault key "$work/week.key"
[ "$(stat -c %a "$work/week.key")" = 600 ] || fail "mode of the key"
head -n 1 "$work/week.key" | grep -qx "theriac pseudonym key 1" || fail "$(cat "$work/week.key")"

# An import that is killed can be done again; a full disk is an error, not a loss.
python3 -c 'print("line,name"); [print(f"user:many-{i}@isp.example,Many {i}") for i in range(12000)]' >"$work/many.csv"
for pause in 0.1 0.4; do
	timeout -s KILL "$pause" "$THERIAC" subscriber import "$work/many.csv" >/dev/null 2>&1 || true
	statused 0 subscriber export user:alice@isp.example --reason test --passphrase-file "$work/other"
done
statused 0 subscriber import "$work/many.csv"
statused 0 vault status --json
says out '"subscribers":12001'
statused 0 who --verify-log
(
	ulimit -f 40
	got=0
	theriac subscriber import "$work/list.csv" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" -eq 0 ] || [ "$got" -eq 1 ] || fail "a full disk: $got"
)
statused 0 subscriber export user:alice@isp.example --reason test --passphrase-file "$work/other"
(
	ulimit -f 1000
	statused 1 subscriber import "$work/many.csv"
	says err "nothing was imported"
)
[ "$(grep -c '"rows":12000,' "$work/state/audit/records")" -eq 1 ] || fail "rows are logged that no disk took"

# A list that was cut: the rows before the cut go in, and the one that the cut goes through stays as it was.
python3 - "$work/cut.csv.gz" <<'EOT'
import sys, zlib
stored = zlib.compressobj(0, zlib.DEFLATED, 31)
text = b"line;phone\nuser:whole@isp.example;+44 20 7946 0111\nuser:alice@isp.example;+44 20 7946 0"
open(sys.argv[1], "wb").write(stored.compress(text) + stored.flush(zlib.Z_FULL_FLUSH))
EOT
statused 1 subscriber import "$work/cut.csv.gz"
says out "1 subscribers imported (1 new), 0 bad rows"
says err "not all was imported"
statused 0 subscriber export user:alice@isp.example --reason test --passphrase-file "$work/other"
says out '"phone":"+44 20 7946 0123"'
