# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""What `theriac decode --json` says of a file.

In: a path. Out: Decoded, whose records are dicts with the keys of `decode --json`; times are whole milliseconds since
1970 (UTC). The digest is that of the lines in alphabetic order: it does not depend on the order of the records.
"""
import hashlib
import json
import re
import subprocess
from datetime import date
from functools import lru_cache

LIMIT_S = 120
TIMES = ("start", "end", "exported", "received", "time")
EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4096)
def day_ms(text):
    return (date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - EPOCH) * 86400000


def milliseconds(text):
    """`2024-05-01T10:00:00.250Z` -> 1714557600250"""
    clock = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    return day_ms(text[:10]) + clock * 1000 + (int((text[20:-1] + "00")[:3]) if text[19] == "." else 0)


class Decoded:
    def __init__(self, records, digest, status, words):
        self.records, self.digest, self.status, self.words = records, digest, status, words
        self.flows = [r for r in records if r["type"] == "flow"]
        self.lookups = [r for r in records if r["type"] == "dns"]
        self.packets = sum(r.get("packets", 0) + r.get("rpackets", 0) for r in self.flows)
        self.bytes = sum(r.get("bytes", 0) + r.get("rbytes", 0) for r in self.flows)

    @property
    def unknown(self):
        return "not a format that is read here" in self.words

    @property
    def refused(self):
        """A file of nfdump 1.6."""
        return self.status == 1 and "layout 1" in self.words and "convert" in self.words


def decode(theriac, *paths, yearless=False):
    """-> Decoded; RuntimeError where the program does not end by itself with status 0 or 1. yearless: the digest is
    without the years, since a log that gives none is taken for the last twelve months'."""
    run = subprocess.run([theriac, "decode", "--json", *paths], stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=LIMIT_S, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError("theriac decode %s: status %d" % (paths[0], run.returncode))
    lines = [line for line in run.stdout.splitlines() if not line.startswith(b'{"type":"summary"')]
    records = [json.loads(line) for line in lines]
    for row in records:
        for key in TIMES:
            if key in row:
                row[key] = milliseconds(row[key])
    if yearless:
        lines = [re.sub(rb'"time":"\d{4}-', b'"time":"-', line) for line in lines]
    digest = hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()[:16]
    return Decoded(records, digest, run.returncode, run.stderr.decode("utf-8", "replace"))
