#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""radclient tells FreeRADIUS of sessions, which relays that to a sensor and writes it into detail files. A second
sensor follows the file, a third the folder, and it is imported: all four must count the same records, and
`theriac who` say what the script below means, whichever way it came. Then radclient speaks to the first sensor
itself: what is good is answered, what is forged is not, and each is counted.

  peers_radius.py BINARY FOLDER
"""
import collections
import concurrent.futures
import json
import pathlib
import re
import socket
import subprocess
import time

import peers

PROGRAMS = ["unshare", "ip", "freeradius", "radclient"]
PORT, RELAY_PORT = 1813, 2813
PATIENT = ("-r", "1", "-t", "30")  # an answer has to come to the first packet
HASTY = ("-r", "1", "-t", "1")     # none is waited for
ZONE = "CET-1CEST,M3.5.0,M10.5.0/3"
NAS, OTHER, BY_CUI, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"
SECRETS = {"127.0.0.1": "relay", NAS: "direct", OTHER: "another", BY_CUI: "by-cui", "::1": "direct"}
RULES = {BY_CUI: ",line=cui,realm=7"}

CONFIGURATION = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
max_request_time = 60
cleanup_delay = 1
security {{
  allow_core_dumps = no
}}
client nas {{
  ipaddr = 127.0.0.0/8
  secret = nas
}}
home_server theriac {{
  type = acct
  ipaddr = 127.0.0.1
  port = {port}
  secret = relay
  response_window = 30
  status_check = status-server
}}
home_server_pool theriac {{
  type = fail-over
  home_server = theriac
}}
realm theriac {{
  acct_pool = theriac
}}
modules {{
  preprocess {{
    huntgroups = {folder}/empty
    hints = {folder}/empty
  }}
  detail one {{
    filename = {folder}/detail
    permissions = 0600
    header = "%t"
  }}
  detail each {{
    filename = "{folder}/each/detail-%{{%{{NAS-Identifier}}:-other}}"
    permissions = 0600
    header = "%t"
    log_packet_header = yes
  }}
}}
server default {{
  listen {{
    type = acct
    ipaddr = 127.0.0.1
    port = {relay_port}
  }}
  preacct {{
    preprocess
    update control {{
      &Proxy-To-Realm := "theriac"
    }}
  }}
  accounting {{
    one
    each
  }}
}}
"""


# ---- who is told what


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def packet(status, session, *more, at=None, nas="bras1", **values):
    """One of radclient's; names with _ for -. at: Event-Timestamp."""
    lines = [f"Acct-Status-Type = {status}"]
    lines += [f"Acct-Session-Id = {text(session)}"] if session else []
    lines += [f"NAS-Identifier = {text(nas)}"] if nas else []
    lines += [f"Event-Timestamp = {int(at)}"] if at else []
    lines += [f"{name.replace('_', '-')} = {value}" for name, value in values.items()]
    return "\n".join([*lines, *more])


def held(user, address, **more):
    return {"User_Name": text(user), "Framed_IP_Address": address, **more}


Expected = collections.namedtuple("Expected", "what address moment line words", defaults=[()])
ODD = 'o\'neil "x"\\ü, 1@isp.example'
ODD_LINE = 'user:o\'neil "x"\\%C3%BC%2C 1@isp.example'
PREFIXES = {"Framed_IPv6_Prefix": "2001:db8:1:20::/64", "Delegated_IPv6_Prefix": "2001:db8:aa00::/56",
            "Framed_IPv6_Address": "2001:db8:2::20"}
NATS = {"203.0.113.5": ('Alc-Nat-Port-Range = "203.0.113.5 1024-2047 router Base"',),
        "203.0.113.6": ("Huawei-NAT-Public-Address = 203.0.113.6", "Huawei-NAT-Start-Port = 1024",
                        "Huawei-NAT-End-Port = 2047"),
        "203.0.113.7": ("IP-Port-Range-Ext-IPv4-Addr = 203.0.113.7", "IP-Port-Range-Alloc = Allocation",
                        "IP-Port-Range-Range-Start = 1024", "IP-Port-Range-Range-End = 2047"),
        "203.0.113.8": ("TP-NAT-IP-Address = 203.0.113.8", "TP-NAT-Port-Start = 1024", "TP-NAT-Port-End = 2047"),
        "203.0.113.9": ("H3C-NAT-IP-Address = 203.0.113.9", "H3C-NAT-Start-Port = 1024", "H3C-NAT-End-Port = 2047")}


