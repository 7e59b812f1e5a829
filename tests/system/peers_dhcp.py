#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kea and ISC dhcpd, DHCPv4 and DHCPv6, lend addresses and prefixes to devices that renew, give back, decline, and
fall silent, some behind a relay agent. The pools are so small that addresses go from hand to hand. From the lease
files `theriac who` must then say of every moment what the devices know: who held it, or that nobody did; also after
Kea's clean-up and dhcpd's rewriting of its file.

  peers_dhcp.py BINARY FOLDER
"""
import dataclasses
import json
import pathlib
import shutil
import time

import dhcp
import peers

LIFETIME = 6
PHASE = 2.5
MARGIN = 1.0  # servers write whole seconds, rounded down
TICK = 0.02  # of the kernel: so far is the clock behind that they ask
TRIES = 3
CIRCUIT, REMOTE = "olt1/1/3:42", "cpe,7"
PROGRAMS = ["ip", "nsenter", "unshare", "kea-dhcp4", "kea-dhcp6", "kea-lfc", "dhcpd"]


class TooSlow(Exception):
    """A lease ran out before its device came to renew it: this machine stood still. That is tried again."""


def now():
    """Now, but not right after a second began, when servers still write the one before."""
    if time.time() % 1 < TICK:
        time.sleep(TICK)
    return time.time()


@dataclasses.dataclass
class Hold:
    """What a device knows of having held something: for sure from .. to, and not before or after at all."""
    what: str
    line: str
    before: float
    since: float
    to: float = 0.0
    after: float = 0.0


class World:
    """One server of one family, its devices, and who of them held what."""

    def __init__(self, name, link, relay, device, line):
        self.name, self.link, self.relay, self.device, self.line = name, link, relay, device, line
        self.devices, self.holds, self.heard = {}, [], 0.0

    def held(self, who):
        device = self.devices[who]
        return [what for what in (device.address, getattr(device, "prefix", None)) if what]

    def current(self, who):
        return [next(h for h in reversed(self.holds) if h.what == what) for what in self.held(who)]

    def seen(self, who, sent, back):
        for hold in self.current(who):
            hold.to, hold.after = sent + LIFETIME - MARGIN, back + LIFETIME
        self.heard = sent

    def obtain(self, who, relayed=False):
        mac = f"02:00:00:00:{len(self.name):02x}:{ord(who):02x}"
        device = self.devices[who] = self.device(self.relay if relayed else self.link, mac)
        sent = now()
        back = device.obtain()
        line = self.line(mac, relayed)
        self.holds += [Hold(what, line, sent - MARGIN, back) for what in self.held(who)]
        self.seen(who, sent, back)

    def renew(self, who):
        sent = now()
        if sent > min(hold.to for hold in self.current(who)):
            raise TooSlow
        self.seen(who, sent, self.devices[who].renew())

    def release(self, who):
        """What the server heard last is the latest moment of which it says that nothing was given back before."""
        until, holds = self.heard - MARGIN, self.current(who)
        if time.time() > min(hold.to for hold in holds):
            raise TooSlow
        back = self.devices[who].release()
        for hold in holds:
            hold.to, hold.after = until, back

    def decline(self, who):
        hold, sent = self.current(who)[0], now()
        hold.to, hold.after = sent - MARGIN, self.devices[who].decline()

    def ran_out(self, who):
        return max(hold.after for hold in self.current(who))


# ---- the servers


SUBNET4 = {"subnet": "100.64.1.0/24", "pools": [{"pool": "100.64.1.20-100.64.1.23"}]}
SUBNET6 = {"subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::20-2001:db8:1::23"}], "interface": "s0",
           "pd-pools": [{"prefix": "2001:db8:aa00::", "prefix-len": 54, "delegated-len": 56}]}
SERVER6 = {"server-id": {"type": "EN", "enterprise-id": 32473, "identifier": "01", "persist": False}}


def kea(folder, version, network, again="", lfc=0):
    """With a clean-up of the lease file every `lfc` seconds."""
    path, name = folder / f"kea{version}.json", f"kea-dhcp{version}"
    path.write_text(json.dumps({f"Dhcp{version}": {
        "valid-lifetime": LIFETIME, "min-valid-lifetime": LIFETIME, "max-valid-lifetime": LIFETIME,
        "interfaces-config": {"interfaces": ["s0"]},
        "lease-database": {"type": "memfile", "persist": True, "name": str(folder / f"kea{version}.csv"),
                           "lfc-interval": lfc},
        "store-extended-info": True, "decline-probation-period": 3600,
        "expired-leases-processing": {"reclaim-timer-wait-time": 1, "flush-reclaimed-timer-wait-time": 1,
                                      "hold-reclaimed-time": 1},
        f"subnet{version}": [{"id": 1, **(SUBNET4 if version == 4 else SUBNET6)}],
        **({} if version == 4 else SERVER6)}}))
    shutil.copy(peers.program("kea-lfc"), folder / "kea-lfc")
    environment = {"KEA_PIDFILE_DIR": str(folder), "KEA_LOCKFILE_DIR": str(folder),
                   "KEA_LFC_EXECUTABLE": str(folder / "kea-lfc")}
    return peers.Server(folder, name + again, [name, "-c", path], network.enter, environment)


DHCPD = f"authoritative; default-lease-time {LIFETIME}; max-lease-time {LIFETIME}; min-lease-time {LIFETIME};\n"
DHCPD4 = """ping-check false; stash-agent-options true; abandon-lease-time 3600;
subnet 100.64.2.0 netmask 255.255.255.0 { range 100.64.2.20 100.64.2.23; }
"""
DHCPD6 = """subnet6 2001:db8:2::/64 {
  range6 2001:db8:2::20 2001:db8:2::23; prefix6 2001:db8:bb00:: 2001:db8:bb00:300:: /56;
}
"""


def dhcpd(folder, version, network, again=""):
    leases, path = folder / f"dhcpd{version}.leases", folder / f"dhcpd{version}.conf"
    leases.touch()
    path.write_text(DHCPD + (DHCPD4 if version == 4 else DHCPD6))
    return peers.Server(folder, f"dhcpd{version}{again}", [
        "dhcpd", f"-{version}", "-d", "-cf", path, "-lf", leases, "-pf", folder / f"dhcpd{version}.pid", "s0"],
        network.enter)


def start(folder, nets, **kea_more):
    again = {"again": kea_more.get("again", "")}
    servers = [kea(folder, 4, nets[0], **kea_more), kea(folder, 6, nets[0], **kea_more),
               dhcpd(folder, 4, nets[1], **again), dhcpd(folder, 6, nets[1], **again)]
    words = ("DHCP4_STARTED", "DHCP6_STARTED", "Server starting service", "Server starting service")
    return [server.ready(word) for server, word in zip(servers, words)]


# ---- what happens


def by_mac(mac, relayed):
    return f"circuit:{CIRCUIT},remote:{REMOTE.replace(',', '%2C')}" if relayed else f"mac:{mac}"


def by_duid(mac, relayed):
    del relayed  # dhcpd does not write it down
    return f"duid:00:03:00:01:{mac}"


def networks():
    for number, device in ((1, "k0"), (2, "d0")):
        yield peers.Network(device, "s0", [f"100.64.{number}.2/24", "fe80::2/64"],
                            [f"100.64.{number}.1/24", "fe80::1/64", f"2001:db8:{number}::1/64"])


def worlds():
    for number, device, name in ((1, "k0", "kea"), (2, "d0", "dhcpd")):
        link = f"2001:db8:{number}::1"
        yield World(name + "4", dhcp.Link4(device),
                    dhcp.Relay4(f"100.64.{number}.2", f"100.64.{number}.1", CIRCUIT, REMOTE), dhcp.Device4, by_mac)
        yield World(name + "6", dhcp.Link6(device), dhcp.Relay6(device, link, "fe80::99", CIRCUIT, REMOTE),
                    dhcp.Device6, by_mac if name == "kea" else by_duid)


def happen(all_worlds):
    """a renews and gives back, e gets what was a's; b falls silent, f gets what was b's; c declines; d stays, behind a
    relay."""
    began = time.time()
    for world in all_worlds:
        for who in "abcd":
            world.obtain(who, relayed=who == "d")
    peers.wait_until(began + PHASE)
    for world in all_worlds:
        world.renew("a")
        world.renew("d")
        world.decline("c")
    peers.wait_until(began + 2 * PHASE)
    for world in all_worlds:
        world.renew("d")
        world.release("a")
        world.obtain("e")
        if world.devices["e"].address != world.devices["a"].address:
            raise peers.Failed(f"{world.name}: the address that was given back was not lent again")
    peers.wait_until(max(world.ran_out("b") for world in all_worlds) + MARGIN)
    for world in all_worlds:
        world.renew("d")
        world.renew("e")
        world.obtain("f")
        if world.devices["f"].address != world.devices["b"].address:
            raise peers.Failed(f"{world.name}: the address that ran out was not lent again")
    time.sleep(MARGIN)


def scenario(folder, nets):
    """In fresh servers; again if the machine stood still meanwhile."""
    for attempt in range(TRIES):
        home = folder / str(attempt)
        home.mkdir()
        servers = start(home, nets)
        ours = list(worlds())
        try:
            happen(ours)
            return home, ours, servers
        except TooSlow:
            print(f"try {attempt}: the machine stood still")
            for server in servers:
                server.stop()
    raise peers.Failed("the machine is too slow")


# ---- what is asked


def address_in(what):
    network = what.partition("/")
    return network[0] + "99" if network[1] else what


def gaps(holds):
    """When nobody held it for sure: before the first, and between two."""
    yield holds[0].before - 60, holds[0].before
    for earlier, later in zip(holds, holds[1:]):
        yield earlier.after, later.before


def ask(theriac, world, end):
    """Of all that was ever held, at moments between its edges."""
    for what in sorted({hold.what for hold in world.holds}):
        holds = [hold for hold in world.holds if hold.what == what]
        address = address_in(what)
        for hold in holds:
            last = min(hold.to, end)
            if last <= hold.since:
                raise TooSlow
            for moment in (hold.since, (hold.since + last) / 2, last):
                theriac.expect(f"{world.name}, held", address, moment, hold.line)
        for begin, stop in gaps(holds):
            if begin < stop:
                theriac.expect(f"{world.name}, held by nobody", address, (begin + stop) / 2, None)
        if holds[-1].after < end:
            theriac.expect(f"{world.name}, no longer held", address, holds[-1].after, None)


def ask_all(theriac, ours, end):
    for world in ours:
        ask(theriac, world, end)


def ask_present(theriac, ours):
    """What a lease file still says after a clean-up: who holds it now; of the others nothing wrong."""
    for world in ours:
        for who in "def":
            for hold in world.current(who):
                theriac.expect(f"{world.name}, held at last", address_in(hold.what), hold.to - LIFETIME + 2 * MARGIN,
                               hold.line)
        first = world.holds[0]
        answer = theriac.who(address_in(first.what), first.since)
        if any(one["line"] != first.line for one in answer["lines"]):
            theriac.wrong.append(f"{world.name}: after the clean-up {answer}, not {first.line}")


def files(home):
    return sorted(p for p in home.iterdir() if p.suffix in (".csv", ".leases", ".2", ".leases~"))


def clean_up(home, nets, servers):
    """Kea and dhcpd start again; Kea cleans its files, which it does in a process of its own; dhcpd writes its anew."""
    for server in servers:
        server.stop()
    again = start(home, nets, again="-again", lfc=1)
    for version in (4, 6):
        peers.until("Kea's clean-up", (home / f"kea{version}.csv.2").exists)
    for server in again:
        server.stop()


def main(argv):
    binary, folder = argv[1], pathlib.Path(argv[2])
    nets = list(networks())
    home, ours, servers = scenario(folder, nets)
    end = time.time()
    kept = folder / "kept"
    kept.mkdir()
    for path in files(home):
        shutil.copy(path, kept)
    clean_up(home, nets, servers)  # before anything is asked: leases are short
    theriac = peers.Theriac(binary, folder / "state")
    print(theriac.bring_in(*files(kept)))
    ask_all(theriac, ours, end)
    print([p.name for p in files(home)])
    cleaned = peers.Theriac(binary, folder / "cleaned")
    print(cleaned.bring_in(*[p for p in files(home) if "kea" in p.name]))
    ask_present(cleaned, [world for world in ours if "kea" in world.name])
    both = peers.Theriac(binary, folder / "both")
    print(both.bring_in(*files(kept), *files(home)))
    ask_all(both, ours, end)
    return peers.verdict(theriac, cleaned, both)


if __name__ == "__main__":
    peers.begin(main, PROGRAMS, dhcp.NoAnswer)
