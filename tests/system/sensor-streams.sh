#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# IPFIX over TCP in odd pieces, NAT events that nothing asks for, dnstap over unix and TCP sockets with both handshakes,
# new files in a watched folder, over a reload too, which brings new indicators; findings to a unix socket; status and
# metrics.
. tests/system/parts
. tests/system/live_parts

mkdir "$work/in"
simulated zeek 40 1 --seed 5 --infected 0.2 --format zeek
cp "$work/zeek/conn.log" "$work/in/old.log"
echo other.example.com >"$work/bad.txt"
started streams --indicators "$work/bad.txt" --listen tcp:127.0.0.1:0 --listen "unix:$work/dnstap.sock" --listen "dir:$work/in" --replay \
	--exporter 127.0.0.1 --out "unix:$work/out.sock"
tcp=$(sed -n 's/^theriac: listening on tcp:\(.*\)$/\1/p' "$work/streams.err")

python3 tests/system/live.py ipfix "$tcp" 500
until_true 10 reached streams flows 500 || fail "IPFIX over TCP: $(cat "$work/streams.err")"
python3 tests/system/live.py nat 127.0.0.1 "127.0.0.1:$port" 20000
until_true 10 reached streams ignored 20000 || fail "NAT events: $(status_of streams ignored) of 20000"
for where in "$work/dnstap.sock" "$tcp"; do
	python3 tests/system/live.py dnstap "$where" 300
	python3 tests/system/live.py dnstap "$where" 300 one-way
done
until_true 10 reached streams lookups 1200 || fail "dnstap: $(status_of streams lookups) $(cat "$work/streams.err")"

# A connection outlives a reload, if it is between two messages or soon will be.
python3 tests/system/live.py ipfix "$tcp" 400 4 &
slow=$!
sleep 1
echo h7.example.com >>"$work/bad.txt" # asked for before, and again after the reload
kill -HUP "$pid"
until_true 20 grep -q '^theriac: reloaded' "$work/streams.err" || fail "no reload: $(cat "$work/streams.err")"
wait "$slow" || fail "the connection broke in the reload: $(cat "$work/streams.err")"
until_true 10 reached streams flows 900 || fail "only $(status_of streams flows) of 900 flows after the reload"

python3 tests/system/live.py dnstap "$tcp" 300
until_true 10 reached streams lookups 1500 || fail "dnstap after the reload: $(cat "$work/streams.err")"

flows=$(status_of streams flows)
cp "$work/zeek/conn.log" "$work/in/.conn.tmp"
mv "$work/in/.conn.tmp" "$work/in/conn.log"
until_true 20 reached streams files_read 1 || fail "the file was not read"
read_n=$(grep -vc '^#' "$work/in/conn.log")
until_true 10 reached streams flows $((flows + read_n)) || fail "the file's flows are missing"
printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 python3 -c '
import socket, sys
s = socket.create_connection(sys.argv[1].split(":")); s.sendall(sys.stdin.buffer.read()); s.recv(9)' "$tcp" || :
until_true 10 grep -q "sends no IPFIX" "$work/streams.err" || fail "nonsense was not named"
equal "files read" 1 "$(status_of streams files_read)" # the old one was there before

"$THERIAC" status --state "$work/streams.state" >"$work/table"
grep -q "127.0.0.1 " "$work/table" || fail "$(cat "$work/table")"
"$THERIAC" metrics --state "$work/streams.state" >"$work/metrics"
python3 - "$work/metrics" <<'EOT' || fail "$(cat "$work/metrics")"
import re, sys
types, helped = {}, set()
for line in open(sys.argv[1]).read().splitlines():
    if line.startswith("# HELP "):
        helped.add(line.split()[2])
    elif line.startswith("# TYPE "):
        types[line.split()[2]] = line.split()[3]
    else:
        name = re.fullmatch(r'(\w+)(\{\w+="[^"\\]*"\})? [0-9.e+-]+', line).group(1)
        assert name in types and name in helped, name
        assert (types[name] == "counter") == name.endswith("_total"), name
assert types["theriac_exporter_lost_total"] == "counter" and len(types) > 20
EOT

timeout 60 python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); open(sys.argv[2], "w").close()
while b := s.recv(65536): sys.stdout.buffer.write(b)' "$work/out.sock" "$work/connected" >"$work/out" &
listener=$!
until_true 20 test -e "$work/connected" || fail "nobody listens at --out"
ended streams
grep -q '"indicator-contact".*"name":"h7.example.com"' "$work/streams.out" || fail "the new indicator is not in use"
wait "$listener" || fail "the listener failed"
same "stdout and the socket differ" "$work/streams.out" "$work/out"
[ ! -e "$work/dnstap.sock" ] && [ ! -e "$work/out.sock" ] || fail "sockets were left behind"
status=0
"$THERIAC" status --state "$work/streams.state" 2>"$work/err" || status=$?
equal "status without a sensor" 1 "$status"
grep -q "no sensor runs" "$work/err" || fail "$(cat "$work/err")"
