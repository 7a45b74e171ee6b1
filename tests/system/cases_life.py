# SPDX-License-Identifier: BSD-2-Clause
"""VMs end and come back, in each way that there is, and their peers stay what they were."""
import json
import os
import select
import subprocess
import sys
import tempfile
import time

from cases_work import PANIC
from harness import BUILD, HERE, LIMIT, ROOT, TOPO, Scenario, ensure
from debugger import Debugger
sys.path.append(os.path.join(ROOT, "tests/verify"))
import system as images  # pylint: disable=wrong-import-position,import-error
sys.path.append(os.path.join(ROOT, "tests/baremetal"))
from elf import Elf  # pylint: disable=wrong-import-position,import-error

CHANGE_LIMIT = 120
NO_COMMAND = 125  # of topo exec: the command's end is not known


class Events:
    """What topo events tells: each VM and connection as it was last said to be."""

    def __init__(self, system):
        self.vms, self.connections = {}, {}
        self.rest = b""
        self.told = subprocess.Popen([TOPO, "events", "--json", system.name],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.complete = False

    def __enter__(self):
        self.wait("all that there is now", lambda: self.complete)
        return self

    def __exit__(self, *_):
        self.told.kill()
        self.told.wait()
        self.told.stdout.close()

    def take(self, line):
        said = json.loads(line)
        if said["event"] == "vm":
            self.vms[said["name"]] = said
        elif said["event"] == "connection":
            self.connections[said["device"], said["driver"]] = said
        else:
            self.complete = True

    def wait(self, what, holds):
        """Until it holds, looked at after each line."""
        end = time.monotonic() + CHANGE_LIMIT
        while not holds():
            if b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                self.take(line)
                continue
            ready, _, _ = select.select([self.told.stdout], [], [], end - time.monotonic())
            more = os.read(self.told.stdout.fileno(), 65536) if ready else b""
            ensure(more, f"{what}: not within {CHANGE_LIMIT} s, or no more events; "
                   f"now {self.vms} {self.connections}")
            self.rest += more

    def wait_vm(self, name, state, restarts=None):
        """Until that VM is so, and was started again so often."""
        self.wait(f"{name} {state}, {restarts} restarts", lambda: (
            self.vms[name]["state"] == state and restarts in (None, self.vms[name]["restarts"])))

    def wait_connection(self, device, driver, sessions=1):
        """Until it is up, in that or a later session."""
        self.wait(f"session {sessions} of {device} -> {driver}", lambda: (
            self.connections[device, driver]["state"] == "up"
            and self.connections[device, driver]["sessions"] >= sessions))

    def wait_device(self, device, driver, number, state):
        self.wait(f"{device} -> {driver}: device {number} is {state}", lambda: (
            self.connections[device, driver]["devices"][number]["state"] == state))


class Life(Scenario):
    seconds = 120
    topology = os.path.join(HERE, "topologies/life.camkes")

    def prepare(self):
        self.directory = tempfile.TemporaryDirectory(prefix="peervisor-life-")
        self.debugger = os.path.join(self.directory.name, "gdb")
        self.system.arguments = ["--qemu-arg=-gdb",
                                 f"--qemu-arg=unix:{self.debugger},server=on,wait=off"]

    def boot(self, vm):
        """Which of its boots this is: a random number of its kernel."""
        return self.system.run(vm, "cat", "/proc/sys/kernel/random/boot_id")

    def place(self, vm):
        """Where its kernel lies, one of some 60,000 places."""
        return self.system.shell(vm, "grep -w _stext /proc/kallsyms").split()[0]

    def topo(self, command, *arguments, status=0):
        done = subprocess.run([TOPO, command, "--name", self.system.name, *arguments],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=CHANGE_LIMIT,
                              check=False)
        ensure(done.returncode == status, f"{command}: {done.returncode}: {done.stdout}")

    def shown(self, vm):
        """That VM by topo ps."""
        done = subprocess.run([TOPO, "ps", "--json", self.system.name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True)
        return next(one for one in json.loads(done.stdout)[0]["vms"] if one["name"] == vm)

    def ensure_ping(self):
        address = self.system.shell("device", "ip -4 -o addr show br0 | awk '{ sub(\"/.*\", \"\", "
                                    "$4); print $4; exit }'")
        # Packets are lost while an interface comes up.
        self.system.shell("driver", f"until ping -c 1 -W 1 {address}; do :; done")

    def hardware_address(self):
        return self.system.shell("device", "cat /sys/class/net/br0/address")

    def write_disk(self):
        """Random data, flushed; their checksum."""
        return self.system.shell("driver", "dd if=/dev/urandom of=/tmp/data bs=1M count=4; "
                                 "dd if=/tmp/data of=/dev/vda bs=1M conv=fsync; "
                                 "sha256sum < /tmp/data").split("\n")[-1]

    def read_disk(self):
        return self.system.shell("driver", "dd if=/dev/vda bs=1M count=4 iflag=direct 2>/dev/null"
                                 " | sha256sum")

    def ends_and_comes_back(self, end, reason):
        """The driver VM comes back once after `end`, with its disk and network, and the device VM
        has not noticed more than that."""
        written, before, peer = self.write_disk(), self.boot("driver"), self.boot("device")
        place = self.place("driver")
        with Events(self.system) as events:
            restarts = events.vms["driver"]["restarts"] + 1
            end()
            events.wait_vm("driver", "up", restarts)
            events.wait_connection("device", "driver")
        ensure(self.boot("driver") != before, "its kernel is the same")
        ensure(self.place("driver") != place, f"its kernel lies at {place} again")
        ensure(self.boot("device") == peer, "the device VM began anew, too")
        ensure(self.read_disk() == written, "the disk has lost what was flushed")
        self.ensure_ping()
        shown = self.shown("driver")
        ensure(shown["restarts"] == restarts and shown["last_end"].split(" ")[0] == reason, shown)
        ensure(f"vm starting {restarts + 1}\n" in self.system.log("--vmm", "driver"),
               "its VMM says something else")

    def check_a_vm_has_its_files_and_runs_its_command(self):
        """Files at their places, behind links too, without a trace on what was there; the command
        serves one of them, and again after it was killed."""
        with open(self.topology, encoding="utf-8") as file:
            text = file.read().strip()
        ensure(self.system.shell("driver", "cat /sbin/topology") == text, "another file")
        ensure(self.system.shell("driver", "stat -c %a:%U:%h /sbin/topology; "
                                 "stat -c %a /sbin /etc; ls /bin /sbin | grep -v topology") ==
               self.system.shell("device", "echo 600:root:1; stat -c %a /sbin /etc; ls /bin /sbin"),
               "the root file system is another one")
        fetch = ("until wget -q -O - http://127.0.0.1/life.camkes 2>/dev/null; do :; done")
        ensure(self.system.shell("driver", fetch) == text, "another file is served")
        self.system.shell("driver", "kill -9 $(pidof httpd)")
        ensure(self.system.shell("driver", fetch) == text, "it came back as another one")

    def check_the_same_kernel_lies_elsewhere_in_each_vm(self):
        """And the seed of that is not left for who looks into the device tree."""
        places = [self.place(vm) for vm in ("device", "driver")]
        ensure(places[0] != places[1] and int(places[0], 16), places)
        for vm in ("device", "driver"):
            seed = self.system.shell(vm, "od -An -tx1 /proc/device-tree/chosen/kaslr-seed")
            ensure(seed.split() == ["00"] * 8, f"{vm}: {seed}")

    def check_a_vm_that_reboots_comes_back(self):
        self.ends_and_comes_back(lambda: self.system.run("driver", "reboot", "-f",
                                                         status=NO_COMMAND), "reset")

    def check_a_vm_that_panics_comes_back(self):
        self.ends_and_comes_back(lambda: self.system.shell(
            "driver", PANIC, status=NO_COMMAND), "reset")
        ensure("Kernel panic - not syncing: Out of memory" in self.system.log("driver"),
               "it said nothing of a panic")

    def check_a_vm_that_pets_its_watchdog_no_more_comes_back(self):
        self.ends_and_comes_back(lambda: self.system.shell(
            "driver", "kill -STOP $(pidof watchdog)"), "watchdog")

    def vmm_data(self, vm):
        """Where that VM's VMM has its data in the machine's memory, and how many bytes."""
        path = os.path.join(self.directory.name, "image")
        subprocess.run([TOPO, "build", "--board", self.system.board, "-o", path, self.topology],
                       check=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        with open(path, "rb") as file:
            image = images.System(file.read())
        program = Elf(os.path.join(BUILD, "share/peervisor/vmm.elf"))
        data = next(address for address, _, writable in program.segments if writable)
        region, _ = image.find(image.domain(vm), images.VMM, data)
        return (image.regions[region]["page"] * images.PAGE,
                image.regions[region]["page_count"] * images.PAGE)

    def check_a_vm_whose_vmm_dies_comes_back(self):
        def destroy():
            with Debugger(self.debugger) as debugger:
                debugger.fill(*self.vmm_data("driver"), 0xff)
            self.system.run("driver", "true", status=NO_COMMAND)
        self.ends_and_comes_back(destroy, "vmm")
        ensure("pv: domain driver's VMM starts again" in self.system.log("--kernel"),
               "the kernel says nothing of it")

    def check_topo_restarts_a_vm(self):
        self.ends_and_comes_back(lambda: self.topo("restart", "driver"), "request")
        self.ends_and_comes_back(lambda: self.topo("restart", "--force", "driver"), "request")

    def check_topo_stops_and_starts_a_vm(self):
        def stop_and_start(*how):
            self.topo("stop", *how, "driver")
            ensure(self.shown("driver")["state"] == "stopped", self.shown("driver"))
            self.system.run("device", "true")
            self.topo("start", "driver")
        self.ends_and_comes_back(stop_and_start, "poweroff")
        self.ends_and_comes_back(lambda: stop_and_start("--force"), "request")

    def late_sectors(self):
        """Of the disk that the VM serves which starts late: the driver VM has booted without it."""
        return self.system.shell("driver", "cat /sys/block/vdb/size")

    def check_a_vm_may_start_late(self):
        shown = self.shown("late")
        ensure((shown["state"], shown["reason"]) == ("stopped", "not started"), shown)
        self.system.run("late", "true", status=NO_COMMAND)
        ensure(self.late_sectors() == "0", f"its disk has {self.late_sectors()} sectors already")
        self.topo("start", "late")
        self.system.run("late", "true")
        self.system.wait("its disk has its size", lambda: self.late_sectors() == str(16 << 11))
        self.system.shell("driver", "dd if=/dev/urandom of=/tmp/late bs=1M count=4; "
                          "dd if=/tmp/late of=/dev/vdb bs=1M oflag=direct; "
                          "dd if=/dev/vdb bs=1M count=4 iflag=direct | cmp - /tmp/late")
        self.topo("stop", "late")
        ensure(self.shown("late")["state"] == "stopped", self.shown("late"))

    def check_another_vm_starts_restarts_and_stops_it(self):
        def ask(what):
            self.system.run("device", "vmctl", what, "late")
        with Events(self.system) as events:
            restarts = events.vms["late"]["restarts"] + 1
            ask("start")
            events.wait_vm("late", "up", restarts)
            first = self.boot("late")
            ask("restart")
            events.wait_vm("late", "up", restarts + 1)
            ensure(self.boot("late") != first, "its kernel is the same")
            ask("stop")
            events.wait_vm("late", "stopped")
            ensure(events.vms["late"]["last_end"] == "request", events.vms["late"])

    def check_no_vm_restarts_another_that_it_may_not(self):
        before = self.boot("driver")
        self.system.run("device", "vmctl", "restart", "driver", status=1)
        self.system.run("driver", "vmctl", "restart", "device", status=1)
        ensure(self.boot("driver") == before, "it did")

    def check_a_device_vm_that_reboots_has_lost_its_disk_and_says_so(self):
        """The request in flight fails, rather than to wait for a disk that is no more."""
        system = self.system
        self.write_disk()
        before, peer = self.boot("device"), self.boot("driver")
        address = self.hardware_address()
        with Events(system) as events:
            sessions = events.connections["device", "driver"]["sessions"] + 1
            restarts = events.vms["device"]["restarts"] + 1
            system.shell("device", "kill -STOP $(pidof peervisor-disk)")
            writing = system.spawn("driver", "dd if=/tmp/data of=/dev/vda bs=1M oflag=direct")
            try:
                system.wait("I/O in flight", lambda: sum(map(int, system.shell(
                    "driver", "cat /sys/block/vda/inflight").split())) > 0)
                system.run("device", "reboot", "-f", status=NO_COMMAND)
                events.wait_vm("device", "up", restarts)
                events.wait_device("device", "driver", 1, "lost")
                said, _ = writing.communicate(timeout=CHANGE_LIMIT)
            finally:
                writing.kill()
                writing.wait()
            ensure(writing.returncode == 1 and "Input/output error" in said, f"{writing.returncode} {said}")
            ensure(events.connections["device", "driver"]["sessions"] >= sessions, "no new session")
        ensure(self.boot("device") != before, "its kernel is the same")
        ensure(self.boot("driver") == peer, "the driver VM began anew, too")
        ensure(self.hardware_address() == address, "nobody knows its new hardware address")
        said = system.run("driver", "dd", "if=/dev/vda", "of=/dev/null", "bs=4096", "count=1",
                          "iflag=direct", status=1)
        ensure("Input/output error" in said, said)
        ensure("device device/1 lost\n" in system.log("--vmm", "driver"), "its VMM does not say so")

    def check_the_network_goes_on_after_it(self):
        self.ensure_ping()

    def check_the_disk_as_it_is_now_is_there_after_a_reboot(self):
        with Events(self.system) as events:
            restarts = events.vms["driver"]["restarts"] + 1
            self.system.run("driver", "reboot", "-f", status=NO_COMMAND)
            events.wait_vm("driver", "up", restarts)
            events.wait_connection("device", "driver")
        ensure(self.write_disk() == self.read_disk(), "it does not keep what is written")

    def reboot_driver(self, events):
        restarts = events.vms["driver"]["restarts"] + 1
        self.system.run("driver", "reboot", "-f", status=NO_COMMAND)
        return restarts

    def check_a_vm_begins_again_without_a_disk_that_is_late(self):
        """At each start: it has been there, but the VM that serves it is off again."""
        with Events(self.system) as events:
            ensure(events.vms["late"]["state"] == "stopped", events.vms["late"])
            events.wait_vm("driver", "up", self.reboot_driver(events))
        ensure(self.late_sectors() == "0", f"its disk has {self.late_sectors()} sectors")
        self.topo("start", "late")
        self.system.wait("its disk has its size", lambda: self.late_sectors() == str(16 << 11))

    def check_a_vm_waits_for_any_other_disk_whose_vm_was_stopped(self):
        """As it does when both begin: whoever starts that VM again lets it go on. What Linux does with a
        device whose VM is off has an end."""
        self.topo("stop", "device")
        self.system.shell("driver", "cd /sys/bus/virtio/drivers/virtio_net; echo virtio* > unbind")
        with Events(self.system) as events:
            restarts = events.vms["driver"]["restarts"] + 1
            self.topo("restart", "--force", "--timeout", "1", "driver", status=1)
            events.wait_vm("driver", "booting", restarts)
            ensure(events.connections["device", "driver"]["state"] == "down", events.connections)
            self.topo("start", "device")
            events.wait_vm("driver", "up", restarts)
            events.wait_connection("device", "driver")
        ensure(self.write_disk() == self.read_disk(), "it does not keep what is written")