def dial_in(t):
    """An address and prefixes that are given on; a Stop that is lost; a Start that is."""
    yield packet("Start", "a1", at=t + 10, **held("alice", "100.64.1.20"), **PREFIXES)
    yield packet("Start", "c1", at=t + 20, **held("carol", "100.64.1.21"))
    yield packet("Interim-Update", "a1", at=t + 60, Acct_Session_Time=50, **held("alice", "100.64.1.20"), **PREFIXES)
    yield packet("Stop", "a1", at=t + 100, Acct_Session_Time=90, **held("alice", "100.64.1.20"), **PREFIXES)
    yield packet("Interim-Update", "e1", at=t + 100, Acct_Session_Time=50, **held("erin", "100.64.1.22"))
    yield packet("Start", "b1", at=t + 120, **held("bob", "100.64.1.20"))
    yield packet("Start", "d1", at=t + 150, **held("dave", "100.64.1.21"))


def expect_dial_in(t):
    for what, address in (("prefix", "2001:db8:1:20::1"), ("delegated prefix", "2001:db8:aa00:99::1"),
                          ("IPv6 address", "2001:db8:2::20")):
        yield Expected(f"at the {what}", address, t + 11, "user:alice")
        yield Expected(f"after the {what}", address, t + 101, None)
    yield Expected("before the address", "100.64.1.20", t + 8, None)
    yield Expected("at the address", "100.64.1.20", t + 11, "user:alice")
    yield Expected("before the address goes", "100.64.1.20", t + 99, "user:alice")
    yield Expected("between two holders", "100.64.1.20", t + 101, None)
    yield Expected("the next holder", "100.64.1.20", t + 121, "user:bob")
    yield Expected("before a Stop was lost", "100.64.1.21", t + 149, "user:carol")
    yield Expected("after a Stop was lost", "100.64.1.21", t + 151, "user:dave")
    yield Expected("before a Start was lost", "100.64.1.22", t + 48, None)
    yield Expected("after a Start was lost", "100.64.1.22", t + 51, "user:erin")


def start_afresh(t):
    """A NAS that goes off and on, of several; one that gives no name but its address."""
    yield packet("Start", "f1", at=t + 30, nas="bras2", **held("frank", "100.64.1.23"))
    yield packet("Start", "g1", at=t + 30, nas=None, NAS_IP_Address="192.0.2.3", **held("gina", "100.64.1.24"))
    yield packet("Start", "h1", at=t + 30, nas=None, NAS_IP_Address="192.0.2.4", **held("henry", "100.64.1.25"))
    yield packet("Accounting-Off", None, at=t + 130, nas="bras2")
    yield packet("Accounting-On", None, at=t + 140, nas=None, NAS_IP_Address="192.0.2.3")


def expect_start_afresh(t):
    yield Expected("before its NAS went off", "100.64.1.23", t + 129, "user:frank")
    yield Expected("after its NAS went off", "100.64.1.23", t + 131, None)
    yield Expected("before its NAS went on", "100.64.1.24", t + 139, "user:gina")
    yield Expected("after its NAS went on", "100.64.1.24", t + 141, None)
    yield Expected("another NAS went on", "100.64.1.25", t + 141, "user:henry")


def translate(t):
    """Blocks of ports, as the dictionaries have them, and taken back."""
    for number, (outside, block) in enumerate(NATS.items()):
        inside = f"100.64.2.{number + 1}"
        yield packet("Start", f"n{number}", *block, at=t + 40, **held(f"nat{number}", inside))
        yield packet("Stop", f"n{number}", *block, at=t + 160, **held(f"nat{number}", inside))


def expect_translate(t):
    for number, outside in enumerate(NATS):
        yield Expected("in a block", f"{outside}:1500", t + 41, f"user:nat{number}")
        yield Expected("after a block", f"{outside}:1500", t + 161, None)
    yield Expected("beside a block", f"{outside}:2048", t + 41, None)


