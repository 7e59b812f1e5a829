# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests with real servers share. They run in namespaces of their own (see alone()), so that ports and addresses
are free, and everything ends with them, however they end: all that a test starts is in its process namespace, whose
first process is the test."""
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

UNSHARE = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
SECONDS = 30  # until something has to have happened
SECONDS_IN_ALL = 300


class Failed(Exception):
    pass


def lacking(programs):
    """Why the test cannot be run here, or nothing."""
    missing = [name for name in programs if not program(name)]
    if missing:
        return f"not installed: {' '.join(missing)}"
    if subprocess.run([*unshare(), "true"], capture_output=True, check=False).returncode:
        return "namespaces cannot be made here"
    return None


def unshare():
    return UNSHARE if os.geteuid() == 0 else [*UNSHARE, "--map-root-user"]


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def give_up(number, frame):
    del frame
    raise Failed(f"ended by signal {number}, or not within {SECONDS_IN_ALL} s")


def alone(argv, programs):
    """Goes on in namespaces of its own; a skip where that is not to be had. There signals have to be asked for: the
    first process of a namespace is spared those that it does not."""
    if os.environ.get("PEERS_ALONE"):
        for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
            signal.signal(number, give_up)
        signal.alarm(SECONDS_IN_ALL)
        run("ip", "link", "set", "lo", "up")
        return
    why = lacking(programs)
    if why:
        print(why)
        sys.exit(77)
    os.environ["PEERS_ALONE"] = "1"
    words = unshare()
    sys.stdout.flush()
    os.execvp(words[0], [*words, sys.executable, *argv])


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


def until(what, holds, seconds=SECONDS):
    """What holds() returns once it is something."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def wait_until(moment):
    time.sleep(max(0, moment - time.time()))


def is_up(device, enter=()):
    """Not only set up: what is sent before that is lost."""
    told = json.loads(run(*enter, "ip", "-json", "link", "show", device))[0]
    return told["operstate"] == "UP" and "LOWER_UP" in told["flags"]


class Network:
    """A network namespace, joined to ours by a link: `ours` here, `theirs` there."""

    def __init__(self, ours, theirs, here, there):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.enter = ["nsenter", "-t", str(self.holder.pid), "--net"]
        own = os.readlink("/proc/self/ns/net")
        until("a namespace", lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)
        run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(self.holder.pid))
        for enter, device, addresses in (([], ours, here), (self.enter, theirs, there)):
            run(*enter, "ip", "link", "set", device, "addrgenmode", "none")
            for address in addresses:
                words = ["nodad"] if ":" in address else []
                run(*enter, "ip", "address", "add", address, "dev", device, *words)
            run(*enter, "ip", "link", "set", device, "up")
        run(*self.enter, "ip", "link", "set", "lo", "up")
        until("the link", lambda: is_up(ours) and is_up(theirs, self.enter))


class Server:
    """A program that runs until the test ends; its output is in FOLDER/NAME.log. It is a copy, for where AppArmor
    is in use the program of the package may not read what is in `folder`."""

    def __init__(self, folder, name, command, enter=(), environment=None):
        self.log = folder / f"{name}.log"
        copy = folder / pathlib.Path(command[0]).name
        if not copy.exists():
            shutil.copy(program(command[0]), copy)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*enter, str(copy), *map(str, command[1:])], stdout=log, stderr=log,
                                            env={**os.environ, **(environment or {})})

    def said(self):
        return self.log.read_text(errors="replace")

    def ready(self, word, times=1):
        """Once it has said that so often, with what others of this name said."""
        def says():
            if self.process.poll() is not None:
                raise Failed(f"{self.log.stem} ended: {self.said()[-2000:]}")
            return self.said().count(word) >= times
        until(f"{self.log.stem} is ready", says)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(SECONDS)


class Theriac:
    """The program, with a state of its own."""

    def __init__(self, binary, state):
        self.binary, self.state, self.wrong, self.asked = binary, state, [], 0
        state.mkdir(exist_ok=True)

    def run(self, *words):
        return subprocess.run([self.binary, *map(str, words), "--state", str(self.state)], capture_output=True,
                              text=True, timeout=300, check=False)

    def bring_in(self, *files):
        done = self.run("session", "import", "--json", *files)
        if done.returncode:
            raise Failed(f"import: {done.returncode} {done.stdout}{done.stderr}")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        told = next(row for row in rows if "intervals" in row)
        if told.get("bad"):
            raise Failed(f"import: {done.stdout}{done.stderr}")
        return told

    def who(self, address, moment, *words):
        stamp = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
        done = self.run("who", "--json", "--reason", "test", *words, address, stamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        if done.returncode not in (0, 3):
            raise Failed(f"who {address}: {done.returncode} {done.stderr}")
        return json.loads(done.stdout.splitlines()[0])

    def expect(self, what, address, moment, line, *words):
        """line: of the exact answer; a list: of the ambiguous one; None: unknown."""
        answer = self.who(address, moment, *words)
        lines = sorted(one["line"] for one in answer["lines"])
        kind = {type(None): "unknown", list: "ambiguous"}.get(type(line), "exact")
        wanted = [] if line is None else sorted(line) if isinstance(line, list) else [line]
        self.asked += 1
        if answer["answer"] != kind or lines != wanted:
            self.wrong.append(f"{what}: {address} at {moment:.3f}: {answer}, not {kind} {wanted}")


def verdict(*states):
    """The exit status, after what was answered otherwise than expected."""
    wrong = [line for state in states for line in state.wrong]
    print("\n".join(wrong))
    print(f"{sum(state.asked for state in states) - len(wrong)} answers right, {len(wrong)} wrong")
    return 1 if wrong else 0


def begin(main, programs, *failures):
    """A test's last line. failures: further exceptions that say by themselves what failed."""
    alone(sys.argv, programs)
    try:
        sys.exit(main(sys.argv))
    except (Failed, *failures) as failure:
        sys.exit(str(failure))
