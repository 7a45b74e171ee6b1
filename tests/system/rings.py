# SPDX-License-Identifier: BSD-2-Clause
"""Used rings that are right but for one element, forged by root in a device VM: what the driver VM's
Linux makes of each value by itself. It may give the queue up; it must not panic, and no other device
of it may be lost."""
from contextlib import contextmanager

from harness import LIMIT, ensure

NET, BLK = 0, 1  # devices of the connection
RECEIVE, TRANSMIT, REQUESTS = 0, 1, 0  # queues of them
FIRST_BELL = {NET: 1, BLK: 3}
FRAME_BYTES = 60
NO_ID, NO_HEAD = "out of range", "is not a head"  # of Linux's virtio_ring.c
BIND_NET = """device=$(basename $(readlink -f /sys/class/net/eth0/device))
    cd /sys/bus/virtio/drivers/virtio_net; echo $device > unbind; echo $device > bind
    ip link set eth0 up"""
RECEIVED = "cd /sys/class/net/eth0/statistics; cat rx_packets rx_length_errors rx_frame_errors"


def values(size):
    """What is tried of `len`, and from `size` on of `id`, as none of a descriptor."""
    return (0, 1, size - 1, size, 0xffff, 1 << 31, 0xffffffff)


class Queue:
    """A virtqueue as its driver VM's VMM has told its device VM."""

    def __init__(self, line):
        words = [int(word, 0) for word in line.split()]
        self.number, self.size, self.descriptors, self.available, self.used = words

    def pieces(self):
        """(address in the driver VM, bytes) of what it consists of."""
        return ((self.descriptors, 16 * self.size), (self.available, 6 + 2 * self.size),
                (self.used, 6 + 8 * self.size))


def queues_of(system, device_vm, driver_vm, device):
    page_0 = system.reg(device_vm, driver_vm)[0]
    told = system.run(device_vm, system.probe(device_vm), "rings", hex(page_0), str(device))
    return [Queue(line) for line in told.split("\n")]


class Ring:
    """A queue of the connection from `bad` to `driver`, as it lies in the device VM."""

    def __init__(self, system, device, queue):
        self.system, self.probe = system, system.probe("bad")
        self.bells = system.reg("bad", "driver")[2]
        moved = system.ranges("bad", "driver")[6] - system.driver_address("bad", "driver")
        told = next(one for one in queues_of(system, "bad", "driver", device)
                    if one.number == queue)
        self.size = told.size
        self.available, self.used = told.available + moved, told.used + moved
        self.bell = FIRST_BELL[device] + queue

    def use(self, which, length):
        """One more element; `which` as probe_rings.c says."""
        self.system.run("bad", self.probe, "use", *map(str, (
            self.size, self.available, self.used, self.bells, self.bell, which, length)))


class ForgesUsedRings:
    """For a Scenario in which `bad` serves a network and a disk to `driver`, and `good` another disk."""
    DISKS = (32 << 20, 64 << 20)  # of bad, of good

    @contextmanager
    def nobody_serves(self):
        """The rings of `bad` are at rest, until it has another daemon."""
        before = self.system.sessions("bad", "driver")
        self.system.shell("bad", """mv /usr/sbin/peervisord /usr/sbin/gone
            while pids=$(pidof peervisord peervisor-disk); do
                kill -9 $pids 2>/dev/null || true; usleep 10000
            done""")
        try:
            yield
        finally:
            self.system.shell("bad", "mv /usr/sbin/gone /usr/sbin/peervisord")
            self.system.wait_session("bad", "driver", before)

    def break_queue(self, ring, name, which, reason):
        """By an element that Linux gives that queue up for."""
        def count():
            return int(self.system.shell(
                "driver", f"dmesg | grep -c '{name}:id [0-9]* {reason}' || true"))
        before = count()
        ring.use(which, FRAME_BYTES)
        self.system.wait(f"{name}: {which} {reason}", lambda: count() > before)

    def receive(self, ring, which, length):
        """By an element that Linux takes, whatever it does with the frame."""
        def count():
            return sum(map(int, self.system.shell("driver", RECEIVED).split()))
        before = count()
        ring.use(which, length)
        self.system.wait(f"buffer {which} of {length} bytes is taken", lambda: count() > before)

    @contextmanager
    def goes_on(self, *sizes):
        """Whatever is done, the driver VM is not begun anew, and has its network and these disks."""
        system, boot = self.system, "cat /proc/sys/kernel/random/boot_id"
        before = system.shell("driver", boot)
        yield
        for size in sizes:
            disk = system.disk("driver", size)
            system.shell("driver", f"""
                dd if=/dev/urandom of=/tmp/x bs=64k count=16 2>/dev/null
                dd if=/tmp/x of=/dev/{disk} bs=64k oflag=direct 2>/dev/null
                dd if=/dev/{disk} bs=64k count=16 iflag=direct 2>/dev/null | cmp - /tmp/x""")
        system.shell("driver", "until ping -c 1 -W 1 10.77.0.1; do :; done")
        ensure(system.shell("driver", boot) == before, "the driver VM has begun anew")
        ensure(set(system.state()[0].values()) == {"up"}, f"state: {system.state()}")

    def check_each_len_of_a_used_ring(self):
        """And buffers out of turn: in a ring that has just begun these are 0, 1, … and size - 1."""
        self.system.shell("driver", BIND_NET)
        with self.goes_on(*self.DISKS):
            with self.nobody_serves():
                ring = Ring(self.system, NET, RECEIVE)
                for length in values(ring.size):
                    self.receive(ring, "next", length)
                self.receive(ring, "last", FRAME_BYTES)
            self.system.shell("driver", BIND_NET)

    def check_each_id_of_a_used_ring(self):
        """It breaks the queue, which a driver that begins anew has whole again."""
        wrong = [(which, NO_ID) for which in values(Ring(self.system, NET, RECEIVE).size)[3:]]
        with self.goes_on(*self.DISKS):
            for received, sent in zip(wrong + [("twice", NO_HEAD)], wrong + [("free", NO_HEAD)]):
                self.system.shell("driver", BIND_NET)
                with self.nobody_serves():
                    self.break_queue(Ring(self.system, NET, RECEIVE), "input.0", *received)
                    self.break_queue(Ring(self.system, NET, TRANSMIT), "output.0", *sent)
            self.system.shell("driver", BIND_NET)

    def check_the_used_ring_of_a_disk(self):
        """Each len, then an id that breaks it: the request never ends, and takes no other device with it."""
        system = self.system
        read = f"dd if=/dev/{system.disk('driver', self.DISKS[0])} of=/dev/null bs=4k count=1 " \
            "iflag=direct"
        with self.goes_on(*self.DISKS[1:]):
            with self.nobody_serves():
                ring = Ring(system, BLK, REQUESTS)
                for length in values(ring.size):
                    reading = system.spawn("driver", f"{read} || true")
                    try:
                        ring.use("next", length)
                        reading.communicate(timeout=LIMIT)
                    finally:
                        reading.kill()
                        reading.wait()
                system.shell("driver", f"{read} > /dev/null 2>&1 < /dev/null &")
                self.break_queue(ring, "req.0", "free", NO_HEAD)
