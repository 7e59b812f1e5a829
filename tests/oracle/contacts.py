# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""From flows to contacts: who opened a conversation, and how it ended.

In: Flow objects in any order, the inside prefixes. Out: Contact objects, one per conversation between a line and
an outside peer, whatever slices, one-way halves or doubles the exporters made of it (detection.md P3 and P7).
Leaves out: talk inside the network and past it; multicast, broadcast and link-local addresses.

Choices where detection.md and the issue leave one:
- The idle timeout within which a slice continues a flow is 60 s. A slice with a SYN is a new conversation.
- A two-way TCP record or pair without any SYN was seen from its middle: opener unknown, although one end of it is
  the earlier one (P3: midstream flows look outbound). With SYNs on both sides the earlier end opened.
- One way only, SYN together with ACK: may be either end (a flow's flags are the union of its packets'): unknown.
- SYN and RST without ACK, one way only: a half-open scan or a silent peer: outcome unknown. Where both directions
  were watched and nothing came back: unanswered.
- "Refused" is a RST in answer to the SYN. Rules that count failures count unanswered and refused alike.
- One-way UDP (and TCP without flags): the sender opened, if the exporter is known to show both directions; else
  unknown.
- ICMP: only an echo request is an opening; all else (unreachable messages) has an unknown opener.
- P7's share of an exporter: of its conversations with SYN and ACK from one end, those seen from both ends, over
  the whole run. Without such conversations, a source that gives two-way records or states is taken to see both
  directions, and one that gives one-way records is not.
- A contact counts at the end of the first record of the end that opened it.
"""
import re
from collections import defaultdict

from records import ICMP, TCP

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
LETTERS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG, "E": 64, "C": 128}
ARGUS_FLAGS = re.compile(r"[FSRPAUEC]*_[FSRPAUEC]*\Z")
IDLE_S, PAIR_S = 60, 5
FTP_DATA = 20  # its server opens
ANSWERED, UNANSWERED, REFUSED, UNKNOWN = "answered", "unanswered", "refused", "unknown"
FAILED = (UNANSWERED, REFUSED)

# Zeek's conn_state and Argus's state names for TCP: (the source opened it, outcome). None: cannot be told.
TCP_STATES = {
    "S0": (True, UNANSWERED), "REJ": (True, REFUSED), "RSTOS0": (True, UNANSWERED), "SF": (True, ANSWERED),
    "S1": (True, ANSWERED), "S2": (True, ANSWERED), "S3": (True, ANSWERED), "RSTO": (True, ANSWERED),
    "RSTR": (True, ANSWERED), "SH": (True, UNKNOWN), "SHR": (None, UNKNOWN), "RSTRH": (None, UNKNOWN),
    "OTH": (None, UNKNOWN), "REQ": (True, UNANSWERED), "ACC": (True, ANSWERED), "EST": (True, ANSWERED),
    "CLO": (True, ANSWERED), "TIM": (True, UNKNOWN),
    # FIN, RST and CON say how it stands, not who began: opener by the record's own direction, if it is given.
    "CON": (None, ANSWERED), "FIN": (None, ANSWERED), "RST": (None, UNKNOWN)}
OTHER_STATES = {"S0": (True, UNANSWERED), "SF": (True, ANSWERED), "S1": (True, ANSWERED), "SHR": (None, UNKNOWN),
                "INT": (True, UNANSWERED), "REQ": (True, UNANSWERED), "CON": (True, ANSWERED),
                "ACC": (True, ANSWERED)}


class Half:
    """What one end sent."""
    __slots__ = ("flags", "packets", "first", "first_end", "syn")

    def __init__(self):
        self.flags, self.packets, self.first, self.first_end, self.syn = 0, 0, None, None, False

    def add(self, flow, flags, packets):
        self.flags |= flags
        self.packets += packets
        if self.first is None:
            self.first, self.first_end = flow.start, flow.end

    @property
    def seen(self):
        return self.first is not None


class Talk:
    """One conversation being put together; end 0 is (src, sport) of its first record."""
    __slots__ = ("key", "proto", "exporter", "halves", "end", "start", "parts", "verdict", "two_way", "sampled", "echo")

    def __init__(self, flow):
        self.key = (flow.src, flow.sport, flow.dst, flow.dport)
        self.proto, self.exporter = flow.proto, flow.exporter
        self.halves = (Half(), Half())
        self.start = self.end = flow.start
        self.parts, self.verdict = [], None
        self.two_way = self.sampled = self.echo = False

    def side(self, flow):
        return 0 if (flow.src, flow.sport) == self.key[:2] else 1

    def add(self, flow):
        side, (flags, rflags) = self.side(flow), both_flags(flow)
        self.halves[side].add(flow, flags, flow.packets or 0)
        if flow.rpackets or rflags:
            self.halves[1 - side].add(flow, rflags, flow.rpackets or 0)
        self.parts.append((side, flow, flags))
        self.end = max(self.end, flow.end)
        self.two_way |= is_two_way(flow)
        self.sampled |= flow.sampling > 1
        self.echo |= is_echo(flow)
        verdict = state_verdict(flow)
        if verdict and (self.verdict is None or self.verdict[1] != ANSWERED):
            opener = None if verdict[0] is None else side
            self.verdict = (opener if self.verdict is None else self.verdict[0], verdict[1])


def both_flags(flow):
    """TCP flags of the two ends; an Argus state like `S_RA` holds them."""
    if flow.proto == TCP and flow.state and ARGUS_FLAGS.match(flow.state):
        ours, theirs = flow.state.split("_")
        return sum(LETTERS[c] for c in set(ours)), sum(LETTERS[c] for c in set(theirs))
    return flow.flags or 0, flow.rflags or 0


def is_two_way(flow):
    return flow.rpackets is not None or flow.rflags is not None or flow.state is not None


def is_echo(flow):
    if flow.icmp is not None:
        return str(flow.icmp).split("/")[0] in ("8", "128")
    return flow.state == "ECO"


def state_verdict(flow):
    """What the source's own state says: (True or None for the opener being src, outcome), or None."""
    if flow.state is None or flow.proto in ICMP:
        return None
    if flow.proto == TCP and ARGUS_FLAGS.match(flow.state):
        return None
    verdict = (TCP_STATES if flow.proto == TCP else OTHER_STATES).get(flow.state)
    if verdict and verdict[0] is None and flow.dir and "?" not in flow.dir and flow.proto == TCP:
        return "<" not in flow.dir or None, verdict[1]
    return verdict


