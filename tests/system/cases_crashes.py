# SPDX-License-Identifier: BSD-2-Clause
"""What serves a busy VM dies, is held up or begins anew at any moment, and nothing is lost. PV_CRASHES
says how often, PV_SEED which moments; a failure names the seed."""
import os
import random
import subprocess
import time

from cases_life import NO_COMMAND, Events
from cases_work import PANIC, device_address
from harness import HERE, TOPO, Scenario, ensure
from load import CRASHES, SEED, Load
from outside import Outside, digest

FLUSHED_BYTES = 1 << 20
# Of a device VM: what is done to it, and whether its daemon is another one afterwards.
TROUBLES = (
    ("kill -9 $(pidof peervisord)", True),
    ("kill -9 $(pidof peervisor-disk)", False),
    ("kill -9 $(pidof peervisord peervisor-disk)", True),
    ("kill -STOP $(pidof peervisord); sleep 1; kill -CONT $(pidof peervisord)", False),
    ("kill -STOP $(pidof peervisor-disk); sleep 1; kill -CONT $(pidof peervisor-disk)", False),
    ("kill -STOP $(pidof peervisor-disk); kill -9 $(pidof peervisord); sleep 1; "
     "kill -CONT $(pidof peervisor-disk) || true", True),
)
# The last trouble may have killed one that its successor has not come for.
THERE = "until pidof peervisord && pidof peervisor-disk; do usleep 10000; done > /dev/null; "


class Crashes(Scenario):
    """Programs of the device VM die or are held up."""
    seconds = 60

    def trouble(self, dice):
        """One of the troubles at some moment, and then the connection comes up again."""
        what, new_session = dice.choice(TROUBLES)
        before = self.system.sessions("device", "driver")
        time.sleep(dice.uniform(0, 2))
        self.system.shell("device", THERE + what)
        if new_session:
            self.system.wait_session("device", "driver", before)
        self.system.wait_connection("device", "driver")

    def check_nothing_is_lost(self):
        dice = random.Random(SEED)
        with Load(self.system, "driver", "device", device_address(self.system)) as load:
            for number in range(CRASHES):
                self.trouble(dice)
                load.ensure_busy(f"trouble {number}")

    def check_both_vms_power_off(self):
        """In order, whatever they went through: no request waits for ever."""
        self.system.shell("driver", "poweroff", status=None)
        self.system.wait_vm("driver", "stopped")


def restart(system, *how):
    done = subprocess.run([TOPO, "restart", "--name", system.name, *how, "device"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
    ensure(done.returncode == 0, f"topo restart {how}: {done.returncode}: {done.stdout}")


# How a device VM ends: its own reset, its panic, the operator's wish, in order and at once.
ENDS = (
    lambda system: system.shell("device", "reboot -f", status=NO_COMMAND),
    lambda system: system.shell("device", PANIC, status=NO_COMMAND),
    restart,
    lambda system: restart(system, "--force"),
)


class DeviceVmCrashes(Outside, Scenario):
    """The device VM itself ends, and two VMs speak over its bridge. The disk of one is on hardware, and
    goes on; that of the other was in its RAM: I/O errors at once and a line, until its driver
    begins anew."""
    seconds = 120
    topology = os.path.join(HERE, "topologies/crashes.camkes")
    disks = {"DISK": 64 << 20}
    # As often as it is asked for; else each once.
    ends = CRASHES if "PV_CRASHES" in os.environ else len(ENDS)

    def end(self, number, how, dice):
        with Events(self.system) as events:
            # What the last end has left is over: "lost" is of this one.
            events.wait_device("device", "other", 1, "ready")
            restarts = events.vms["device"]["restarts"] + 1
            sessions = events.connections["device", "driver"]["sessions"] + 1
            writing = self.system.spawn("other", "while dd if=/dev/zero of=/dev/vda bs=64k "
                                        "oflag=direct count=64; do :; done 2>&1 | tail -n 4")
            try:
                time.sleep(dice.uniform(0, 2))
                ENDS[how](self.system)
                events.wait_vm("device", "up", restarts)
                events.wait_connection("device", "driver", sessions)
                events.wait_device("device", "other", 1, "lost")
                said, _ = writing.communicate(timeout=120)
            finally:
                writing.kill()
                writing.wait()
            ensure("Input/output error" in said, f"seed {SEED}, end {number}: dd says {said}")
            ensure(self.system.log("--vmm", "other").count("device device/1 lost\n") > number,
                   f"seed {SEED}, end {number}: no line of other's VMM")
            self.system.shell("other", """
                device=$(basename $(readlink -f /sys/block/vda/device))
                cd /sys/bus/virtio/drivers/virtio_blk; echo $device > unbind; echo $device > bind
                dd if=/dev/vda of=/dev/null bs=1M count=1""")

    def introduce(self, addresses):
        """Each knows the other's hardware address: to find nobody who tells it, while the bridge is not
        there, would end an attempt to connect, which lasts otherwise."""
        for vm, other in (tuple(addresses), tuple(reversed(addresses))):
            self.system.wait(f"{vm} has its address", lambda vm=vm: addresses[vm] in self.system.shell(
                vm, "ip -4 -o addr show eth0 || true"))  # it gets that beside what makes it up
            mac = self.system.run(other, "cat", "/sys/class/net/eth0/address")
            self.system.run(vm, "arp", "-s", addresses[other], mac)

    def check_nothing_on_hardware_is_lost(self):
        dice = random.Random(SEED)
        self.introduce({"driver": "10.77.0.2", "other": "10.77.0.3"})
        with Load(self.system, "driver", "other", "10.77.0.3") as load:
            for number in range(self.ends):
                how = number % len(ENDS)
                self.end(number, how, dice)
                load.ensure_busy(f"end {number}, of kind {how}")

    def ensure_on_disk(self, how):
        """What the driver VM writes in that way is there after the device VM's sudden end."""
        written = self.system.shell("driver", f"""
            head -c {FLUSHED_BYTES} /dev/urandom > /tmp/bytes
            dd if=/tmp/bytes of=/dev/vda bs=64k {how} 2>/dev/null
            sha256sum < /tmp/bytes""")
        restart(self.system, "--force")
        with open(self.file("DISK"), "rb") as file:
            ensure(digest(file.read(FLUSHED_BYTES)) == written.split()[0], "it has other bytes")

    def check_the_file_has_what_was_flushed(self):
        self.ensure_on_disk("conv=fsync")

    def check_the_file_has_what_was_written(self):
        """Its kernel lives on and takes it for written."""
        self.ensure_on_disk("oflag=direct")

    def check_driver_vms_power_off(self):
        for vm in ("driver", "other"):
            self.system.shell(vm, "poweroff", status=None)
            self.system.wait_vm(vm, "stopped")