def tell_oddly(t):
    """Times that are not told or told twice, identifiers of all bytes, a signature."""
    yield packet("Start", "o1", at=t + 50, Acct_Delay_Time=20, **held(ODD, "100.64.1.30"), Message_Authenticator="0x00",
                 Chargeable_User_Identity="0x6375690031ff", ADSL_Agent_Circuit_Id="0x6f6c74312c32",
                 ADSL_Agent_Remote_Id="0x00ff10", Calling_Station_Id=text("02-00-00-00-00-01"))
    yield packet("Start", "p1", Acct_Delay_Time=60, **held("paul", "100.64.1.31"))


def expect_tell_oddly(t, sent):
    yield Expected("an odd name, before", "100.64.1.30", t + 49, None)
    yield Expected("an odd name", "100.64.1.30", t + 51, ODD_LINE)
    yield Expected("before what came late", "100.64.1.31", sent[0] - 62, None)
    yield Expected("what came late", "100.64.1.31", sent[1] - 58, "user:paul")


# ---- senders


def radclient(secret, packets, *options, to=f"127.0.0.1:{PORT}", source=None, command="acct"):
    """A running radclient; see answered()."""
    lines = [f"Packet-Src-IP-Address = {source}"] if source else []
    process = subprocess.Popen(["radclient", "-s", *options, to, command, secret], text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdin.write("\n\n".join("\n".join([*lines, one]) for one in packets) + "\n")
    process.stdin.close()
    return process


def answered(process):
    """How many packets got an answer that radclient takes, and how many got none."""
    said = process.stdout.read()
    process.wait()
    numbers = dict(re.findall(r"^\s*([A-Z][a-z ]+?)\s*: (\d+)$", said, re.M))
    try:
        return int(numbers["Accepted"]), int(numbers["Lost"])
    except KeyError:
        raise peers.Failed(f"radclient: {said}") from None


class Tap:
    """Hands one NAS's packets on to the sensor and its answers back, and keeps both; the first answer gets lost."""

    def __init__(self):
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.far.bind((NAS, 0))
        self.far.connect(("127.0.0.1", PORT))
        self.far.settimeout(peers.SECONDS)
        self.sent, self.answers = [], []

    def where(self):
        return "127.0.0.1:%d" % self.near.getsockname()[1]

    def exchange(self, data):
        self.sent.append(data)
        self.far.send(data)
        self.answers.append(self.far.recv(4096))
        return self.answers[-1]

    def serve(self, client):
        """Until the client has its answer."""
        self.near.settimeout(0.1)
        while client.poll() is None:
            try:
                data, back = self.near.recvfrom(4096)
            except TimeoutError:
                continue
            answer = self.exchange(data)
            if len(self.sent) > 1:
                self.near.sendto(answer, back)


def throw(source, *datagrams):
    """From a socket of its own, which is returned: nothing may come back."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    for data in datagrams:
        s.sendto(data, ("127.0.0.1", PORT))
    return s


def silent(s):
    s.setblocking(False)
    try:
        return not s.recv(4096)
    except BlockingIOError:
        return True


# ---- servers


class Sensor(peers.Theriac):
    """A running one, with its state."""

    def __init__(self, binary, folder, name, *words, environment=None):
        super().__init__(binary, folder / f"{name}.state")
        self.name, self.source = name, words[1]
        self.server = peers.Server(folder, name, [binary, "sensor", "--listen", "udp:127.0.0.1:0", "--state",
                                                  self.state, "--json", *words], environment=environment)

    def told(self, *names):
        """Counters of its first source."""
        done = self.run("status", "--json")
        if done.returncode:
            raise peers.Failed(f"{self.name}: {done.stderr}{self.server.said()}")
        source = json.loads(done.stdout)["sources"][0]
        return tuple(source[name] for name in names)

    def metric(self, name):
        """The same counter, as told to Prometheus."""
        said = self.run("metrics").stdout
        return int(re.search(f'^theriac_source_{name}_total{{source="{re.escape(self.source)}"}} (\\d+)$', said, re.M)[1])

    def wait_for(self, **counters):
        names, wanted = tuple(counters), tuple(counters.values())
        try:
            peers.until(f"{self.name}: {counters}", lambda: self.told(*names) == wanted)
        except peers.Failed as failure:
            raise peers.Failed(f"{failure}, but {dict(zip(names, self.told(*names)))}") from None

    def end(self):
        self.server.stop()
        if self.server.process.returncode or "Sanitizer" in self.server.said():
            raise peers.Failed(f"{self.name}: {self.server.process.returncode} {self.server.said()}")


def listener(binary, folder, name="radius", **more):
    words = ["--sessions", f"radius:127.0.0.1:{PORT}", "--sessions", f"radius:[::1]:{PORT}"]
    for address, secret in SECRETS.items():
        path = folder / f"secret-{secret}"
        path.touch(0o600)
        path.write_text(secret + "\n")
        words += ["--nas", f"{address},secret={path}{RULES.get(address, '')}"]
    return Sensor(binary, folder, name, *words, **more)


def freeradius(folder):
    (folder / "empty").touch()
    (folder / "each").mkdir()
    (folder / "radiusd.conf").write_text(
        CONFIGURATION.format(folder=folder, port=PORT, relay_port=RELAY_PORT))
    return peers.Server(folder, "freeradius", ["freeradius", "-fxx", "-l", "stdout", "-d", folder, "-n", "radiusd"],
                        environment={"TZ": ZONE})


# ---- what happens


def relay(t):
    """All that is told through FreeRADIUS; what is expected of it."""
    began = time.time()
    packets = [*dial_in(t), *start_afresh(t), *translate(t), *tell_oddly(t)]
    got = answered(radclient("nas", packets, *PATIENT, to=f"127.0.0.1:{RELAY_PORT}"))
    if got != (len(packets), 0):
        raise peers.Failed(f"relayed: {got} answered and lost of {len(packets)}")
    sent = began, time.time()
    return len(packets), [*expect_dial_in(t), *expect_start_afresh(t), *expect_translate(t), *expect_tell_oddly(t, sent)]


def speak(t):
    """Good packets straight to the sensor, from several NASes; how many to its first listener."""
    good = [packet("Start", "q1", at=t + 170, Message_Authenticator="0x00", **held("quinn", "100.64.1.40")),
            packet("Interim-Update", "q1", at=t + 200, Acct_Delay_Time=1, **held("quinn", "100.64.1.40")),
            packet("Stop", "q1", at=t + 210, **held("quinn", "100.64.1.40"))]
    other = [packet("Start", "r1", at=t + 170, nas="bras3", **held("rita", "100.64.1.41")),
             packet("Accounting-Off", None, at=t + 200, nas="bras3")]
    cui = [packet("Start", "s1", at=t + 170, Chargeable_User_Identity="0x73616d", **held("sam", "100.64.1.40"))]
    v6 = [packet("Start", "t1", at=t + 170, **held("tess", "100.64.1.42"))]
    waiting = [radclient("direct", good, *PATIENT, source=NAS), radclient("another", other, *PATIENT, source=OTHER),
               radclient("by-cui", cui, *PATIENT, source=BY_CUI),
               radclient("direct", ["Message-Authenticator = 0x00"], *PATIENT, source=NAS, command="status"),
               radclient("direct", v6, *PATIENT, to=f"[::1]:{PORT}")]
    got = [answered(process) for process in waiting]
    if got != [(3, 0), (2, 0), (1, 0), (1, 0), (1, 0)]:
        raise peers.Failed(f"straight to the sensor: {got} answered and lost")
    return 7, [Expected("straight", "100.64.1.40", t + 209, "user:quinn"),
               Expected("straight, after its Stop", "100.64.1.40", t + 211, None),
               Expected("straight, before Off", "100.64.1.41", t + 199, "user:rita"),
               Expected("straight, after Off", "100.64.1.41", t + 201, None),
               Expected("by CUI, in a realm", "100.64.1.40", t + 211, "cui:sam", ("--realm", "7")),
               Expected("over IPv6", "100.64.1.42", t + 171, "user:tess")]


def repeat(t):
    """radclient's first answer gets lost: it asks again, by the same bytes. The tap, and what is expected."""
    tap = Tap()
    client = radclient("direct", [packet("Start", "u1", at=t + 180, **held("uma", "100.64.1.43"))], "-r", "60", "-t",
                       "0.5", to=tap.where())
    tap.serve(client)
    if answered(client) != (1, 0):
        raise peers.Failed("no answer to what was sent again")
    tap.exchange(tap.sent[0])
    if len(set(tap.sent)) != 1 or len(set(tap.answers)) != 1:
        raise peers.Failed("what was sent again was other bytes, or answered otherwise")
    return tap, [Expected("sent again", "100.64.1.43", t + 181, "user:uma")]


def forge(t, recorded):
    """What gets no answer, by reason."""
    def mallory(at):
        return [packet("Start", "m1", at=at, **held("mallory", "100.64.1.50"))]
    flipped = [bytearray(recorded) for _ in range(2)]
    flipped[0][7] ^= 1   # of the authenticator
    flipped[1][-1] ^= 1  # of a value
    bad_lengths = [recorded[:2] + bytes((255, 255)) + recorded[4:], recorded[:19], b""]
    thrown = [throw(STRANGER, recorded), throw(OTHER, recorded), throw(NAS, *flipped), throw(NAS, *bad_lengths),
              throw(NAS, bytes((1,)) + recorded[1:])]
    clients = [radclient("wrong", mallory(t + 100), *HASTY, source=NAS),
               radclient("direct", mallory(t + 100), *HASTY, source=STRANGER),
               radclient("direct", mallory(t - 100), *HASTY, source=NAS),
               radclient("direct", mallory(t + 1000), *HASTY, source=NAS),
               radclient("wrong", ["Message-Authenticator = 0x00"], *HASTY, source=NAS, command="status")]
    got = [answered(client) for client in clients]
    if got != [(0, 1)] * len(clients) or not all(silent(s) for s in thrown):
        raise peers.Failed(f"forged, but answered: {got} {[silent(s) for s in thrown]}")
    return {"forged": 1 + 2 + 1 + 1, "unknown_sender": 1 + 1, "replayed": 2, "bad": 3 + 1}


def replay_later(binary, folder, tap):
    """Ten minutes on, what was recorded is refused."""
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    sensor = listener(binary, folder, environment={"THERIAC_CLOCK": then})
    sensor.server.ready("theriac: ready", 2)
    s = throw(NAS, tap.sent[0])
    sensor.wait_for(packets=1, replayed=1, answered=0, sessions=0)
    if not silent(s):
        raise peers.Failed("replayed, and answered")
    sensor.end()


def ask(theriac, expected):
    for one in expected:
        theriac.expect(f"{theriac.state.name}: {one.what}", one.address, one.moment, one.line, *one.words)


def ask_all(heard, others, expected):
    """The sensor all of it, the others in turn, for an answer takes its time; and with a sanitizer four times that."""
    if re.search(rb"__(asan|tsan)_init", pathlib.Path(heard.binary).read_bytes()):
        expected = expected[::3]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask, heard, expected)]
        asked += [pool.submit(ask, other, expected[i::len(others)]) for i, other in enumerate(others)]
        for one in asked:
            one.result()


