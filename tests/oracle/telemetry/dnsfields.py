# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""DNS messages of tshark's fields, paired into lookups.

In: the fields of a frame on port 53, which may hold several messages (TCP). Out: lookups with the keys of `decode
--json`. A query belongs to the answer with the same ends, port, id, name and type within 5 s; asked again, it is one.
answers are compared as `addresses` and `names`; texts and service bindings are left out, and names behind the first
256 bytes.
"""
import ipaddress
import re

BETWEEN = "\x1f"
VALUES = {1: "dns.a", 28: "dns.aaaa", 5: "dns.cname", 2: "dns.ns", 12: "dns.ptr.domain_name", 15: "dns.mx.mail_exchange",
          33: "dns.srv.target", 6: "dns.soa.mname", 39: "dns.dname"}
FIELDS = ["dns.id", "dns.flags.response", "dns.flags.opcode", "dns.flags.rcode", "dns.count.queries", "dns.count.answers",
          "dns.count.auth_rr", "dns.count.add_rr", "dns.qry.name", "dns.qry.type", "dns.resp.type", "dns.resp.ttl",
          "dns.resp.ext_rcode", "_ws.malformed", *VALUES.values()]
OPT, TEXTS = 41, (16, 64, 65)
WAIT_MS, ADDRESSES, NAME_BYTES = 5000, 8, 256
COMPARED = ("time", "rcode", "addresses", "names", "ttl")
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
          "NOTZONE"]
# IANA "Resource Record (RR) TYPEs", those that the captures hold
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 25: "KEY",
         28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 41: "OPT", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC",
         48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF", 249: "TKEY",
         250: "TSIG", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA"}


def plain(text):
    """A name with one ? for each run of bytes that do not print: \\DDD of ours, others of tshark's."""
    text = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1])) if 32 < int(m[1]) < 127 else "?", text)
    text = re.sub(r"\\x[0-9a-f]{2}|\\[abfnrtv0]|[^!-~]", "?", text)
    return re.sub(r"\?+", "?", text)


def name_of(text):
    """Lower case, no final dot; the root is empty."""
    return "" if text == "<Root>" else plain(text.lower().rstrip("."))


class Cells:
    """The cells of a frame, taken one after the other."""

    def __init__(self, row):
        self.left = {f: row[f].split(BETWEEN) if row[f] else [] for f in FIELDS}

    def take(self, field, count=1):
        taken, self.left[field] = self.left[field][:count], self.left[field][count:]
        return taken

    def number(self, field):
        taken = self.take(field)
        return int(taken[0], 0) if taken else 0


def type_of(number):
    return TYPES.get(number, "TYPE%d" % number)


def rcode_of(number):
    return RCODES[number] if number < len(RCODES) else "RCODE%d" % number


def flag(word):
    return word in ("1", "True", "true")


def message_of(cells):
    """The next message: a dict; None where it is no standard query or not whole."""
    message = {"id": cells.number("dns.id"), "response": flag((cells.take("dns.flags.response") or ["0"])[0])}
    opcode = cells.number("dns.flags.opcode")
    rcode = cells.number("dns.flags.rcode") if message["response"] else None
    questions = cells.number("dns.count.queries")
    answers = cells.number("dns.count.answers")
    records = answers + cells.number("dns.count.auth_rr") + cells.number("dns.count.add_rr")
    names, types = cells.take("dns.qry.name", questions), cells.take("dns.qry.type", questions)
    found, others, ttls, texts = [], [], [], False
    for place, word in enumerate(cells.take("dns.resp.type", records)):
        kind = int(word, 0)
        if kind == OPT:
            rcode = (rcode or 0) | cells.number("dns.resp.ext_rcode") << 4 if message["response"] else None
            continue
        ttl = cells.number("dns.resp.ttl")
        value = cells.take(VALUES[kind]) if kind in VALUES else []
        if place >= answers:
            continue
        ttls.append(0 if ttl >> 31 else ttl)
        texts = texts or kind in TEXTS
        (found if kind in (1, 28) else others).extend(value)
    if opcode or not names:
        return None
    kind = int(types[0], 0) if types else 0
    whole = not texts and sum(len(o) + 1 for o in others) <= NAME_BYTES
    message.update(name=name_of(names[0]), qtype=type_of(kind), rcode=rcode,
                   addresses=found[:ADDRESSES], ttl=min(ttls) if ttls else None,
                   names=[name_of(o) for o in others] if whole else None)
    return message


class Lookups:
    def __init__(self):
        self.waiting, self.done = {}, []

    def frame(self, row, packet):
        if not row["dns.id"] or 53 not in (packet.get("sport"), packet.get("dport")):
            return
        cells = Cells(row)
        for _ in range(row["dns.id"].count(BETWEEN) + 1):
            message = message_of(cells)
            if message:
                self.message(message, packet)

    def message(self, m, packet):
        ends = (packet["dst"], packet["src"], packet["dport"]) if m["response"] else (
            packet["src"], packet["dst"], packet["sport"])
        key = (*ends, m["id"], m["name"], m["qtype"])
        record = {"client": ends[0], "server": ends[1], "name": m["name"], "qtype": m["qtype"], "time": packet["time"]}
        asked = self.waiting.get(key)
        if asked and packet["time"] - asked["seen"] > WAIT_MS:
            self.done.append(self.waiting.pop(key))
            asked = None
        if not m["response"]:
            self.waiting.setdefault(key, {**record, "seen": packet["time"]})
            return
        if asked:
            record["time"] = self.waiting.pop(key)["time"]
        record["rcode"] = rcode_of(m["rcode"])
        record.update(addresses=m["addresses"], ttl=m["ttl"], names=m["names"])
        self.done.append(record)

    def records(self):
        return self.done + list(self.waiting.values())


def is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


def of_lookups(lookups):
    """Ours, with the answers taken apart alike. Without an answer there are none."""
    for d in lookups:
        answers = d.get("answers")
        parted = {} if answers is None else {"addresses": [a for a in answers if is_address(a)],
                                             "names": [plain(a) for a in answers if not is_address(a)]}
        kind = re.fullmatch(r"TYPE(\d+)", d["qtype"])
        yield {**d, "name": plain(d["name"]), "qtype": type_of(int(kind[1])) if kind else d["qtype"], **parted}
