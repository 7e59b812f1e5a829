# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of DHCPv4 and DHCPv6 that is as many devices as one likes, itself or behind a relay agent, for tests. It
asks over and over until the server answers, up to a deadline, and says when the answer came.

Sources: RFC 2131, 2132, 3046 (relay agents' information); RFC 8415, 4649 (Remote-Id)."""
import ipaddress
import os
import socket
import struct
import time

SECONDS = 20  # until an answer has to be there
AGAIN_SECONDS = 1.0

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE = 1, 2, 3, 4, 5, 6, 7
COOKIE = bytes((99, 130, 83, 99))
BROADCAST = 0x8000

SOLICIT, ADVERTISE, REQUEST6, RENEW6, REPLY6, RELEASE6, DECLINE6, RELAY_FORWARD, RELAY_REPLY = (
    1, 2, 3, 5, 7, 8, 9, 12, 13)
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDR, ELAPSED, RELAYED, INTERFACE_ID, IA_PD, IA_PREFIX, REMOTE_ID = (
    1, 2, 3, 5, 8, 9, 18, 25, 26, 37)
SERVERS6 = "ff02::1:2"


class NoAnswer(Exception):
    pass


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def asked(sock, message, to, answer):
    """Sends until answer(datagram) is something, which it returns."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        sock.sendto(message, to)
        sock.settimeout(AGAIN_SECONDS)
        try:
            while True:
                found = answer(sock.recv(4096))
                if found is not None:
                    return found
        except TimeoutError:
            continue
    raise NoAnswer(f"no answer from {to}")


# ---- DHCPv4


def options4(data):
    found = {}
    while data and data[0] != 255:
        if data[0] == 0:
            data = data[1:]
            continue
        found[data[0]] = data[2:2 + data[1]]
        data = data[2 + data[1]:]
    return found


class Link4:
    """Devices of one link: they broadcast, for they have no address of their own."""

    def __init__(self, device):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        self.sock.bind(("", 68))
        self.to, self.relay, self.information = ("255.255.255.255", 67), "0.0.0.0", b""


class Relay4:
    """A relay agent at an address of ours, which tells the server whose line a device is at."""

    def __init__(self, address, server, circuit, remote):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 67))
        self.to, self.relay = (server, 67), address
        self.information = b"".join(struct.pack("BB", number, len(text)) + text
                                    for number, text in ((1, circuit.encode()), (2, remote.encode())))


class Device4:
    def __init__(self, link, mac):
        self.link, self.mac, self.address, self.server = link, mac, None, None

    def message(self, kind, xid, client="0.0.0.0", **options):
        """Options by number, as o50=bytes."""
        packed = b"".join(struct.pack("BB", int(name[1:]), len(value)) + value for name, value in options.items())
        if self.link.information:
            packed += struct.pack("BB", 82, len(self.link.information)) + self.link.information
        head = struct.pack("!BBBBIHH4s4s4s4s16s192x", 1, 1, 6, 0, xid, 0, BROADCAST, socket.inet_aton(client),
                           bytes(4), bytes(4), socket.inet_aton(self.link.relay), mac_bytes(self.mac))
        return head + COOKIE + bytes((53, 1, kind)) + packed + b"\xff"

    def ask(self, kind, want, **options):
        xid = int.from_bytes(os.urandom(4), "big")

        def answer(data):
            if len(data) < 240 or data[0] != 2 or int.from_bytes(data[4:8], "big") != xid:
                return None
            told = options4(data[240:])
            return (socket.inet_ntoa(data[16:20]), told) if told.get(53) in (bytes((want,)), bytes((NAK,))) else None
        address, told = asked(self.link.sock, self.message(kind, xid, **options), self.link.to, answer)
        if told[53][0] != want:
            raise NoAnswer(f"{self.mac} was refused")
        return address, told

    def tell(self, kind, **options):
        self.link.sock.sendto(self.message(kind, 1, o54=self.server, **options), self.link.to)

    def obtain(self):
        offered, told = self.ask(DISCOVER, OFFER)
        self.server = told[54]
        self.address, _ = self.ask(REQUEST, ACK, o50=socket.inet_aton(offered), o54=self.server)
        return time.time()

    def renew(self):
        """As after a restart, so that the answer is broadcast: the address itself is on no device of ours."""
        self.ask(REQUEST, ACK, o50=socket.inet_aton(self.address))
        return time.time()

    def release(self):
        self.tell(RELEASE, client=self.address)
        return time.time()

    def decline(self):
        self.tell(DECLINE, o50=socket.inet_aton(self.address))
        return time.time()


# ---- DHCPv6


def option6(number, value):
    return struct.pack("!HH", number, len(value)) + value


def options6(data):
    found = {}
    while len(data) >= 4:
        number, size = struct.unpack("!HH", data[:4])
        found[number] = data[4:4 + size]
        data = data[4 + size:]
    return found


class Link6:
    def __init__(self, device, port=546):
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        self.sock.bind(("", port))
        self.to = (SERVERS6, 547, 0, socket.if_nametoindex(device))

    @staticmethod
    def wrapped(message):
        return message

    @staticmethod
    def unwrapped(data):
        return data


class Relay6(Link6):
    def __init__(self, device, link, peer, circuit, remote):
        super().__init__(device, 547)
        self.head = (bytes((RELAY_FORWARD, 0)) + ipaddress.ip_address(link).packed + ipaddress.ip_address(peer).packed
                     + option6(INTERFACE_ID, circuit.encode()) + option6(REMOTE_ID, bytes(4) + remote.encode()))

    def wrapped(self, message):
        return self.head + option6(RELAYED, message)

    @staticmethod
    def unwrapped(data):
        return options6(data[34:]).get(RELAYED, b"") if data[:1] == bytes((RELAY_REPLY,)) else b""


class Device6:
    """Asks for an address and a prefix at once."""

    def __init__(self, link, mac):
        self.link, self.duid, self.server = link, bytes((0, 3, 0, 1)) + mac_bytes(mac), None
        self.iaid = mac_bytes(mac)[2:]
        self.address = self.prefix = None
        self.ias = option6(IA_NA, self.iaid + bytes(8)) + option6(IA_PD, self.iaid + bytes(8))

    def ask(self, kind, want, options):
        xid = os.urandom(3)
        message = bytes((kind,)) + xid + option6(CLIENT_ID, self.duid) + option6(ELAPSED, bytes(2)) + options

        def answer(data):
            data = self.link.unwrapped(data)
            return options6(data[4:]) if data[:4] == bytes((want,)) + xid else None
        return asked(self.link.sock, self.link.wrapped(message), self.link.to, answer)

    def take(self, told):
        address = options6(told[IA_NA][12:]).get(IA_ADDR)
        prefix = options6(told[IA_PD][12:]).get(IA_PREFIX)
        if not address or not prefix:
            raise NoAnswer(f"{self.duid.hex()} got no address or no prefix")
        self.address = str(ipaddress.ip_address(address[:16]))
        self.prefix = f"{ipaddress.ip_address(prefix[9:25])}/{prefix[8]}"
        self.ias = (option6(IA_NA, self.iaid + bytes(8) + option6(IA_ADDR, address[:16] + bytes(8)))
                    + option6(IA_PD, self.iaid + bytes(8) + option6(IA_PREFIX, bytes(8) + prefix[8:25])))
        return time.time()

    def obtain(self):
        told = self.ask(SOLICIT, ADVERTISE, self.ias)
        self.server = option6(SERVER_ID, told[SERVER_ID])
        return self.take(self.ask(REQUEST6, REPLY6, self.server + self.ias))

    def renew(self):
        return self.take(self.ask(RENEW6, REPLY6, self.server + self.ias))

    def release(self):
        self.ask(RELEASE6, REPLY6, self.server + self.ias)
        return time.time()

    def decline(self):
        """The address; a prefix cannot be declined."""
        address = self.ias[:4 + int.from_bytes(self.ias[2:4], "big")]
        self.ask(DECLINE6, REPLY6, self.server + address)
        return time.time()
