# SPDX-License-Identifier: BSD-2-Clause
"""The work that a connection is there for, whatever its topology: each device of it carries data
both ways, and all of it is compared."""
import json
import secrets
import subprocess

from display import check_picture
from harness import LIMIT, TOPO, ensure

TCP_BYTES = 4_000_000
DISK_MIB = 8
PORT = 5001


class Connection:
    """A connection as topo export tells it."""

    def __init__(self, row):
        self.device_vm, self.driver_vm = row["device_vm"], row["driver_vm"]
        self.pool_bytes, self.swiotlb = row["pool_bytes"], row["swiotlb"]
        self.devices = row["devices"]

    def of_type(self, kind):
        return [device for device in self.devices if device["type"] == kind]


def connections_of(system):
    done = subprocess.run([TOPO, "export", "-f", "json", "--no-advice", *system.options(),
                           system.topology],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return [Connection(row) for row in json.loads(done.stdout)["connections"]]


def check_tcp(system, sender, receiver, address, total=TCP_BYTES):
    """`total` bytes from one VM to the other; the receiver compares each of them."""
    for vm in (sender, receiver):
        system.probe(vm)
    listener = system.spawn(receiver, f"/tmp/probe receive {PORT} 77 {total}")
    try:
        system.wait("the listener", lambda: f":{PORT}" in system.shell(
            receiver, "netstat -ltn || true"))
        system.shell(sender, f"/tmp/probe send {address} {PORT} 77 {total}", limit=300)
        said, _ = listener.communicate(timeout=LIMIT)
    finally:
        listener.kill()
        listener.wait()
    ensure(listener.returncode == 0 and f"{total} bytes, all right" in said,
           f"receiver: exit status {listener.returncode}: {said[-300:]}")


def check_file_system(system, megabytes=24, vm="driver", disk="vda"):
    """mkfs, write, remount, read back."""
    text = system.shell(vm, f"""
        mkfs.ext4 -q -F /dev/{disk}; mkdir -p /mnt; mount /dev/{disk} /mnt
        dd if=/dev/urandom of=/mnt/data bs=1M count={megabytes} 2>/dev/null
        sha256sum < /mnt/data; umount /mnt; echo 3 > /proc/sys/vm/drop_caches
        mount /dev/{disk} /mnt; sha256sum < /mnt/data; umount /mnt""", limit=180)
    sums = text.split("\n")
    ensure(len(sums) == 2 and sums[0] == sums[1] and len(sums[0]) > 60, f"checksums: {text}")


def check_messages(system, listener, caller, cid):
    """A stream by vsock that @caller opens to what it knows by @cid, with a message each way."""
    hearing = system.spawn(listener, f"echo from {listener} | vsock listen {PORT}")
    try:
        heard = system.shell(caller, f"echo from {caller} > /tmp/word; "
                             f"until vsock connect {cid} {PORT} < /tmp/word 2>/dev/null; "
                             "do usleep 100000; done", limit=120)
        said, _ = hearing.communicate(timeout=LIMIT)
    finally:
        hearing.kill()
        hearing.wait()
    ensure(heard == f"from {listener}" and said.strip() == f"from {caller}",
           f"{caller} heard {heard!r}, {listener} heard {said!r}")


def carry_net(system, connection, device):
    check_tcp(system, connection.driver_vm, connection.device_vm, device["address"])
    check_tcp(system, connection.device_vm, connection.driver_vm, device["driver_address"])


def carry_blk(system, connection, device):
    """The disk of its size, of which a VM has one in the topologies that are shipped. In a circle of
    VMs it has that size when it is served."""
    def disks():
        return system.disk(connection.driver_vm, device["size"]).split()
    system.wait(f"{connection.driver_vm} has a disk", disks)
    ensure(len(disks()) == 1, f"{connection.driver_vm}: disks of that size: {disks()}")
    check_file_system(system, DISK_MIB, connection.driver_vm, disks()[0])


def carry_vsock(system, connection, device):
    check_messages(system, connection.device_vm, connection.driver_vm, 2)
    check_messages(system, connection.driver_vm, connection.device_vm, device["cid"])


def carry_gpu(system, connection, _device):
    check_picture(system, connection.driver_vm, secrets.randbits(24))


def carry_console(system, connection, device):
    """A line to the log that the device VM keeps."""
    word = secrets.token_hex(8)
    log = f"/run/peervisor/{connection.driver_vm}-{connection.devices.index(device)}.log"
    system.shell(connection.driver_vm, f"echo {word} > /dev/hvc0")
    system.wait(f"{word} is in {log}", lambda: word in system.shell(
        connection.device_vm, f"cat {log} 2>/dev/null || true"))


CARRY = {"net": carry_net, "blk": carry_blk, "vsock": carry_vsock, "gpu": carry_gpu,
         "console": carry_console}


class Carries:
    """For a Scenario whose VMs are connected."""
    own_virtio = {}  # VM -> how many of its hardware are virtio devices

    def check_all_that_connections_carry(self):
        connections = connections_of(self.system)
        ensure(connections, "there are none")
        for connection in connections:
            for device in connection.devices:
                CARRY[device["type"]](self.system, connection, device)

    def check_each_vm_has_what_it_is_served(self):
        """And no other device."""
        wanted = {vm: self.own_virtio.get(vm, 0) for vm in self.system.state()[0]}
        for connection in connections_of(self.system):
            wanted[connection.driver_vm] += len(connection.devices)
        for vm, count in wanted.items():
            found = self.system.shell(vm, "ls /sys/bus/virtio/devices 2>/dev/null | wc -l")
            ensure(int(found) == count, f"{vm} has {found} virtio devices, not {count}")


MIB = 1 << 20
PLANTED_MIB = 2
NUMBERS = 16  # of secrets that one census tells apart: probe.c


def plant(system, vm, secret, mib):
    """Fill private memory of a VM with a secret."""
    probe = system.probe(vm)
    system.shell(vm, f"{probe} plant {secret} {mib} > /tmp/planted & "
                 "while ! grep -q planted /tmp/planted; do usleep 10000; done")


def census(system, vm, secret):
    """What a VM finds in all memory that it can map: (bytes of connections, hits of each number)."""
    text = system.run(vm, system.probe(vm), "census", str(secret), limit=300)
    shared, found = 0, [0] * NUMBERS
    for line in text.split("\n"):
        piece, _, counts = line.rpartition(":")
        first, last = (int(word, 16) for word in piece.split(" ")[0].split("-"))
        if "connection" in piece and last - first + 1 >= MIB:
            shared += last - first + 1
        found = [a + int(b) for a, b in zip(found, counts.split())]
    return shared, found


class KeepsApart:
    """For a Scenario of up to eight VMs: who sees what, by a search of all that each VM can map. A
    secret is planted in each VM, and each disk carries one; their numbers tell them apart."""

    def check_each_sees_what_is_shared_with_it_and_nothing_else(self):
        system = self.system
        connections = connections_of(system)
        # It stands inverted on command lines; the number is in its lowest bits.
        base = secrets.randbits(64) | (NUMBERS - 1)
        vms = sorted(system.state()[0])
        carried = [c for c in connections if c.of_type("blk")]
        ensure(len(vms) + len(carried) <= NUMBERS, "more secrets than numbers")
        for number, vm in enumerate(vms):
            plant(system, vm, base ^ number, PLANTED_MIB)
        for number, c in enumerate(carried, len(vms)):
            disk = system.disk(c.driver_vm, c.of_type("blk")[0]["size"])
            system.shell(c.driver_vm, f"{system.probe(c.driver_vm)} repeat {base ^ number} {MIB} | "
                         f"dd of=/dev/{disk} bs=64k iflag=fullblock oflag=direct 2>/dev/null")
        wrong = []
        for number, vm in enumerate(vms):
            shared, found = census(system, vm, base)
            served = [c for c in connections if c.device_vm == vm]
            if all(c.swiotlb for c in served):
                pools = sum(c.pool_bytes for c in served)
                if shared != pools:
                    wrong.append(f"{vm} sees {shared} bytes of others, not {pools}")
            whole = {vm} | {c.driver_vm for c in served if not c.swiotlb}
            for other, hits in zip(vms, found):
                if (hits >= PLANTED_MIB * MIB // 8) != (other in whole) or (
                        hits and other not in whole):
                    wrong.append(f"{vm} sees the secret of {other} {hits} times")
            for c, hits in zip(carried, found[len(vms):]):
                ends = {c.device_vm, c.driver_vm} | {vm for vm in [vm] if c.driver_vm in whole}
                if (hits and vm not in ends) or (vm == c.device_vm and not hits):
                    wrong.append(f"{vm} sees what {c.driver_vm} wrote to its disk {hits} times")
        ensure(not wrong, "; ".join(wrong))
