# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Messages of dnstap files as datagrams on port 53, for tshark to dissect.

In: Frame Streams files. Out: datagrams of what clients and their server said to each other (message types
CLIENT_QUERY and CLIENT_RESPONSE); the time is that of the query where it is told, of an answer too. Leaves out: what a
resolver itself asks and is asked, messages without a client's address, files that are no stream of frames.
Sources: Frame Streams control frames; dnstap.proto.
"""
import ipaddress
import struct

import datagrams

QUERY_SIDE = {5: True, 6: False}
FAMILY, FROM, TO, FROM_PORT, TO_PORT, ASKED_S, ASKED_NS, QUERY, SAID_S, SAID_NS, ANSWER = 2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at + 4 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        at += 4
        if size == 0:
            at += 4 + struct.unpack_from(">I", data, at)[0]
            continue
        yield data[at:at + size]
        at += size


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 128:
            return value, at


def fields(data):
    """{number: value} of a protobuf message; the last of a number stays."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            found[key >> 3], at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            found[key >> 3], at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[key & 7]
            found[key >> 3], at = int.from_bytes(data[at:at + size], "little"), at + size
    return found


def read(path):
    for frame in frames(path):
        try:
            message = fields(fields(frame).get(14, b""))
        except (KeyError, IndexError):  # damaged
            continue
        asks = QUERY_SIDE.get(message.get(1))
        if asks is None or FROM not in message:
            continue
        payload = message.get(QUERY if asks else ANSWER)
        seconds, nanos = (message.get(k, 0) for k in ((ASKED_S, ASKED_NS) if asks or ASKED_S in message else (SAID_S, SAID_NS)))
        src, dst = (str(ipaddress.ip_address(message[k])) if k in message else "0.0.0.0" for k in (FROM, TO))
        client = (src, message.get(FROM_PORT, 0))
        ends = (*client, dst, 53) if asks else (dst, 53, *client)
        if payload and nanos < 1000000000:
            yield datagrams.Datagram(seconds * 1000 + nanos // 1000000, *ends, payload)
