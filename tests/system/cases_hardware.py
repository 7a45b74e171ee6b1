# SPDX-License-Identifier: BSD-2-Clause
"""Physical devices behind Linux VMs: what they carry is compared with what is outside."""
import os
import socket
import subprocess

from harness import HERE, TOPO, Scenario, ensure
from outside import Outside, digest

DISK_BYTES = 64 << 20
SENT_BYTES = 4_000_000
OUTSIDE = "10.0.2.2"  # the build host, as QEMU's network of its user shows it


class Hardware(Outside, Scenario):
    """A NIC and an NVMe disk that interrupt by messages, a card that has a line."""
    topology = os.path.join(HERE, "topologies/hardware.camkes")
    disks = {"DISK": DISK_BYTES, "CARD": DISK_BYTES}

    def fetch_and_return(self):
        """Bytes from the build host to the VM and back."""
        self.raise_nic("io")
        data = os.urandom(SENT_BYTES)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            port = server.getsockname()[1]
            vm = self.system.spawn("io", f"nc {OUTSIDE} {port} > /tmp/got; sha256sum < /tmp/got; "
                                   f"nc {OUTSIDE} {port} < /tmp/got")
            with server.accept()[0] as stream:
                stream.sendall(data)
            with server.accept()[0] as stream, stream.makefile("rb") as back:
                returned = back.read(SENT_BYTES)
            said, _ = vm.communicate(timeout=60)
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


class HardwareOnGicV3(Hardware):
    """The same where each message is an interrupt of its own."""
    arguments = ("--board", "qemu-virt-v3")
