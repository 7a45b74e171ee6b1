# SPDX-License-Identifier: BSD-2-Clause
"""Physical devices behind Linux VMs: what they carry is compared with what is outside."""
import os
import socket
import struct
import subprocess

from harness import BOTH_BOARDS, HERE, LIMIT, TOPO, Scenario, ensure
from outside import Outside, digest

DISK_BYTES = 64 << 20
MIB = 1 << 20
PATTERN_BYTES = 16 << 10
SENT_BYTES = 4_000_000
OUTSIDE = "10.0.2.2"  # the build host, as QEMU's network of its user shows it


class Hardware(Outside, Scenario):
    """A NIC and an NVMe disk that interrupt by messages, a card that has a line."""
    topology = os.path.join(HERE, "topologies/hardware.camkes")
    boards = BOTH_BOARDS
    disks = {"DISK": DISK_BYTES, "CARD": DISK_BYTES}

    def fetch_and_return(self):
        """Bytes from the build host to the VM and back."""
        self.await_nic("io")
        data = os.urandom(SENT_BYTES)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(LIMIT)
            port = server.getsockname()[1]
            vm = self.system.spawn("io", f"nc {OUTSIDE} {port} > /tmp/got; sha256sum < /tmp/got; "
                                   f"nc {OUTSIDE} {port} < /tmp/got")
            with server.accept()[0] as stream:
                stream.sendall(data)
            with server.accept()[0] as stream, stream.makefile("rb") as back:
                returned = back.read(SENT_BYTES)
            said, _ = vm.communicate(timeout=LIMIT)
        ensure(said.split()[0] == digest(data), f"the VM received {said}")
        ensure(returned == data, "the build host received other bytes")

    def store(self, vm, device, name):
        """Random bytes onto a disk; what its file has then."""
        said = self.system.shell(vm, f"head -c {SENT_BYTES} /dev/urandom > /tmp/bytes; "
                                 f"dd if=/tmp/bytes of={device} bs=64k 2> /dev/null; sync; "
                                 "sha256sum < /tmp/bytes; echo 3 > /proc/sys/vm/drop_caches; "
                                 f"head -c {SENT_BYTES} {device} | sha256sum")
        written, read = (line.split()[0] for line in said.split("\n"))
        ensure(written == read, f"{device} has other bytes than were written")
        self.written[name] = written
        self.compare(name)

    def compare(self, name):
        with open(self.file(name), "rb") as file:
            ensure(digest(file.read(SENT_BYTES)) == self.written[name],
                   f"the file of {name} has not what the VM wrote")

    def check_the_nic_carries_to_the_build_host(self):
        self.fetch_and_return()

    def check_a_restricted_vm_does_not_reach_the_build_host(self):
        """Nor by a way out that root makes: the first who comes is the VM that may."""
        for vm in ("card", "io"):
            self.await_nic(vm)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(LIMIT)
            port = server.getsockname()[1]
            said = self.system.shell(
                "card", f"ip route; ip route replace default via {OUTSIDE}; "
                f"echo card | nc -w 3 {OUTSIDE} {port} && echo answered || true")
            ensure("default" not in said, f"it has a way out: {said}")
            ensure("answered" not in said, f"it was answered: {said}")
            vm = self.system.spawn("io", f"echo io | nc {OUTSIDE} {port}")
            try:
                with server.accept()[0] as stream, stream.makefile("rb") as heard:
                    first = heard.readline()
                vm.communicate(timeout=LIMIT)
            finally:
                vm.kill()
                vm.wait()
        ensure(first == b"io\n", f"the first who came said {first}")

    def check_the_nic_interrupts_by_messages(self):
        text = self.system.shell("io", "grep eth0-rx /proc/interrupts")
        ensure("MSI" in text and int(text.split()[1]) > 0, text)

    def check_the_disk_keeps_what_is_written(self):
        self.store("io", "/dev/nvme0n1", "DISK")

    def check_the_card_keeps_what_is_written(self):
        self.store("card", "/dev/mmcblk0", "CARD")
        ensure(self.system.interrupts("card", "mmc0")["mmc0"] > 0, "its line was never raised")

    def check_the_uart_is_the_boards_own(self):
        """QEMU's says revision 1, the VMM's ones say 3; what is sent goes nowhere, at once."""
        text = self.system.shell("card", "head -c 4000 /dev/zero > /dev/ttyAMA2; "
                                 "grep ^2: /proc/tty/driver/ttyAMA")
        ensure("PL011 rev1" in text and "tx:4000" in text, text)

    def check_a_vm_started_anew_has_its_devices_again(self):
        done = subprocess.run([TOPO, "restart", "--name", self.system.name, "io"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)
        ensure(done.returncode == 0, done.stdout + done.stderr)
        self.system.wait_vm("io", "up")
        read = self.system.shell("io", f"head -c {SENT_BYTES} /dev/nvme0n1 | sha256sum")
        ensure(read.split()[0] == self.written["DISK"], "the disk has other bytes")
        self.fetch_and_return()

    def check_the_files_keep_it_when_the_machine_is_off(self):
        self.system.stop()
        self.compare("DISK")
        self.compare("CARD")
        self.directory.cleanup()


def partition_table(first_sector, sectors):
    """A first block with one partition of Linux (type 0x83)."""
    entry = struct.pack("<B3xB3xII", 0, 0x83, first_sector, sectors)
    return (bytes(446) + entry).ljust(510, b"\0") + b"\x55\xaa"


class DisksOnHardware(Outside, Scenario):
    """Each driver VM has the range that the topology gives it, and no byte beside it."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/disks-on-hardware.camkes")
    disks = {"DISK": 32 * MIB, "CARD": 8 * MIB, "STICK": 8 * MIB}
    # VM, size of its disk, file behind it, where it is there.
    ranges = [("a", 8 * MIB, "DISK", 4 * MIB), ("b", 12 * MIB, "DISK", 16 * MIB),
              ("a", 6 * MIB, "STICK", 0)]
    partition = ("c", 4 * MIB, "CARD", 2 * MIB)

    def prepare(self):
        super().prepare()
        self.before = {}
        for name, size in self.disks.items():
            self.before[name] = bytearray(os.urandom(MIB) * (size // MIB))
            with open(self.file(name), "wb") as out:
                out.write(self.before[name])

    def fill(self, vm, size, name, offset):
        """All of a disk: what was there is seen, and something else is there in the end."""
        disk = self.system.disk(vm, size)
        was = self.before[name][offset:offset + size]
        read = self.system.shell(vm, f"sha256sum < /dev/{disk}")
        ensure(read.split()[0] == digest(was), f"{vm}: {disk} had other bytes")
        data = os.urandom(PATTERN_BYTES)
        self.system.shell(vm, f"cat > /tmp/bytes; for i in $(seq {size // PATTERN_BYTES}); do "
                          f"cat /tmp/bytes; done | dd of=/dev/{disk} bs=64k iflag=fullblock "
                          "conv=fsync 2> /dev/null; ! echo more | dd of=/dev/"
                          f"{disk} bs=512 seek={size // 512} conv=fsync,notrunc 2> /dev/null",
                          stdin=data, limit=300)
        self.before[name][offset:offset + size] = data * (size // PATTERN_BYTES)

    def check_each_has_its_range(self):
        for row in self.ranges:
            self.fill(*row)

    def check_a_partition_that_is_not_there_is_told(self):
        # Linux reads its disk as it boots.
        self.starting = subprocess.Popen(
            [TOPO, "start", "--timeout", "600", "--name", self.system.name, "c"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.system.wait("c's disk is absent", lambda: self.system.device_state("c") == "absent")
        said = self.system.log("store")
        ensure("/dev/mmcblk0p1 is not there" in said, said[-400:])

    def check_one_that_is_too_small_is_told(self):
        self.make_partition(2 * MIB)
        self.system.wait("the daemon says so", lambda: "/dev/mmcblk0p1 is smaller than" in
                         self.system.log("store"))
        ensure(self.system.device_state("c") == "absent", self.system.device_state("c"))

    def check_it_is_served_when_it_is_there(self):
        self.make_partition(4 * MIB)
        ensure(self.starting.wait() == 0, "c is not up")
        self.fill(*self.partition)

    def make_partition(self, size):
        first = partition_table(2 * MIB // 512, size // 512)
        self.system.shell("store", "dd of=/dev/mmcblk0 bs=512 conv=fsync,notrunc 2> /dev/null; "
                          "blockdev --rereadpt /dev/mmcblk0", stdin=first)
        self.before["CARD"][:512] = first

    def check_the_files_have_that_and_nothing_else_is_changed(self):
        self.system.stop()
        for name, wanted in self.before.items():
            with open(self.file(name), "rb") as file:
                found = file.read()
            wrong = next((at for at in range(0, len(found), 4096)
                          if found[at:at + 4096] != wanted[at:at + 4096]), None)
            ensure(wrong is None, f"{name} has other bytes at {wrong}")
        self.directory.cleanup()


class LateDisks(Outside, Scenario):
    """A stick that is not there when a disk on it is wanted, and comes later: while it is in use too, and
    over a new start of the device VM. An NVMe likewise."""
    topology = os.path.join(HERE, "topologies/late-disks.camkes")
    disks = {"DISK": 16 * MIB, "STICK": 16 * MIB}
    size = 4 * MIB
    BEHIND = "/machine/peripheral-anon"  # where QEMU has devices that have no name

    def unplug(self):
        monitor = self.monitor()
        stick = next(row["name"] for row in monitor.ask("qom-list", path=self.BEHIND)
                     if row["type"] == "child<usb-storage>")
        monitor.ask("device_del", id=f"{self.BEHIND}/{stick}")
        monitor.close()
        self.system.wait("the stick is away", lambda: "sda" not in self.system.shell(
            "store", "cat /proc/partitions"))

    def plug(self):
        monitor = self.monitor()
        monitor.ask("device_add", driver="usb-storage", bus="slot2.0", drive="disk2")
        monitor.close()

    def started(self, vm):
        """A VM that is on its way; what it lacks keeps it from being up."""
        starting = subprocess.Popen([TOPO, "start", "--timeout", "600", "--name", self.system.name,
                                     vm], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.await_state(vm, "absent")
        return starting

    def write_disk(self, vm, name):
        """Over what was written before."""
        self.written.pop(name, None)
        self.write(vm, self.system.disk(vm, self.size), name, PATTERN_BYTES)

    def check_a_stick_that_is_plugged_in_later_is_served(self):
        self.unplug()
        starting = self.started("stick")
        ensure("/dev/sda is not there" in self.system.log("store"), "the daemon does not say so")
        self.plug()
        ensure(starting.wait() == 0, "it is not up")
        self.write_disk("stick", "STICK")

    def await_state(self, vm, state):
        self.system.wait(f"{vm}'s disk is {state}", lambda: self.system.device_state(vm) == state)

    def check_a_stick_that_is_pulled_out_is_served_when_it_is_back(self):
        self.unplug()
        self.await_state("stick", "absent")
        ensure(self.system.device_state("nvme") == "ready", "the other disk is not served")
        self.plug()
        self.await_state("stick", "ready")
        self.write_disk("stick", "STICK")

    def check_a_disk_that_loses_its_driver_is_served_when_it_has_one(self):
        where = self.system.shell("store", "cd /sys/bus/pci/drivers/nvme; echo 0*").strip()
        for action, state in (("unbind", "absent"), ("bind", "ready")):
            self.system.shell("store", f"echo {where} > /sys/bus/pci/drivers/nvme/{action}")
            self.await_state("nvme", state)
        ensure(self.system.device_state("stick") == "ready", "the other disk is not served")
        self.write_disk("nvme", "DISK")

    def check_a_stick_that_comes_after_a_new_start_of_the_device_vm_is_served(self):
        """Who asks meanwhile waits, and is answered by what it had."""
        self.unplug()
        sessions = {vm: self.system.sessions("store", vm) for vm in ("stick", "nvme")}
        restarting = subprocess.Popen([TOPO, "restart", "--force", "--name", self.system.name,
                                       "store"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL)
        self.system.wait_session("store", "nvme", sessions["nvme"])
        self.system.wait("the disk on the stick is absent",
                         lambda: self.system.sessions("store", "stick") > sessions["stick"] and
                         self.system.device_state("stick") == "absent")
        ensure(self.system.device_state("nvme") == "ready", "the other disk is not served")
        disk = self.system.disk("stick", self.size)
        reading = self.system.spawn("stick", f"""
            echo 3 > /proc/sys/vm/drop_caches
            head -c {PATTERN_BYTES} /dev/{disk} | sha256sum""")
        self.plug()
        self.await_state("stick", "ready")
        said, _ = reading.communicate(timeout=120)
        ensure(restarting.wait() == 0, "the device VM is not up")
        ensure(said.split()[:1] == [digest(self.written["STICK"][0])], f"other bytes: {said}")
        self.write_disk("nvme", "DISK")

    def check_the_files_keep_it_when_the_machine_is_off(self):
        self.system.stop()
        self.ensure_kept()
        self.directory.cleanup()
