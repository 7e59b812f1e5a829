# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Which independent reader knows which file.

In: the names of all files. Out: for each its comparisons, (who, match.Result). tshark reads all exports in one run and
all traffic in another, before anything is compared.
"""
import os
import re

import datagrams
import exports
import match
import nfdump
import ours as program

EXPORTS = re.compile(r"^netflow/.*\.(pcap|dat|bin)$")
NFCAPD = re.compile(r"\.nfcapd$")


class Sources:
    def __init__(self, theriac, root, names, work):
        self.theriac, self.root, self.work = theriac, root, work
        sent = {name: self.datagrams(name) for name in names if EXPORTS.search(name)}
        self.exports = exports.decode(sent, os.path.join(work, "exports.pcap")) if sent else {}

    def path(self, name):
        return os.path.join(self.root, name)

    def ours(self, name):
        return program.decode(self.theriac, self.path(name))

    def needs_decoder(self, name):
        return True

    def datagrams(self, name):
        """What an exporter sent, one message a datagram."""
        if name.endswith(".pcap"):
            found = datagrams.read(self.path(name))
        else:
            with open(self.path(name), "rb") as f:
                found = [d._replace(src="", time_ms=0) for d in datagrams.raw([f.read()])]
        return [d._replace(payload=message) for d in found for message in datagrams.split(d.payload)]

    def compare(self, name, decoded, lock):
        """Yields (who, Result)."""
        if name in self.exports:
            theirs = self.exports[name]
            if not name.endswith(".pcap"):  # a raw file tells neither who sent it nor when it came
                theirs = [{**r, "exporter": None, "received": None} for r in theirs]
            yield "tshark", match.compare(decoded.flows, theirs, exports.FIELDS)
        elif NFCAPD.search(name):
            yield "nfdump", match.compare([nfdump.scaled(f) for f in decoded.flows], nfdump.decode(self.path(name)),
                                          nfdump.FIELDS)
