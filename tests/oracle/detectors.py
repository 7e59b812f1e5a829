# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""The seven behaviour rules over one line's contacts and look-ups, counted exactly with sets and dicts.

In: contacts and look-ups of one line in time order, the facts of the whole population (Population). Out: Verdicts.
Each rule yields windows; rules.judge decides. Windows tumble, a contact counts at Contact.time.
Leaves out: INTEL and BEACON (they state no behaviour), bonuses (V3), DGA's lexical term (no part of p), learned P2P
ports, allow lists, DGA's resolver outage (its normal rate is not defined), and the brakes of 4.6.
Choices are written at each rule.
"""
import ipaddress
import math
from collections import Counter, defaultdict

import domains
import rules
from contacts import ACK, ANSWERED, FAILED, SYN, UNKNOWN
from records import TCP, UDP
from rules import Window

NARROW_CV = 0.25


class Population:
    """P6: what only many lines together can tell; empty below 1,000 active lines."""

    def __init__(self, contacts, lookups_by_line):
        active = {c.line for c in contacts if c.opener == "self"} | set(lookups_by_line)
        self.lines = len(active)
        self.popular_domains, self.dark_nets = set(), set()
        if self.lines < 1000:
            return
        bar = lambda share: max(20, math.floor(share * self.lines) + 1)
        askers = defaultdict(set)
        for line, lookups in lookups_by_line.items():
            for lookup in lookups:
                askers[domains.split(domains.clean(lookup.name))[0]].add(line)
        self.popular_domains = {d for d, lines in askers.items() if len(lines) >= bar(.01)}
        failing = defaultdict(set)
        for c in contacts:
            if c.opener == "self" and c.proto == TCP and c.outcome in FAILED:
                failing[net_of(c.peer, 20, 48)].add(c.line)
        self.dark_nets = {net for net, lines in failing.items() if len(lines) >= bar(.05)}


def net_of(address, bits4, bits6):
    address = ipaddress.ip_address(address)
    bits = bits4 if address.version == 4 else bits6
    return address.version, int(address) >> (address.max_prefixlen - bits)


def variation(values, weights=None):
    """Standard deviation over mean."""
    weights = weights or [1] * len(values)
    total = sum(weights)
    mean = sum(v * w for v, w in zip(values, weights)) / total if total else 0
    if not mean:
        return 0.0
    return math.sqrt(sum(w * (v - mean) ** 2 for v, w in zip(values, weights)) / total) / mean


def by_slot(items, width, key=lambda item: ()):
    slots = defaultdict(list)
    for item in items:
        slots[(rules.slot(item.time, width), key(item))].append(item)
    return slots


def window(tail, value, times, key=""):
    return Window(value, rules.tail_p(tail, value), min(times), max(times), key)


def opened(contacts, proto=None):
    return [c for c in contacts if c.opener == "self" and (proto is None or c.proto == proto)]


def scan_b(contacts, population):
    """Distinct failed hosts on class B ports, TCP, per hour. The share of failures (>= .8) is of the contacts of
    that hour on those ports whose outcome is known."""
    known = [c for c in opened(contacts, TCP) if c.port in rules.BOT_PORTS and c.outcome != UNKNOWN]
    for (_, _), found in by_slot(known, rules.HOUR).items():
        first_fail = {}
        for c in found:
            if c.failed:
                first_fail.setdefault(c.peer, c.time)
        failed = sum(c.failed for c in found)
        if failed >= .8 * len(found) and first_fail:
            yield window(rules.SCAN_B, len(first_fail), first_fail.values(), top_port(found))


def top_port(found):
    return "%d/tcp" % Counter(c.port for c in found).most_common(1)[0][0]


THETA1, THETA0 = .9, {"W": .40, "O": .35, "P": .7, "B": .5}
WALK_TOP_DB, WEB_PAUSE_S = 100, 30


def first_contacts(contacts):
    """TCP contacts to hosts which the line had not opened any contact to before in this run (exact, any protocol)."""
    met = set()
    for c in opened(contacts):
        if c.peer not in met:
            met.add(c.peer)
            if c.proto == TCP and c.outcome != UNKNOWN:
                yield c


def scan_g(contacts, population):
    """The walk of each class (W, O, P, B; no odds are given for M and D), anew each day.
    Conditions (>= 20 distinct hosts, <= 60 % in one /16, of IPv6: one /32) over the class's first contacts of the day
    so far; the maximum is taken where they hold. Each time the walk is cut off at 0 is a restart:
    p = min(1, (1 + restarts of the day) * 10^(-max/10)). Counted events: the counted failures of that day and class.
    On W a failure within 30 s of the last counted one is passed over. An outage net (P6) is passed over."""
    days = by_slot(list(first_contacts(contacts)), rules.DAY, lambda c: rules.port_class(c.port))
    for (_, name), found in days.items():
        if name in THETA0:
            yield from walk(name, found, population)


def walk(name, found, population):
    up = 10 * math.log10(THETA1 / THETA0[name])
    down = 10 * math.log10((1 - THETA1) / (1 - THETA0[name]))
    level = best = restarts = hosts = 0
    nets, fails = Counter(), []
    for c in found:
        if c.failed and net_of(c.peer, 20, 48) in population.dark_nets:
            continue
        if c.failed and name == "W" and fails and c.time - fails[-1] < WEB_PAUSE_S:
            continue
        if c.failed:
            fails.append(c.time)
        hosts += 1
        nets[net_of(c.peer, 16, 32)] += 1
        level += up if c.failed else down
        if level < 0:
            level, restarts = 0, restarts + 1
        level = min(level, WALK_TOP_DB)
        if hosts >= 20 and max(nets.values()) <= .6 * hosts:
            best = max(best, level)
    if best > 0:
        p = min(1.0, (1 + restarts) * 10 ** (-best / 10))
        yield Window(best, p, fails[0], fails[-1], "class " + name)


SHORT_S, OLD_DST_S = 60, 86400


def brute(contacts, population):
    """Short (<= 60 s) answered TCP sessions to the password ports, all ports together, times 6 per 10 min. Bytes are
    both directions' sum. A window whose sessions all go to one host is left out if the line talked to that host on
    these ports more than 24 h before (a long-lived destination)."""
    sessions = [c for c in opened(contacts, TCP) if c.port in rules.BRUTE_PORTS and c.outcome == ANSWERED]
    since = {}
    for c in sessions:
        since.setdefault(c.peer, c.time)
    short = [c for c in sessions if c.end - c.start <= SHORT_S]
    for found in by_slot(short, rules.TEN_MIN).values():
        per_host = Counter(c.peer for c in found)
        if len(per_host) < 5 and max(per_host.values()) < 20:
            continue
        if len(per_host) == 1 and found[0].time - since[found[0].peer] > OLD_DST_S:
            continue
        if variation([c.bytes for c in found]) < NARROW_CV:
            yield window(rules.BRUTE, 6 * len(found), [c.time for c in found], top_port(found))


MAIL_SERVER_DEDUCTION = 100         # -20 dB, put on p


def spam_windows(contacts, tail):
    penalty = MAIL_SERVER_DEDUCTION if is_mail_server(contacts) else 1
    mail = [c for c in opened(contacts, TCP) if c.port == 25]
    for found in by_slot(mail, rules.HOUR).values():
        first = {}
        for c in found:
            first.setdefault(c.peer, c.time)
        distinct = tail is rules.SPAM_HOSTS
        times = list(first.values()) if distinct else [c.time for c in found]
        w = window(tail, len(times), times, "25/tcp")
        yield w._replace(p=min(1.0, w.p * penalty))


def is_mail_server(contacts):
    """The line answered somebody on its own 25/tcp, at any time of the run."""
    return any(c.opener == "peer" and c.port == 25 and c.proto == TCP and c.outcome == ANSWERED for c in contacts)


def spam_hosts(contacts, population):
    """Distinct hosts on 25/tcp per hour, answered or not. Mail server: 20 dB off, taken as p times 100."""
    return spam_windows(contacts, rules.SPAM_HOSTS)


def spam_connections(contacts, population):
    """Connections to 25/tcp per hour, answered or not."""
    return spam_windows(contacts, rules.SPAM_CONNECTIONS)


FLOOD_S = 30


def ddos(contacts, population):
    """Per (host, protocol) and 5 min: the packets of each record are spread evenly over the seconds from its start to
    its end; x is the rate reached in at least 30 of these seconds. A record counts where it ends. Bytes per packet are
    narrow if their variation, weighted with the packets of the records, is below .25."""
    pieces = defaultdict(list)
    for c in opened(contacts):
        if c.outcome == UNKNOWN or c.proto == TCP and c.outcome == ANSWERED or c.proto == UDP and not c.shows_both:
            continue
        for piece in c.slices:
            pieces[(c.peer, c.proto, rules.slot(piece[1], rules.FIVE_MIN))].append(piece)
    for (peer, proto, _), found in pieces.items():
        if sum(piece[2] for piece in found) >= rules.DDOS.u * FLOOD_S:
            x = sustained_rate(found)
            if x >= rules.DDOS.u and is_flood(found, proto):
                yield window(rules.DDOS, x, [piece[1] for piece in found], "%s proto %d" % (peer, proto))


def sustained_rate(pieces):
    """The 30th largest of the packet rates of the single seconds."""
    seconds = defaultdict(float)
    for start, end, packets, *_ in pieces:
        first, last = math.floor(start), math.floor(end)
        length = end - start
        if length <= 0 or first == last:
            seconds[first] += packets
            continue
        for second in range(first, last + 1):
            seconds[second] += packets * (min(second + 1, end) - max(second, start)) / length
    rates = sorted(seconds.values(), reverse=True)
    return rates[FLOOD_S - 1] if len(rates) >= FLOOD_S else 0


def is_flood(pieces, proto):
    packets = sum(p[2] for p in pieces)
    back = sum(p[4] for p in pieces)
    if back >= packets * (.01 if proto == UDP else .05):
        return False
    sized = [p for p in pieces if p[2]]
    narrow = variation([p[3] / p[2] for p in sized], [p[2] for p in sized]) < NARROW_CV
    syn_only = sum(p[2] for p in pieces if p[5] & SYN and not p[5] & ACK)
    return narrow or syn_only > .9 * packets


def named(lookups):
    """(look-up, cleaned name, registered domain, labels below it), without local names and addresses."""
    for lookup in lookups:
        name = domains.clean(lookup.name)
        if not domains.is_local(name):
            domain, labels = domains.split(name)
            if domain:
                yield lookup, name, domain, labels


def dga(lookups, population):
    """Distinct registered domains with an NXDOMAIN in 10 min; filtered: one label, wpad, local and reverse endings.
    They are >= 30 % of all distinct registered domains asked for (same filter). Nothing if one registered domain
    holds more than half of the distinct NXDOMAIN names."""
    slots = defaultdict(list)
    for item in named(lookups):
        slots[rules.slot(item[0].time, rules.TEN_MIN)].append(item)
    for found in slots.values():
        missing, names = {}, set()
        for lookup, name, domain, _ in found:
            if lookup.rcode == "NXDOMAIN":
                missing.setdefault(domain, lookup.time)
                names.add((domain, name))
        asked = {domain for _, _, domain, _ in found}
        if not missing or len(missing) < .3 * len(asked):
            continue
        if len(missing) > 1 and max(Counter(d for d, _ in names).values()) > .5 * len(names):
            continue
        yield window(rules.DGA, len(missing), missing.values())


def tunnel_windows(lookups, population):
    """Per registered domain: windows of 5 min with the bytes in the labels (without dots) of distinct names below it,
    names in lower case. Distinct names are >= 80 % of the queries. A name that begins with a reversed address is left
    out whole. Any type, any answer. -> {domain: windows}; the events of a domain are judged by themselves."""
    slots = defaultdict(list)
    for lookup, name, domain, labels in named(lookups):
        if domain not in population.popular_domains and not domains.is_reversed_address(labels):
            slots[(domain, rules.slot(lookup.time, rules.FIVE_MIN))].append((lookup.time, labels))
    result = defaultdict(list)
    for (domain, _), found in slots.items():
        first = {}
        for time, labels in found:
            first.setdefault(labels, time)
        size = sum(len(label) for labels in first for label in labels)
        if size and len(first) >= .8 * len(found):
            times = [time for labels, time in first.items() if labels]
            result[domain].append(window(rules.TUNNEL_BYTES, size, times, domain))
    return result


LONG_LABEL, RANDOM_BITS = 50, 3.5


def tunnel_domains(lookups, population):
    """Distinct registered domains per 10 min asked for by a name with a label (any, the domain's own too) of >= 50
    characters and >= 3.5 bits/character. Names whose ending is unlisted count too (a tunnel may use made-up ones)."""
    slots = defaultdict(dict)
    for lookup, name, domain, labels in named(lookups):
        own = domain.split(".")
        if domain not in population.popular_domains and any(
                len(label) >= LONG_LABEL and domains.entropy(label) >= RANDOM_BITS for label in [*labels, *own]):
            slots[rules.slot(lookup.time, rules.TEN_MIN)].setdefault(domain, lookup.time)
    for first in slots.values():
        yield window(rules.TUNNEL_DOMAINS, len(first), first.values())


CONTACT_RULES = [(rules.SCAN_B, scan_b), (rules.SCAN_G, scan_g), (rules.BRUTE, brute), (rules.SPAM_HOSTS, spam_hosts),
                 (rules.SPAM_CONNECTIONS, spam_connections), (rules.DDOS, ddos)]
LOOKUP_RULES = [(rules.DGA, dga), (rules.TUNNEL_DOMAINS, tunnel_domains)]


def verdicts_of(contacts, lookups, population, span_bar):
    """-> list of the Verdicts of one line, one per statistic that had any event."""
    found = []
    for tail, rule in CONTACT_RULES:
        if tail is rules.SCAN_G:        # each class is a walk of its own, with its own events
            found += [rules.judge(tail, [w], span_bar) for w in rule(contacts, population)]
        else:
            found.append(rules.judge(tail, rule(contacts, population), span_bar))
    for tail, rule in LOOKUP_RULES:
        found.append(rules.judge(tail, rule(lookups, population), span_bar))
    for windows in tunnel_windows(lookups, population).values():
        found.append(rules.judge(rules.TUNNEL_BYTES, windows, span_bar))
    return [v for v in found if v]
