# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""The registered domain of a name.

In: a DNS name as `theriac decode --json` prints it. Out: the registered domain (the public suffix and one
label more), the labels below it, and small facts about names that the DNS rules need.
Source: the Public Suffix List of Debian's package publicsuffix, read here by its published algorithm (longest
rule wins, `*` stands for one label, `!` is an exception). Leaves out: IDNA (the list's Unicode rules are also
kept in their xn-- form by Python's own codec, where it can). Without the list: the last two labels.
"""
import math
import re
from functools import lru_cache

LIST = "/usr/share/publicsuffix/public_suffix_list.dat"
ESCAPE = re.compile(r"\\(\d{3}|.)")
# Endings that search lists, home routers and special-use registries make up; they are never registered domains.
LOCAL = {"arpa", "lan", "local", "localdomain", "localhost", "home", "internal", "intranet", "corp", "private",
         "workgroup", "test", "invalid", "example", "onion", "belkin", "dlink", "domain"}


def unescape(name):
    """`\\046` and `\\.` stand for one byte; a dot inside a label becomes a middle dot, so that it splits nothing."""
    if "\\" not in name:
        return name

    def one(match):
        text = match.group(1)
        char = chr(int(text)) if len(text) == 3 else text
        return "\u00b7" if char == "." else char
    return ESCAPE.sub(one, name)


def clean(name):
    return unescape(name).rstrip(".").lower()


def ascii_form(rule):
    try:
        return rule.encode("idna").decode("ascii")
    except UnicodeError:
        return rule


def read_rules(path=LIST):
    """-> set of rules as written (`com`, `*.ck`, `!www.ck`), empty when there is no list."""
    try:
        with open(path, encoding="utf-8") as f:
            lines = [line.split()[0] for line in f if line.strip() and not line.startswith("//")]
    except OSError:
        return set()
    return {ascii_form(rule) if not rule.isascii() and rule[0] not in "*!" else rule for rule in lines} | set(lines)


RULES = read_rules()


def suffix_length(labels, rules):
    """How many labels at the end are the public suffix. An unlisted ending counts as one (rule `*`)."""
    best = 1
    for start in range(len(labels)):
        tail = ".".join(labels[start:])
        length = len(labels) - start
        if "!" + tail in rules:
            return length - 1
        if tail in rules or "*." + ".".join(labels[start + 1:]) in rules and length > 1:
            best = max(best, length)
    return best


@lru_cache(maxsize=1 << 18)
def split(name):
    """A cleaned name -> (registered domain or None, tuple of the labels below it)."""
    labels = name.split(".")
    if len(labels) < 2 or "" in labels:
        return None, ()
    keep = suffix_length(labels, RULES) + 1
    if keep > len(labels):
        return None, ()
    return ".".join(labels[-keep:]), tuple(labels[:-keep])


def is_local(name):
    """True for names that no registry can answer for: one label, wpad, or a made-up or special ending."""
    return "." not in name or name.rsplit(".", 1)[1] in LOCAL or name.startswith("wpad.")


def is_reversed_address(labels):
    """True if the labels begin with a reversed IPv4 or IPv6 address (block-list look-ups)."""
    four = labels[:4]
    if len(four) == 4 and all(part.isdigit() and int(part) < 256 for part in four):
        return True
    return len(labels) >= 32 and all(len(part) == 1 and part in "0123456789abcdef" for part in labels[:32])


def entropy(text):
    """Bits per character."""
    n = len(text)
    return -sum(text.count(c) / n * math.log2(text.count(c) / n) for c in set(text))
