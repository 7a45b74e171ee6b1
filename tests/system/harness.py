# SPDX-License-Identifier: BSD-2-Clause
"""Drive real systems through the topo command: start a topology, run commands in its VMs, look at
its state, stop it. A Scenario is one system and the checks on it, in order; each check is a test.
"""
import gzip
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "tests/system")
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
TOPO = os.path.join(BUILD, "topo")
BOOT_LIMIT = 300
LIMIT = 180  # seconds, of a command or for what has to come: it tells a hang alone
PROBE = "/tmp/probe"

FIRST_BOARD = "qemu-virt-v3"  # the default of topologies
BOTH_BOARDS = (FIRST_BOARD, "qemu-virt")
SCENARIOS = []


class Failure(Exception):
    """A check does not hold; the text says why."""


def ensure(holds, why):
    if not holds:
        raise Failure(why)


class System:
    """A running system, by the name that topo knows it by."""

    def __init__(self, topology, name, board, arguments=()):
        self.topology, self.name, self.board = topology, name, board
        self.arguments = list(arguments)
        self.probes = set()

    def options(self):
        """Of its arguments those by which every command reads the topology."""
        return ["--board", self.board] + [word for word in self.arguments
                                          if not word.startswith("--qemu-arg")]

    def start(self, limit=BOOT_LIMIT):
        start = time.monotonic()
        done = subprocess.run(
            [TOPO, "run", "--detach", "--timeout", str(limit), "--name", self.name,
             "--no-advice", "--board", self.board, *self.arguments, self.topology],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=limit + 60, check=False)
        ensure(done.returncode == 0, f"topo run: {done.stdout[-1500:]}")
        return time.monotonic() - start

    def stop(self):
        return subprocess.run([TOPO, "stop", self.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LIMIT, check=False)

    def command(self, vm, argv, limit):
        return [TOPO, "exec", "--timeout", str(limit), "--name", self.name, vm, "--", *argv]

    def run(self, vm, *argv, limit=LIMIT, stdin=None, status=0):
        """Run a command in a VM; its output, stripped. status=None: any exit status will do."""
        done = subprocess.run(self.command(vm, argv, limit), input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit + 30, check=False)
        text = done.stdout.decode("utf-8", "replace").strip()
        ensure(status is None or done.returncode == status,
               f"{vm}: {' '.join(argv)[:160]}: exit status {done.returncode}: {text[-600:]}")
        return text

    def shell(self, vm, script, **options):
        return self.run(vm, "sh", "-ec", script, **options)

    def spawn(self, vm, script, limit=600):
        """The same without waiting: a Popen."""
        return subprocess.Popen(self.command(vm, ["sh", "-ec", script], limit),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def probe(self, vm):
        """Bring tests/system/probe.c into a VM, once; its path there."""
        if vm not in self.probes:
            with open(os.path.join(BUILD, "system/probe"), "rb") as file:
                packed = gzip.compress(file.read(), 9)
            self.shell(vm, f"gunzip > {PROBE}; chmod +x {PROBE}", stdin=packed, limit=120)
            self.probes.add(vm)
        return PROBE

    def told(self):
        """What topo ps tells of it."""
        done = subprocess.run([TOPO, "ps", "--json", self.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=LIMIT, check=False)
        ensure(done.returncode in (0, 1), f"topo ps: {done.stdout}")
        for system in json.loads(done.stdout or "[]"):
            if system["name"] == self.name:
                return system
        return {"vms": [], "connections": []}

    def state(self):
        """(VM -> state, (device, driver) -> state)."""
        told = self.told()
        return ({vm["name"]: vm["state"] for vm in told["vms"]},
                {(c["device"], c["driver"]): c["state"] for c in told["connections"]})

    def stats(self):
        """What topo stats tells of it."""
        done = subprocess.run([TOPO, "stats", "--json", self.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True)
        return json.loads(done.stdout)

    def pool(self, device, driver):
        """Of a connection, its bytes and how many of them were used at once at most."""
        return next(c["pool"] for c in self.stats()["connections"]
                    if (c["device"], c["driver"]) == (device, driver))

    def counted(self):
        """(VM -> counters, (device, driver) -> traffic), by topo stats; None of who is silent."""
        told = self.stats()
        return ({vm["name"]: vm["counters"] for vm in told["vms"]},
                {(c["device"], c["driver"]): c["traffic"] for c in told["connections"]})

    def log(self, *arguments):
        return subprocess.run([TOPO, "logs", "--name", self.name, *arguments],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              errors="replace", timeout=LIMIT, check=False).stdout

    def wait(self, what, holds, limit=LIMIT):
        """Look again until it holds. What is waited for has no event that a host could sleep on."""
        end = time.monotonic() + limit
        while not holds():
            ensure(time.monotonic() < end, f"{what}: not within {limit} s; now {self.state()}")
            time.sleep(0.2)

    def wait_vm(self, vm, state, limit=LIMIT):
        self.wait(f"{vm} is {state}", lambda: self.state()[0].get(vm) == state, limit)

    def wait_connection(self, device, driver, limit=LIMIT):
        self.wait(f"connection {device} -> {driver} is up",
                  lambda: self.state()[1].get((device, driver)) == "up", limit)

    def device_state(self, driver):
        """What topo ps says of the only device of that VM."""
        done = subprocess.run([TOPO, "ps", "--json", self.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True)
        return next(connection["devices"][0]["state"]
                    for connection in json.loads(done.stdout)[0]["connections"]
                    if connection["driver"] == driver)

    def sessions(self, device, driver):
        """How many sessions of a connection have begun: the driver VM's VMM tells each."""
        return self.log("--vmm", driver).count(f"connection {device} up\n")

    def wait_session(self, device, driver, before, limit=LIMIT):
        """Until a session has begun that is not one of the first `before`, and the connection is
        up. That it is up alone may be the session that is about to end."""
        self.wait(f"session {before + 1} of {device} -> {driver}",
                  lambda: self.sessions(device, driver) > before, limit)
        self.wait_connection(device, driver, limit)

    def disk(self, vm, size_bytes):
        """The name of the disk of that size in a driver VM."""
        return self.shell(vm, "for d in /sys/block/vd*; do "
                          f"[ $(cat $d/size) = {size_bytes // 512} ] && basename $d; done; true")

    def interrupts(self, vm, pattern):
        """How often each interrupt came so far, by name, of those whose name matches."""
        found = {}
        for line in self.run(vm, "cat", "/proc/interrupts").split("\n")[1:]:
            words = line.split()
            counts = [int(word) for word in words[1:] if word.isdigit()]
            if words and re.search(pattern, words[-1]):
                found[words[-1]] = sum(counts[:-1] or counts)
        return found

    def reg(self, vm, peer):
        """Places of the connection that `vm` serves to `peer`: (page 0, page 1, doorbells)."""
        return self.ranges(vm, peer)[:5:2]

    def ranges(self, vm, peer):
        """Address and bytes of each piece of it, one behind the other: of those, then of memdev."""
        text = self.shell(vm, "for d in /proc/device-tree/connection@*; do "
                          "echo \"$(tr -d '\\0' < $d/peervisor,peer) "
                          "$(xxd -p -c 1000 $d/reg)\"; done")
        for line in text.split("\n"):
            name, cells = line.split()
            if name == peer:
                return [int(cells[i:i + 16], 16) for i in range(0, len(cells), 16)]
        raise Failure(f"{vm} serves nothing to {peer}: {text}")

    def driver_address(self, vm, peer):
        """Where memdev of the connection that `vm` serves to `peer` is in that VM."""
        text = self.shell(vm, "cd /proc/device-tree; for d in connection@*; do "
                          f"[ $(tr -d '\\0' < $d/peervisor,peer) != {peer} ] || "
                          "xxd -p $d/peervisor,driver-address; done")
        return int(text, 16)


class Scenario:
    """A system and the checks on it, a class with methods in the order of their definition. A
    check that fails does not keep the others from running; a system that does not boot does."""
    topology = "topologies/simple-pair.camkes"
    arguments = ()
    boards = (FIRST_BOARD,)
    long_boards = BOTH_BOARDS  # with --long, and with --board
    boot_limit = BOOT_LIMIT
    long = False  # takes minutes: run with --long, or by its name
    seconds = 20  # about, on two CPUs: what is longer begins earlier
    alone = False  # so many CPUs are busy that no other runs beside it

    def __init__(self, board):
        name = "test-" + re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
        if board != FIRST_BOARD:  # that of the first may run beside it
            name += "-on-" + board
        self.system = System(os.path.join(ROOT, self.topology), name, board, self.arguments)

    def prepare(self):
        """Before the system starts."""

    def __init_subclass__(cls):
        SCENARIOS.append(cls)

    @classmethod
    def checks(cls):
        """Its own first, then those of what it inherits from."""
        names = [name for base in cls.__mro__ for name in vars(base) if name.startswith("check_")]
        return list(dict.fromkeys(names))


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def result(self, name, seconds, failure=None):
        if failure is None:
            self.passed += 1
            print(f"ok {name} ({seconds:.1f} s)", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}: {failure}", flush=True)


def why_not(function):
    """None, or why what it does fails. An interrupt passes through."""
    try:
        function()
    except Exception as error:  # a check that is wrong fails; the others go on
        return str(error) or repr(error)
    return None


def attempt(tally, name, function):
    """Run one check; True when it holds."""
    start = time.monotonic()
    failure = why_not(function)
    tally.result(name, time.monotonic() - start, failure)
    return failure is None


def show_logs(system):
    for what in (["--kernel"], []):
        for line in system.log(*what).split("\n")[-25:]:
            print(f"    | {line}")
    sys.stdout.flush()


def stop(system):
    done = system.stop()
    ensure(done.returncode in (0, 1), f"topo stop: {done.stdout}")


def run_scenario(cls, board, tally):
    title = cls.__name__ if board == FIRST_BOARD else f"{cls.__name__} on {board}"
    made = []

    def boots():
        scenario = cls(board)
        made.append(scenario)
        stop(scenario.system)
        scenario.prepare()
        scenario.system.start(scenario.boot_limit)

    try:
        up = attempt(tally, f"{title}: boots, all up", boots)
        for name in cls.checks():
            check = f"{title}: {name[6:].replace('_', ' ')}"
            if not up:
                tally.result(check, 0, "it did not boot")
            elif not attempt(tally, check, getattr(made[0], name)):
                failure = why_not(lambda: show_logs(made[0].system))
                if failure:
                    print(f"    | no logs: {failure}", flush=True)
    finally:
        for scenario in made:
            failure = why_not(lambda: stop(scenario.system))
            if failure:
                tally.result(f"{title}: stops", 0, failure)
