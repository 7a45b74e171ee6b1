# SPDX-License-Identifier: BSD-2-Clause
"""The work that a connection is there for, whatever its topology: each device of it carries data
both ways, and all of it is compared."""
import json
import subprocess

from harness import TOPO, ensure

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
            receiver, "netstat -ltn || true"), 30)
        system.shell(sender, f"/tmp/probe send {address} {PORT} 77 {total}", limit=300)
        said, _ = listener.communicate(timeout=60)
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
        said, _ = hearing.communicate(timeout=60)
    finally:
        hearing.kill()
        hearing.wait()
    ensure(heard == f"from {listener}" and said.strip() == f"from {caller}",
           f"{caller} heard {heard!r}, {listener} heard {said!r}")


def carry_net(system, connection, device):
    check_tcp(system, connection.driver_vm, connection.device_vm, device["address"])
    check_tcp(system, connection.device_vm, connection.driver_vm, device["driver_address"])


def carry_blk(system, connection, device):
    """The disk of its size, of which a VM has one in the topologies that are shipped."""
    disks = system.disk(connection.driver_vm, device["size"]).split()
    ensure(len(disks) == 1, f"{connection.driver_vm}: disks of that size: {disks}")
    check_file_system(system, DISK_MIB, connection.driver_vm, disks[0])


def carry_vsock(system, connection, device):
    check_messages(system, connection.device_vm, connection.driver_vm, 2)
    check_messages(system, connection.driver_vm, connection.device_vm, device["cid"])


CARRY = {"net": carry_net, "blk": carry_blk, "vsock": carry_vsock}


class Carries:
    """For a Scenario whose VMs are connected."""

    def check_all_that_connections_carry(self):
        connections = connections_of(self.system)
        ensure(connections, "there are none")
        for connection in connections:
            for device in connection.devices:
                CARRY[device["type"]](self.system, connection, device)

    def check_each_vm_has_what_it_is_served(self):
        """And no other device."""
        wanted = dict.fromkeys(self.system.state()[0], 0)
        for connection in connections_of(self.system):
            wanted[connection.driver_vm] += len(connection.devices)
        for vm, count in wanted.items():
            found = self.system.shell(vm, "ls /sys/bus/virtio/devices 2>/dev/null | wc -l")
            ensure(int(found) == count, f"{vm} has {found} virtio devices, not {count}")