def main(argv):
    binary, folder = argv[1], pathlib.Path(argv[2])
    server = freeradius(folder)
    heard = listener(binary, folder)
    followers = [Sensor(binary, folder, "file", "--sessions", f"file:{folder}/detail"),
                 Sensor(binary, folder, "dir", "--sessions", f"dir:{folder}/each")]
    for sensor in (heard, *followers):
        sensor.server.ready("theriac: ready")
    server.ready("Ready to process requests")
    t = int(time.time()) - 250
    relayed, expected = relay(t)
    sessions, = heard.told("sessions")
    imported = peers.Theriac(binary, folder / "import.state")
    if imported.bring_in(folder / "detail")["events"] != sessions:
        raise peers.Failed(f"another number was imported than the {sessions} that were heard")
    for follower in followers:
        follower.wait_for(sessions=sessions, bad=0, ignored=0)
    spoken, straight = speak(t)
    tap, again = repeat(t)
    refused = forge(t, tap.sent[0])
    heard.wait_for(again=len(tap.sent) - 1, answered=relayed + spoken + len(tap.sent), unanswered=0, **refused)
    heard.wait_for(sessions=sessions + 7)
    if any(heard.metric(name) != number for name, number in refused.items()):
        raise peers.Failed(f"metrics tell otherwise than {refused}")
    ask_all(heard, (imported, *followers), expected)
    ask(heard, straight + again)
    for sensor in (heard, *followers):
        sensor.end()
    replay_later(binary, folder, tap)
    ask(heard, again + [Expected("forged", "100.64.1.50", t + 101, None)])
    return peers.verdict(heard, *followers, imported)


if __name__ == "__main__":
    peers.begin(main, PROGRAMS)
