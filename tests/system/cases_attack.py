# SPDX-License-Identifier: BSD-2-Clause
"""Attacks by root in a device VM, with VMSWIOTLB=1. What no Linux can form (every intermediate
physical address) is swept by bare-metal guests: tests/baremetal."""
import os
import re
import secrets
import subprocess

from connections import check_file_system
from harness import BOTH_BOARDS, HERE, TOPO, Scenario, ensure
from rings import ForgesUsedRings

SECRET_MIB = 16
FORGED_FIELDS = 16 + 16  # words of the ring's header and of a message: abi/iobuf.h


def hits(text, kind):
    """How often a search found its word in the pieces of memory of that kind."""
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.split("\n") if kind in line)


def driver_is_well(system, device="device"):
    """The driver VM lives, and its file system works over its connection."""
    ensure(system.state()[0]["driver"] == "up", f"state: {system.state()}")
    system.wait_connection(device, "driver")
    check_file_system(system, 4)


SIGBUS = 128 + 7  # the exit status of what it killed


def aborts(system, vm, address, *access):
    """An access by a process of @vm that its VMM aborts costs that process and nobody else."""
    said = system.log("--vmm", vm).count("fault ")
    system.run(vm, system.probe(vm), *access, status=SIGBUS)
    system.run(vm, "true")
    ensure(set(system.state()[0].values()) == {"up"}, f"state: {system.state()}")
    report = system.log("--vmm", vm)
    ensure(f"0x{address:x}," in report and report.count("fault ") == said + 1,
           f"no report of the address: {report[-600:]}")