def new_syn(flow):
    flags, _ = both_flags(flow)
    if flow.proto != TCP:
        return False
    verdict = state_verdict(flow)
    return bool(flags & SYN) or bool(verdict and verdict[0])


def belongs(talk, flow):
    """True if the flow is the other half, or a further slice, of the talk (same exporter, same 5-tuple)."""
    if not talk.halves[talk.side(flow)].seen:
        return flow.start <= talk.end + PAIR_S
    return flow.start <= talk.end + IDLE_S and not new_syn(flow)


def join(flows):
    """Flows of one exporter and one 5-tuple (either way round), by start -> talks."""
    talks = []
    for flow in sorted(flows, key=lambda f: (f.start, not new_syn(f), f.end)):
        if not talks or not belongs(talks[-1], flow):
            talks.append(Talk(flow))
        talks[-1].add(flow)
    return talks


def drop_doubles(talks):
    """The same conversation from a second exporter: keep the one that shows more ends, then the first."""
    if len({talk.exporter for talk in talks}) < 2:
        return talks
    kept = []
    ends = lambda talk: sum(half.seen for half in talk.halves)
    for talk in sorted(talks, key=lambda t: (-ends(t), t.start, t.exporter)):
        if not any(same_talk(talk, other) for other in kept):
            kept.append(talk)
    return kept


def same_talk(a, b):
    if a.exporter == b.exporter or a.start > b.end + PAIR_S or b.start > a.end + PAIR_S:
        return False
    senders = lambda t: {t.key[2 * side:2 * side + 2] for side in (0, 1) if t.halves[side].seen}
    return bool(senders(a) & senders(b))


def seen_both_ways(talks):
    """P7 -> the set of exporters whose silence means something."""
    answered, both, one_way = defaultdict(int), defaultdict(int), set()
    for talk in talks:
        if not talk.two_way:
            one_way.add(talk.exporter)
        handshake = any(half.flags & SYN and half.flags & ACK for half in talk.halves)
        if talk.proto == TCP and (handshake or talk.verdict and talk.verdict[1] == ANSWERED):
            answered[talk.exporter] += 1
            by_state = talk.verdict and talk.verdict[1] == ANSWERED
            both[talk.exporter] += bool(by_state or all(half.seen for half in talk.halves))
    known = {talk.exporter for talk in talks}
    return {e for e in known if (both[e] / answered[e] >= 0.5 if answered[e] else e not in one_way)}


def earlier_side(talk):
    """The end whose first packet is the earlier one; in one two-way record that is the source. A tie: None."""
    a, b = talk.halves
    first = talk.parts[0][1]
    if not b.seen or first.rpackets or both_flags(first)[1] or a.first < b.first:
        return 0
    return None if a.first == b.first else 1


