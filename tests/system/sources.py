#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of sessions that tell what one likes, and flows of whoever held an address.

  sources.py radius FROM HOST:PORT SECRET start|stop|interim USER ADDR [age=S] [delay=S] [tries=N] [again=N]
                                    accounting, with an Event-Timestamp of so long ago, or none; sends until it is
                                    answered, and once answered the same datagram `again` times more; prints
                                    "answered N" or "silent"
  sources.py damaged FROM HOST:PORT COUNT        datagrams that are no accounting
  sources.py syslog HOST:PORT HOURS begins|ends INSIDE OUTSIDE FIRST LAST AGE   a NAT's line, its clock so far east
  sources.py lease FILE ADDR MAC AGE             a row as Kea writes it, with the header where the file is new
  sources.py knocks HOST:PORT COUNT ADDR [PORT]  NetFlow v9: one SYN each, from one port on
  sources.py who BINARY STATE ADDR[:PORT] AGE ANSWER   whether that is what it says of so long ago
Several of them are parted by --.
"""
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import time

import weeks

STATUS = {"start": 1, "stop": 2, "interim": 3}
HEADER = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
SECONDS = 0.5  # until a NAS asks again


def attribute(kind, value):
    return struct.pack("!BB", kind, 2 + len(value)) + value


def request(secret, what, user, addr, now, words):
    session = f"{user}-{addr}".encode()
    body = attribute(40, struct.pack("!I", STATUS[what])) + attribute(44, session) + attribute(1, user.encode())
    body += attribute(4, socket.inet_aton("192.0.2.1")) + attribute(8, socket.inet_aton(addr))
    if "age" in words:
        body += attribute(55, struct.pack("!I", int(now) - int(words["age"])))
    if "delay" in words:
        body += attribute(41, struct.pack("!I", int(words["delay"])))
    head = struct.pack("!BBH", 4, os.getpid() & 255, 20 + len(body))
    return head + hashlib.md5(head + bytes(16) + body + secret).digest() + body


def is_answer(got, sent, secret):
    return got[:2] == struct.pack("!BB", 5, sent[1]) and got[4:20] == hashlib.md5(
        got[:4] + sent[4:20] + got[20:] + secret).digest()


def reach(source, where):
    host, port = where.rsplit(":", 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.connect((host, int(port)))
    s.settimeout(SECONDS)
    return s


def asked(s, sent, secret):
    s.send(sent)
    try:
        return is_answer(s.recv(4096), sent, secret)
    except (TimeoutError, ConnectionRefusedError):
        return False


def radius(source, where, secret, what, user, addr, *words):
    words, secret = dict(word.split("=") for word in words), secret.encode()
    s, sent = reach(source, where), request(secret, what, user, addr, time.time(), words)
    answers = any(asked(s, sent, secret) for _ in range(int(words.get("tries", 120))))
    answers += sum(asked(s, sent, secret) for _ in range(int(words.get("again", 0))))
    print(f"answered {answers}" if answers else "silent")


def damaged(source, where, count):
    s = reach(source, where)
    for i in range(int(count)):
        s.send(struct.pack("!BBH", 4, i & 255, 5000) + bytes(20))


def syslog(where, hours, event, inside, outside, first, last, age):
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(time.time() - int(age) + int(hours) * 3600))
    word = {"begins": "ALLOC", "ends": "RELEASE"}[event]
    reach("127.0.0.1", where).send(
        f"<134>{stamp} mx1 JSERVICES_NAT_PORT_BLOCK_{word}: {inside} -> {outside}:{first}-{last}".encode())


def lease(file, addr, mac, age):
    new = not os.path.exists(file)
    with open(file, "a") as f:
        f.write((HEADER if new else "") + f"{addr},{mac},,3600,{int(time.time()) - int(age) + 3600},1,0,0,,0,\n")


def knocks(where, count, addr, port="1024"):
    s = weeks.reach(where)
    for i in range(int(count)):
        weeks.send(s, int(time.time()), weeks.flow(addr, f"198.51.100.{i % 250 + 1}", int(port) + i, 23, 2))


def who(binary, state, addr, age, wanted):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - int(age)))
    done = subprocess.run([binary, "who", "--json", "--reason", "test", "--state", state, addr, at],
                          capture_output=True, text=True, check=False)
    said = json.loads(done.stdout.splitlines()[0])
    answer = " ".join([said["answer"], *[one["line"] for one in said["lines"]]])
    if answer != wanted:
        sys.exit(f"who had {addr} {age} s ago: {answer}, not {wanted}")


if __name__ == "__main__":
    words = sys.argv[1:]
    while words:
        n = words.index("--") if "--" in words else len(words)
        globals()[words[0]](*words[1:n])
        words = words[n + 1:]