class Spy(Scenario):
    """Reading: private memory of the driver VM, from all that the device VM can map."""

    def check_a_planted_secret_is_nowhere(self):
        system = self.system
        secret, own, shown = (secrets.randbits(64) for _ in range(3))
        for vm in ("driver", "device"):
            system.probe(vm)
        plant = "/tmp/probe plant {} {} > /tmp/planted & " \
            "while ! grep -q planted /tmp/planted; do usleep 10000; done"
        system.shell("driver", plant.format(secret, SECRET_MIB))
        system.shell("device", plant.format(own, 1))
        system.shell("driver", f"/tmp/probe repeat {shown} 1048576 | "
                     "dd of=/dev/vda bs=64k oflag=direct 2>/dev/null")
        find = "/tmp/probe find {}"
        # The search works: it finds what the searcher planted itself, and what the driver VM gave
        # away by writing it to its disk.
        text = system.shell("device", find.format(own), limit=300)
        ensure(hits(text, "System RAM") >= (1 << 20) // 8, f"own secret: {text}")
        text = system.shell("device", find.format(shown), limit=300)
        ensure(hits(text, "connection") > 0, f"written data: {text}")
        text = system.shell("device", find.format(secret), limit=300)
        ensure(hits(text, "System RAM") + hits(text, "connection") == 0, f"the secret: {text}")
        # It is still there for who may see it.
        text = system.shell("driver", find.format(secret), limit=300)
        ensure(hits(text, "System RAM") >= (SECRET_MIB << 20) // 8, f"in the driver VM: {text}")

    def check_the_shared_memory_is_the_pool_only(self):
        text = self.system.shell("device",
                                 "grep -E '^[0-9a-f]{9,}-.*connection' /proc/iomem")
        first, last = text.split(" ")[0].split("-")
        ensure(int(last, 16) - int(first, 16) + 1 == 8 << 20, text)

    def check_the_driver_vm_never_noticed(self):
        driver_is_well(self.system)


class Bells(Scenario):
    """Ringing: every offset of the doorbell page, in every width, again and again. The driver VM
    has another connection, and no interrupt of that comes, at neither end."""
    topology = os.path.join(HERE, "topologies/two-backends.camkes")
    boards = BOTH_BOARDS

    def counts(self):
        """Interrupts that the bad device VM may cause, and those that it may not."""
        system = self.system
        good = system.disk("driver", 64 << 20)
        name = system.shell("driver", f"basename $(readlink -f /sys/block/{good}/device)")
        all_of_driver = system.interrupts("driver", r"^virtio\d+-")
        others = {line: n for line, n in all_of_driver.items() if line.startswith(f"{name}-")}
        others.update(system.interrupts("good", r"^driver:\d+$"))
        return {line: n for line, n in all_of_driver.items() if line not in others}, others

    def check_doorbells_that_it_does_not_hold(self):
        system = self.system
        page = system.reg("bad", "driver")[2]
        probe = system.probe("bad")
        for vm in ("driver", "good"):
            system.run(vm, "sync")
        own, others = self.counts()
        ensure(len(others) >= 3 and own, f"interrupts: {own}, {others}")
        for _ in range(5):
            ensure(system.run("bad", probe, "ring", hex(page)) == "rang", "ring")
        own_after, others_after = self.counts()
        ensure(sum(own_after.values()) > sum(own.values()), f"its own: {own}, then {own_after}")
        ensure(others_after == others, f"others': {others}, then {others_after}")
        driver_is_well(system, "bad")

    def check_a_store_beyond_its_doorbells_is_aborted(self):
        """The page behind its last doorbell page is nobody's."""
        system = self.system
        page = system.reg("bad", "driver")[2] + 0x1000
        aborts(system, "bad", page, "store", hex(page), "1")
        ensure(system.state()[1][("good", "driver")] == "up", f"state: {system.state()}")
        driver_is_well(system, "bad")


class ReadOnlyPage(Scenario):
    """Writing the iobuf page that is the driver VM's VMM's."""

    def check_it_can_be_read(self):
        page = self.system.reg("device", "driver")[0]
        text = self.system.run("device", self.system.probe("device"), "load", hex(page))
        ensure(text == "loaded 0x31425650", text)

    def check_a_write_is_aborted(self):
        system = self.system
        page = system.reg("device", "driver")[0]
        aborts(system, "device", page, "store", hex(page), "0")
        text = system.run("device", system.probe("device"), "load", hex(page))
        ensure(text == "loaded 0x31425650", text)
        driver_is_well(system)


class Outside(Scenario):
    """Touching an address that no line of the topology grants, or a device in a way that no device
    understands."""
    ADDRESS = 0x1000000000
    CONSOLE = 0x09000000

    def check_it_costs_only_the_process(self):
        for vm in ("device", "driver"):
            aborts(self.system, vm, self.ADDRESS, "load", hex(self.ADDRESS))
            aborts(self.system, vm, self.CONSOLE, "exclusive", hex(self.CONSOLE))

    def check_it_may_go_on_for_long(self):
        """Its log does not grow with it, and the other VM has its time."""
        system = self.system
        system.shell("device", f"for i in $(seq 300); do {system.probe('device')} load "
                     f"{self.ADDRESS:#x} 2>/dev/null || true; done", limit=300)
        said = system.log("--vmm", "device").count("fault ")
        ensure(said < 20, f"{said} lines")
        driver_is_well(system)


class ForgedRing(Scenario):
    """Forging every field of the control ring, each in a session that is up, under the eyes of a
    driver VM that has another connection, which must not notice."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/two-backends.camkes")

    def check_the_driver_vm_survives(self):
        system = self.system
        page_in, page_out, bells = system.reg("bad", "driver")
        probe = system.probe("bad")
        disk = system.disk("driver", 64 << 20)
        before = system.sessions("bad", "driver")
        # The daemon stands still, so that nobody else writes the page.
        system.shell("bad", "kill -STOP $(pidof peervisord)")
        load = system.spawn("driver", f"fio --name=other --filename=/dev/{disk} --size=32M "
                            "--rw=randrw --bs=16k --direct=1 --ioengine=psync --verify=crc32c "
                            "--verify_fatal=1 --do_verify=1 --minimal")
        try:
            text = system.run("bad", probe, "forge", *map(hex, (page_in, page_out, bells)),
                              limit=300)
            said, _ = load.communicate(timeout=300)
        finally:
            load.kill()
            load.wait()
        ensure(load.returncode == 0, f"the other connection's I/O: {said[-400:]}")
        found = re.fullmatch(r"forged (\d+) fields in (\d+) sessions, (\d+) messages taken", text)
        ensure(found and int(found[1]) == FORGED_FIELDS, f"forge: {text}")
        # The VMM tells the same story.
        ensure(system.sessions("bad", "driver") - before >= int(found[2]),
               f"{text}; sessions: {before}, then {system.sessions('bad', 'driver')}")
        ensure(system.state()[0] == {"bad": "up", "good": "up", "driver": "up"},
               f"state: {system.state()}")

    def check_other_connection_is_up(self):
        ensure(self.system.sessions("good", "driver") == 1, "it began anew")
        ensure(self.system.state()[1][("good", "driver")] == "up", f"{self.system.state()}")

    def check_an_honest_daemon_gets_its_connection_back(self):
        system = self.system
        before = system.sessions("bad", "driver")
        system.shell("bad", "kill -9 $(pidof peervisord)")
        system.wait_session("bad", "driver", before)
        disk = system.disk("driver", 32 << 20)
        text = system.shell("driver", f"dd if=/dev/urandom of=/tmp/x bs=64k count=16 2>/dev/null; "
                            f"dd if=/tmp/x of=/dev/{disk} bs=64k oflag=direct 2>/dev/null; "
                            f"dd if=/dev/{disk} bs=64k count=16 iflag=direct 2>/dev/null | "
                            "cmp - /tmp/x && echo same", limit=120)
        ensure(text == "same", text)


class ScribbledMemory(ForgesUsedRings, Scenario):
    """Random words all over memdev, under load and with every doorbell: whatever a used ring, a buffer or
    a length can say. What the driver VM's Linux makes of it is its own; its VMM, the kernel and others
    go on, and it is back when it is started again."""
    seconds = 120
    topology = os.path.join(HERE, "topologies/two-backends.camkes")
    ROUNDS = 4  # each is 8 MiB

    def scribble(self, seed):
        """While the driver VM works on the disk and the network that it is served."""
        system = self.system
        base, size = system.ranges("bad", "driver")[6:8]
        bells = system.reg("bad", "driver")[2]
        load = system.spawn("driver", "while :; do dd if=/dev/urandom bs=16k count=64 of=/dev/"
                            f"{system.disk('driver', 32 << 20)} oflag=direct; done 2>/dev/null & "
                            "ping -i 0.01 10.77.0.1 >/dev/null 2>&1")
        try:
            said = system.run("bad", system.probe("bad"), "scribble", *map(
                hex, (base, size, bells, self.ROUNDS, seed)), limit=300)
        finally:
            load.kill()
            load.wait()
        ensure(said == "scribbled", said)

    def check_nothing_else_notices(self):
        for seed in (1, 2, 3):
            self.scribble(seed)
            system = self.system
            ensure(system.counted()[0]["driver"] is not None, "the driver VM's VMM does not answer")
            ensure(system.log("--kernel").count("stopped") == 0, system.log("--kernel")[-600:])
            for vm in ("bad", "good"):
                system.run(vm, "true")
            self.begin_anew()

    def begin_anew(self):
        """An honest daemon, a new start of the driver VM: all is as before."""
        system = self.system
        # One that the words ended is just being started anew.
        system.shell("bad", "kill -9 $(pidof peervisord peervisor-disk) || true")
        done = subprocess.run([TOPO, "restart", "--force", "--name", system.name, "driver"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        ensure(done.returncode == 0, f"topo restart: {done.returncode}: {done.stdout}")
        for device in ("bad", "good"):
            system.wait_connection(device, "driver")
        for size in (32 << 20, 64 << 20):
            disk = system.disk("driver", size)
            system.shell("driver", "dd if=/dev/urandom of=/tmp/x bs=64k count=16 2>/dev/null; "
                         f"dd if=/tmp/x of=/dev/{disk} bs=64k oflag=direct 2>/dev/null; "
                         f"dd if=/dev/{disk} bs=64k count=16 iflag=direct 2>/dev/null | "
                         "cmp - /tmp/x", limit=120)
        system.shell("driver", "until ping -c 1 -W 1 10.77.0.1; do :; done")