def client_side(talk):
    """The end on no system port, where the other one is on one that clients do not use."""
    first = talk.parts[0][1]
    system = [port < 1024 for port in (first.sport, first.dport)]
    if FTP_DATA in (first.sport, first.dport) or system[0] == system[1]:
        return None
    return 1 if system[0] else 0


def tcp_opener(talk):
    a, b = (half.flags for half in talk.halves)
    bare = [bool(f & SYN) and not f & ACK for f in (a, b)]
    if bare[0] != bare[1]:
        return 0 if bare[0] else 1
    two_way_state = talk.parts[0][1].state is not None
    if a & SYN and b & SYN and (all(half.seen for half in talk.halves) or two_way_state):
        side = earlier_side(talk)
        return client_side(talk) if side is None and a & b & ACK else side
    return None


def tcp_outcome(talk, opener):
    ours, theirs = talk.halves[opener], talk.halves[1 - opener]
    if theirs.flags & SYN or ours.flags & ACK:
        return ANSWERED
    if theirs.flags & RST:
        return REFUSED
    if theirs.packets:
        return ANSWERED
    if ours.flags & RST and not talk.two_way:
        return UNKNOWN
    return UNKNOWN if talk.sampled else UNANSWERED


def orient(talk, two_way):
    """-> (end that opened or None, outcome)."""
    if talk.proto in ICMP and not talk.echo:
        return None, UNKNOWN
    if talk.verdict:
        opener, outcome = talk.verdict
        silent = outcome in FAILED
        if silent and (talk.sampled or talk.proto != TCP and talk.exporter not in two_way):
            outcome = UNKNOWN
        return opener, outcome
    if talk.proto == TCP and any(half.flags for half in talk.halves):
        opener = tcp_opener(talk)
        return opener, UNKNOWN if opener is None else tcp_outcome(talk, opener)
    if all(half.seen for half in talk.halves):
        opener = earlier_side(talk)
        return opener, UNKNOWN if opener is None else ANSWERED
    if talk.exporter not in two_way:
        return None, UNKNOWN
    return 0, UNKNOWN if talk.sampled else UNANSWERED


class Contact:
    """A conversation seen from the line. slices: (start, end, packets out, bytes out, packets in, flags out)."""
    __slots__ = ("line", "peer", "port", "proto", "opener", "outcome", "start", "end", "time", "bytes", "slices",
                 "shows_both")

    @property
    def failed(self):
        return self.outcome in FAILED


def make_contact(talk, inside, two_way):
    opener, outcome = orient(talk, two_way)
    contact = Contact()
    ends = [inside.place(talk.key[0]), inside.place(talk.key[2])]
    mine = 0 if ends[0][0] == "line" else 1
    contact.line, contact.peer = ends[mine][1], ends[1 - mine][1]
    contact.proto, contact.outcome = talk.proto, outcome
    contact.opener = "unknown" if opener is None else "self" if opener == mine else "peer"
    # The service port is at the end that did not open; for an unknown opener the peer's port is shown.
    served = 1 - mine if opener is None else 1 - opener
    contact.port = talk.key[2 * served + 1]
    contact.start, contact.end = talk.start, talk.end
    half = talk.halves[opener or 0]
    contact.time = half.first_end if half.seen else talk.end
    contact.bytes = sum((flow.bytes or 0) + (flow.rbytes or 0) for _, flow, _ in talk.parts)
    contact.slices = [slice_of(part, mine) for part in talk.parts]
    contact.shows_both = talk.exporter in two_way
    return contact


def slice_of(part, mine):
    side, flow, flags = part
    if side == mine:
        return flow.start, flow.end, flow.packets or 0, flow.bytes or 0, flow.rpackets or 0, flags
    return flow.start, flow.end, flow.rpackets or 0, flow.rbytes or 0, flow.packets or 0, both_flags(flow)[1]


def contacts_of(flows, inside):
    """All contacts of the lines, in time order."""
    groups = defaultdict(list)
    for flow in flows:
        if {inside.place(flow.src)[0], inside.place(flow.dst)[0]} == {"line", "peer"}:
            a, b = (flow.src, flow.sport), (flow.dst, flow.dport)
            groups[(flow.proto,) + ((a, b) if a <= b else (b, a))].append(flow)
    talks = []
    for group in groups.values():
        by_exporter = defaultdict(list)
        for flow in group:
            by_exporter[flow.exporter].append(flow)
        talks += drop_doubles([talk for flows_ in by_exporter.values() for talk in join(flows_)])
    two_way = seen_both_ways(talks)
    return sorted((make_contact(talk, inside, two_way) for talk in talks), key=lambda c: c.time)
