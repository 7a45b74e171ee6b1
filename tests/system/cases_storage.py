# SPDX-License-Identifier: BSD-2-Clause
"""The least RAM that topo check takes: everything comes up in it, and disks have their room."""
import hashlib
import os
import re
import subprocess
import tempfile

from harness import HERE, TOPO, Scenario, ensure

DISK_BYTES = 96 << 20
DISK_B_BYTES = 64 << 20
IN_THE_VM = "/var/lib/peervisor"


def check(topology, arguments, ram):
    return subprocess.run([TOPO, "check", *arguments, "-D", f"RAM={ram}", topology],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def least_ram(topology, arguments):
    """MiB, by what check says of too little."""
    said = check(topology, arguments, 32)
    found = re.search(r"needs at least (\d+) MiB of RAM, not 32", said.stdout)
    ensure(found, said.stdout)
    ram = (int(found[1]) + 1) // 2 * 2
    done = check(topology, arguments, ram)
    ensure(done.returncode == 0, done.stdout)
    ensure(check(topology, arguments, ram - 2).returncode == 1, f"{ram - 2} MiB are taken too")
    return ram


class LeastRam(Scenario):
    """A raw image is there to its last byte."""
    topology = os.path.join(HERE, "topologies/tenants.camkes")

    def prepare(self):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "a.img")
        content = os.urandom(DISK_BYTES)
        with open(path, "wb") as file:
            file.write(content)
        self.digest = hashlib.sha256(content).hexdigest()
        arguments = ["-D", f'DISK="{path}"']
        ram = least_ram(self.system.topology, arguments)
        self.system.arguments = [*arguments, "-D", f"RAM={ram}"]

    def check_the_image_is_whole(self):
        text = self.system.run("store", "sha256sum", f"{IN_THE_VM}/a.img", limit=300)
        ensure(text.split()[0] == self.digest, text)
        ensure("unpacking failed" not in self.system.run("store", "dmesg"), "dmesg says no")

    def check_the_tenant_reads_it(self):
        text = self.system.run("a", "sha256sum", "/dev/vda", limit=300)
        ensure(text.split()[0] == self.digest, text)

    def check_the_other_disk_has_its_room(self):
        self.system.shell("b", f"dd if=/dev/zero of=/dev/vda bs=1M count={DISK_B_BYTES >> 20} "
                          "conv=fsync 2>&1", limit=300)


class TwoTenants(Scenario):
    """One writes all that it can; the other has what it was promised."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/tenants.camkes")

    def prepare(self):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "a.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, str(DISK_BYTES)],
                       check=True)
        arguments = ["-D", f'DISK="{path}"']
        ram = least_ram(self.system.topology, arguments)
        self.system.arguments = [*arguments, "-D", f"RAM={ram}"]

    def check_one_writes_until_it_is_full(self):
        self.system.shell("b", "yes old | dd of=/dev/vda bs=1M count=8 iflag=fullblock conv=fsync "
                          "2>/dev/null")
        self.system.shell("a", f"dd if=/dev/urandom of=/dev/vda bs=1M count={DISK_BYTES >> 20} "
                          "conv=fsync 2>&1", limit=600)

    def check_discards_give_nothing_away(self):
        self.system.shell("a", "blkdiscard /dev/vda 2>/dev/null || true")
        self.system.shell("a", f"dd if=/dev/urandom of=/dev/vda bs=1M count={DISK_BYTES >> 20} "
                          "conv=fsync 2>&1", limit=600)

    def check_the_other_has_its_data(self):
        text = self.system.shell("b", "dd if=/dev/vda bs=1M count=8 iflag=direct 2>/dev/null | "
                                 "uniq")
        ensure(text == "old", text[:80])

    def check_the_other_fills_its_disk(self):
        count = DISK_B_BYTES >> 20
        self.system.shell("b", f"dd if=/dev/urandom of=/dev/vda bs=1M count={count} conv=fsync "
                          "2>&1", limit=600)

    def check_a_full_device_vm_is_told(self):
        """There is no room for the disk of b, whose program must start anew."""
        self.system.shell("store", f"""
            mount -t tmpfs -o size=1M none {IN_THE_VM}
            kill -9 $(grep -l "[/]{IN_THE_VM[1:]}/b-" /proc/[0-9]*/cmdline | cut -d / -f 3)""")
        self.system.wait("b's disk is full", lambda: self.system.device_state("b") == "full")
        ensure(self.system.device_state("a") == "ready", "a's disk is not ready")
        text = subprocess.run([TOPO, "ps", self.system.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        ensure(re.search(r"store -> b +down: device 0 \(blk\) full\n", text), text)

    def check_it_comes_when_there_is_room(self):
        self.system.run("store", "umount", IN_THE_VM)
        self.system.wait_connection("store", "b")
