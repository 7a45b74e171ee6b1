# SPDX-License-Identifier: BSD-2-Clause
"""Root in a VM with hardware has it fault or interrupt without end. What that costs another VM on the
same CPU is counted in instructions: QEMU counts them (--icount), and the VM's counter shows them."""
import os
import re
import subprocess

from harness import BOTH_BOARDS, HERE, TOPO, Scenario, ensure
from outside import Outside

ROUNDS = 100_000_000  # of two instructions
TICKS_PER_SECOND = 62_500_000
SLICE = TICKS_PER_SECOND // 200  # docs/kernel-abi.md
NOWHERE = 0x10_0000_0000  # neither RAM nor registers of the VM
# Of the board's second UART (Arm DDI 0183).
UART_DATA, UART_MASK, UART_SENT = 0x0, 0x38, 1 << 5
TTY = 2  # after those of its VMM
MANY = 10_000


class Storms(Outside, Scenario):
    """Equals on one CPU: what the one does, the other has its half."""
    topology = os.path.join(HERE, "topologies/storms.camkes")
    arguments = ("--icount",)
    boards = BOTH_BOARDS  # the path of a line is each controller's own
    boot_limit = 600
    seconds = 50

    def work(self):
        """Ticks of the counter that the same work takes the VM without hardware."""
        said = self.system.run("good", self.system.probe("good"), "work", str(ROUNDS), limit=300)
        return int(re.fullmatch(r"took (\d+)", said)[1])

    def counter(self, vm, name):
        return self.system.counted()[0][vm][name]

    def ensure_half(self, what):
        """The work takes twice as long as alone at most, and the slices that it begins and ends in."""
        took, most = self.work(), 2 * self.alone + self.alone // 20 + 2 * SLICE
        print(f"    | {what}: {took} ticks, alone {self.alone}", flush=True)
        ensure(took <= most, f"{what}: {took} ticks for what takes {self.alone} alone")

    def check_work_is_counted_in_instructions(self):
        """The least of three: the VMs' own interrupts, and who else has just woken, add to it."""
        for vm in ("good", "bad"):
            self.system.probe(vm)
        self.alone = min(self.work() for _ in range(3))
        most = (2 * ROUNDS * TICKS_PER_SECOND // 1_000_000_000) * 12 // 10
        ensure(self.alone <= most, f"{self.alone} ticks, for {2 * ROUNDS} instructions")

    def faults(self):
        nic = next(unit for vm in self.system.told()["vms"] if vm["name"] == "bad"
                   for unit in vm["hardware"] if unit["name"] == "nic")
        return nic["faults"], nic["last_fault"]

    def check_a_storm_of_dma_faults_costs_its_vm_alone(self):
        """As claimed, a VM "can only affect" what it has: its NIC fetches from nowhere without end."""
        ensure(self.faults()[0] == 0, "there are faults already")
        function = self.system.shell("bad", """
            cd /sys/bus/pci/devices; for f in *; do [ $(cat $f/class) != 0x020000 ] || break; done
            echo $f > $f/driver/unbind; echo 1 > $f/enable; echo $f""")
        storm = self.system.spawn("bad", f"exec {self.system.probe('bad')} faults {function} "
                                  f"{NOWHERE:#x}")
        try:
            ensure(storm.stdout.readline() == "faulting\n", "the NIC fetches nothing")
            self.ensure_half("DMA faults")
            # Its VMM looks once a second of the VM's, which is as many instructions.
            self.system.wait("faults are told", lambda: self.faults()[0] > 0)
            ensure(storm.poll() is None, "it has ended")
        finally:
            storm.kill()
            storm.wait()
        count, last = self.faults()
        ensure(count > 0 and NOWHERE <= last < NOWHERE + 4096, f"{count} faults, the last at {last}")

    def check_a_storm_of_interrupts_costs_its_vm_alone(self):
        """As claimed, likewise: a line that stays high. Its driver, which alone knows how to end an
        interrupt of each controller, has not asked for this one and never sees to it."""
        base = int(self.system.shell("bad", f"sed -n 's/^{TTY}:.*PL011 rev1 mmio:\\([^ ]*\\).*/\\1/p' "
                                     "/proc/tty/driver/ttyAMA"), 16)
        before = self.counter("bad", "interrupts")
        stores = [(base + UART_DATA, 65), (base + UART_MASK, UART_SENT)]
        storm = self.system.spawn("bad", f"exec 3<> /dev/ttyAMA{TTY}; echo storming; " + "; ".join(
            f"{self.system.probe('bad')} store {at:#x} {value:#x}" for at, value in stores), 60)
        try:
            ensure(storm.stdout.readline() == "storming\n", "it does not begin")
            self.system.wait("interrupts without end",
                             lambda: self.counter("bad", "interrupts") > before + MANY)
            self.ensure_half("interrupts")
            count = self.counter("bad", "interrupts") - before
            print(f"    | {count} interrupts", flush=True)
        finally:
            storm.kill()
            storm.wait()

    def check_started_anew_it_is_as_before(self):
        done = subprocess.run([TOPO, "restart", "--force", "--timeout", "600", "--name",
                               self.system.name, "bad"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=660, check=False)
        ensure(done.returncode == 0, done.stdout + done.stderr)
        self.system.wait_vm("bad", "up")
        self.await_nic("bad")
        self.ensure_half("quiet")
