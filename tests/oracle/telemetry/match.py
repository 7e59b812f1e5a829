# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Two lists of records, ours and an independent reader's, compared field by field.

In: lists of dicts. Out: a Counter: how many values differ by name of the field, `missing` (they have it, we do not),
`extra` (we have it, they do not), and examples for people. Records with the same key (who spoke to whom) are paired:
the equal ones first, then those with the fewest differences. A field that is not among the fields compared, or that
is None on the other side, is left out: the reader does not tell it.
"""
from collections import Counter, defaultdict

FLOW_KEY = ("src", "sport", "dst", "dport", "proto")
DNS_KEY = ("client", "server", "name", "qtype")


SPARING = ("total",)  # what we may leave open where they know it


class Result:
    def __init__(self):
        self.counts, self.examples, self.fields, self.compared = Counter(), [], set(), 0

    def note(self, what, mine, their):
        self.counts[what] += 1
        if self.counts[what] <= 3:
            self.examples.append("%s: ours %s, theirs %s" % (what, mine, their))


def differences(mine, their, fields):
    return [f for f in fields if their.get(f) is not None and mine.get(f, their[f] if f in SPARING else None) != their[f]]


def pair(ours, theirs, fields):
    """Yields (ours, theirs, differing fields) of two lists with one key; the longer list's rest is left."""
    left = list(theirs)
    waiting = []
    for mine in ours:
        same = next((i for i, their in enumerate(left) if not differences(mine, their, fields)), None)
        if same is None:
            waiting.append(mine)
        else:
            yield mine, left.pop(same), []
    for mine in waiting:
        if not left:
            yield mine, None, []
            continue
        wrong = [(len(differences(mine, their, fields)), i) for i, their in enumerate(left)]
        their = left.pop(min(wrong)[1])
        yield mine, their, differences(mine, their, fields)
    for their in left:
        yield None, their, []


def compare(ours, theirs, fields, key=FLOW_KEY):
    """fields: beyond those of the key."""
    result = Result()
    groups = defaultdict(lambda: ([], []))
    for side, records in enumerate((ours, theirs)):
        for record in records:
            groups[tuple(record.get(k) for k in key)][side].append(record)
    for mine, their in groups.values():
        for one, other, wrong in pair(mine, their, fields):
            if one is None:
                result.note("missing", "nothing", other)
            elif other is None:
                result.note("extra", one, "nothing")
            else:
                result.compared += 1
                result.fields.update(f for f in fields if other.get(f) is not None)
                for field in wrong:
                    result.note(field, "%s in %s" % (one.get(field), one), other[field])
    if result.compared:
        result.fields.update(key)
    return result
