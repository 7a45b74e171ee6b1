# SPDX-License-Identifier: BSD-2-Clause
"""Root in a driver VM writes odd words over its own rings and its pool, on the running system: the module of
its device VM, vhost-net and the program that serves its disk read them. Another driver VM that the same
ones serve does not notice, and who did it is served again when it begins anew. PV_SEED says which words."""
import subprocess
from contextlib import contextmanager

from cases_work import FIO
from connections import connections_of
from harness import TOPO, ensure
from load import SEED, Load
from rings import BLK, NET, queues_of

WRITES = 3_000  # over a piece of a ring, each with a kick
DRIVERS = {NET: "virtio_net", BLK: "virtio_blk"}
KICKS = "set -- $(sed -n 3p /sys/bus/virtio/drivers/{}/virtio*/../resource); echo $1"
CRASHED = ("Oops", "kernel BUG", "Unable to handle")


class ShakesRings:
    """For a Scenario of a device VM, and of driver VMs that have a network and a disk each."""
    shaken = shaker = steady = ""  # device VM, who attacks it, who works beside that
    steady_disk = "64M"

    def attack(self, device, *commands):
        """(command, address, bytes, how often, seed) against that device."""
        system, vm = self.system, self.shaker
        kicks = system.shell(vm, KICKS.format(DRIVERS[device]))
        for name, address, count, times, seed in commands:
            said = system.run(vm, system.probe(vm), name, hex(address), str(count), kicks,
                              str(times), str(seed), limit=300)
            ensure(said in ("shaken", "scribbled"), f"{name}: {said}")

    @contextmanager
    def frames_come(self, address, gateway):
        """The device VM sends to the attacker's network all the time, and his Linux, which would fall
        over what he does, no longer reads its rings; they have been round before."""
        system, vm = self.system, self.shaker
        mac = system.shell(vm, f"""ping -c 300 -i 0.002 {gateway} > /dev/null
            dd if=/dev/vda of=/dev/null bs=16k count=512 iflag=direct 2> /dev/null
            cat /sys/class/net/eth0/address; ip link set eth0 down""")
        system.shell(self.shaken, f"arp -s {address} {mac}")
        sending = system.spawn(self.shaken, f"while :; do ping -i 0.002 {address}; done > /dev/null")
        try:
            yield
        finally:
            sending.kill()
            sending.wait()
            system.shell(self.shaken, f"arp -d {address}")

    def begin_anew(self):
        """Who attacked is as before, with the same device VM."""
        system, vm = self.system, self.shaker
        done = subprocess.run([TOPO, "restart", "--force", "--name", system.name, vm],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        ensure(done.returncode == 0, f"topo restart: {done.returncode}: {done.stdout}")
        system.probes.discard(vm)
        system.wait_connection(self.shaken, vm)

    def check_a_driver_vm_that_shakes_its_rings_costs_nobody_else(self):
        system = self.system
        nets = {c.driver_vm: c.of_type("net")[0] for c in connections_of(system)
                if c.device_vm == self.shaken}
        mine, other = nets[self.shaker], nets[self.steady]
        boot = system.run(self.shaken, "cat", "/proc/sys/kernel/random/boot_id")
        base = system.driver_address(self.shaken, self.shaker)
        size = system.ranges(self.shaken, self.shaker)[7]
        with Load(system, self.steady, self.shaken, other["address"],
                  FIO.replace("64M", self.steady_disk)) as load:
            with self.frames_come(mine["driver_address"], mine["address"]):
                for device in (NET, BLK):
                    pieces = [("shake", *piece, WRITES, SEED) for queue in queues_of(
                        system, self.shaken, self.shaker, device) for piece in queue.pieces()]
                    self.attack(device, *pieces, ("scribble", base, size, 1, SEED))
            load.ensure_busy("shaken rings")
            self.begin_anew()
            load.ensure_busy("shaken rings that began anew")
        said = system.run(self.shaken, "dmesg")
        ensure(system.run(self.shaken, "cat", "/proc/sys/kernel/random/boot_id") == boot,
               f"{self.shaken} has begun anew")
        for word in CRASHED:
            ensure(word not in said, f"seed {SEED}: {self.shaken}: {said[-1500:]}")
