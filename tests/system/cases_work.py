# SPDX-License-Identifier: BSD-2-Clause
"""Systems at work: what their connections carry is checked end to end."""
import hashlib
import os
import subprocess
import tempfile

from connections import check_file_system, check_tcp
from harness import BOTH_BOARDS, BUILD, FIRST_BOARD, HERE, LIMIT, TOPO, Failure, Scenario, ensure

TCP_BYTES = 100_000_000
FIO = ("fio --name=mix --filename=/dev/vda --size=64M --rw=randrw --bs=16k --direct=1 "
       "--ioengine=io_uring --iodepth=8 --verify=crc32c --verify_fatal=1 --do_verify=1 "
       "--randrepeat=1 --norandommap=0 --minimal")
# One buffer is larger than the memory: tail of /dev/zero, which grows bit by bit, was seen not to be
# done with it after 300 s.
PANIC = ("echo 1 > /proc/sys/vm/panic_on_oom; echo 1 > /proc/sys/vm/overcommit_memory; "
         "dd if=/dev/zero of=/dev/null bs=1G count=1")


def device_address(system, vm="device"):
    """The device VM's address on the network that it serves."""
    return system.shell(vm, "ip -4 -o addr show br0 | awk '{ sub(\"/.*\", \"\", $4); "
                        "print $4; exit }'")


class SimplePair(Scenario):
    """The pair as it comes: network, disk, load, a back end that dies."""
    seconds = 60
    boards = BOTH_BOARDS

    def check_its_interrupt_controller(self):
        name = "GICv3" if self.system.board == FIRST_BOARD else "GIC-0"
        for vm in ("device", "driver"):
            text = self.system.run(vm, "cat", "/proc/interrupts")
            ensure(f" {name} " in text, f"{vm}: {text}")

    def check_only_the_device_vm_serves(self):
        found = self.system.shell("driver", "for d in /sys/bus/virtio/devices/*; do "
                                  "basename $(readlink $d/driver); done | sort")
        ensure(found.split() == ["virtio_blk", "virtio_net"], found)
        pci = self.system.shell("device", "ls /sys/bus/pci/devices 2>/dev/null | wc -l")
        ensure(pci == "0", f"the device VM has {pci} PCI devices")

    def check_its_kernel_tells_how_much_of_the_pool_it_used(self):
        """A read of 1 MiB goes through it, in requests at the same time."""
        self.system.shell("driver", "dd if=/dev/vda of=/dev/null bs=1M count=8 iflag=direct")
        # A guest that has not answered within the time that a command waits for it is asked again.
        self.system.wait("the driver VM tells of its pool", lambda: self.system.pool(
            "device", "driver")["used_bytes"] is not None)
        pool = self.system.pool("device", "driver")
        ensure(512 << 10 < pool["used_bytes"] <= pool["bytes"] == 8 << 20, f"{pool}")
        ensure("debugfs" not in self.system.shell("driver", "cat /proc/mounts"), "it is seen")

    def copy(self, *places, status=0):
        done = subprocess.run([TOPO, "cp", "--name", self.system.name, *places],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        ensure(done.returncode == status, f"topo cp {places}: {done.returncode}: {done.stdout}")
        return done.stdout

    def check_files_go_in_and_come_back(self):
        """A tree with modes, a link and a file that is a hole but for a byte."""
        with tempfile.TemporaryDirectory() as here:
            os.makedirs(f"{here}/tree/sub")
            for name, mode in (("sub/run", 0o755), ("private", 0o600), ("holes", 0o644)):
                with open(f"{here}/tree/{name}", "wb") as file:
                    file.write(os.urandom(30000))
                os.chmod(f"{here}/tree/{name}", mode)
            os.symlink("private", f"{here}/tree/link")
            os.symlink("../private", f"{here}/tree/sub/link")
            os.truncate(f"{here}/tree/holes", 1 << 30)
            self.copy(f"{here}/tree", "driver:/tmp/new")
            self.copy("driver:/tmp/new", f"{here}/back")
            done = subprocess.run(["diff", "-r", "--no-dereference", f"{here}/tree/sub",
                                   f"{here}/back/sub"], check=False)
            ensure(done.returncode == 0, "the bytes are others")
            for name in ("sub/run", "private", "holes"):
                mode = os.lstat(f"{here}/back/{name}").st_mode
                ensure(mode == os.lstat(f"{here}/tree/{name}").st_mode, f"{name}: {mode:o}")
            ensure(os.readlink(f"{here}/back/link") == "private", "the link is another")
            holes = os.lstat(f"{here}/back/holes")
            ensure(holes.st_size == 1 << 30 and holes.st_blocks < 200, f"holes: {holes}")
            ensure("no file" in self.copy("driver:/dev/null", here, status=3), "a device came")
            for link in ("/etc", "..", "sub/../..", "../private", "sub/../sub"):
                self.system.shell("driver", f"ln -sfn {link} /tmp/new/out")
                for path in ("/tmp/new", "/tmp/new/out"):
                    said = self.copy(f"driver:{path}", f"{here}/out", status=3)
                    ensure("is a link out of" in said, f"{path} with {link}: {said}")
            ensure(sorted(os.listdir(here)) == ["back", "tree"], f"left: {os.listdir(here)}")
        self.system.shell("driver", "[ $(du -k /tmp/new/holes | cut -f1) -lt 100 ]; "
                          "[ $(stat -c %U /tmp/new/private) = root ]; rm -r /tmp/new")

    def check_20_MB_go_in_and_come_back(self):
        """Through the agent's window: over its UART alone that would take hours."""
        with tempfile.TemporaryDirectory() as here:
            sent = os.urandom(20 << 20)
            with open(f"{here}/sent", "wb") as file:
                file.write(sent)
            self.copy(f"{here}/sent", "driver:/tmp/large")
            ensure(self.system.run("driver", "sha256sum", "/tmp/large").split()[0] ==
                   hashlib.sha256(sent).hexdigest(), "other bytes went in")
            self.copy("driver:/tmp/large", f"{here}/back")
            with open(f"{here}/back", "rb") as file:
                ensure(file.read() == sent, "other bytes came back")
        self.system.shell("driver", "rm /tmp/large")

    def check_random_numbers_are_there_at_once(self):
        """Before user space runs, from the VMM; and nobody waits for them."""
        drawn = set()
        for vm in ("device", "driver"):
            log = self.system.shell(vm, "dmesg")
            ensure(0 < log.find("crng init done") < log.find("Run /init"), f"{vm}: {log}")
            drawn.add(self.system.shell(vm, "head -c 32 /dev/random | sha256sum"))
        ensure(len(drawn) == 2, f"drawn: {drawn}")

    def check_ping(self):
        text = self.system.run("driver", "ping", "-c", "5", "-i", "0.2",
                               device_address(self.system))
        ensure(" 0% packet loss" in text, text)

    def check_100_MB_over_tcp_to_the_device_vm(self):
        check_tcp(self.system, "driver", "device", device_address(self.system), TCP_BYTES)

    def check_100_MB_over_tcp_to_the_driver_vm(self):
        address = self.system.shell("driver", "ip -4 -o addr show eth0 | awk '{ sub(\"/.*\", "
                                    "\"\", $4); print $4; exit }'")
        check_tcp(self.system, "device", "driver", address, TCP_BYTES)

    def check_file_system_survives_a_remount(self):
        check_file_system(self.system)

    def check_fio_verifies_64_MB_of_mixed_io(self):
        self.system.shell("driver", FIO, limit=300)

    def check_counters_move_with_the_work(self):
        """Writes one by one: each is a call of the device; a kick of the driver needs only those
        that find the device asleep. A load of its CPU: about what Linux says of it."""
        pair = ("device", "driver")
        vms, links = self.system.counted()
        self.system.shell("driver", "dd if=/dev/zero of=/dev/vda bs=4k count=300 oflag=direct")
        vms_then, links_then = self.system.counted()
        for name, least in (("kicks", 1), ("calls", 300)):
            grown = links_then[pair][name] - links[pair][name]
            ensure(least <= grown < 3000, f"{name}: {grown}")
        ensure(links_then[pair]["errors"] == 0, f"{links_then}")
        for vm, name in (("device", "doorbells"), ("driver", "interrupts")):
            grown = vms_then[vm][name] - vms[vm][name]
            ensure(grown >= 300, f"{vm}: {name}: {grown}")
        ticks = self.system.shell("driver", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; "
                                  "cut -d ' ' -f 14 /proc/$$/stat")
        vms, _ = self.system.counted()
        grown = vms["driver"]["time_us"] - vms_then["driver"]["time_us"]
        ensure(grown > int(ticks) * 10000 * 3 // 4 > 0, f"{grown} us, Linux says {ticks} ticks")
        ensure(vms["driver"]["held_us"] == vms["device"]["held_us"] == 0, f"held: {vms}")

    def check_io_completes_over_a_killed_daemon(self):
        """kill -9 of the daemon with I/O in flight, three times; fio verifies all of it. The
        storage back end is held still until the kill, so that what fio waits for is in flight."""
        system = self.system
        for _ in range(3):
            before = system.sessions("device", "driver")
            load = system.spawn("driver", FIO)
            try:
                system.shell("device", "kill -STOP $(pidof peervisor-disk)")
                system.wait("I/O in flight", lambda: sum(map(int, system.shell(
                    "driver", "cat /sys/block/vda/inflight").split())) > 0)
                ensure(load.poll() is None, "fio ended with its I/O in flight")
                system.shell("device", "kill -9 $(pidof peervisord); "
                             "kill -CONT $(pidof peervisor-disk) || true")
                system.wait_session("device", "driver", before)
                said, _ = load.communicate(timeout=300)
            except subprocess.TimeoutExpired as error:
                raise Failure("the I/O in flight never completed") from error
            finally:
                load.kill()
                load.wait()
            ensure(load.returncode == 0, f"fio: {load.returncode}: {said[-400:]}")

    def check_network_lives_after_it(self):
        self.check_ping()

    def check_a_killed_storage_back_end_comes_back(self):
        before = self.system.shell("device", "pidof peervisor-disk")
        self.system.shell("device", "killall -9 peervisor-disk")
        check_file_system(self.system, 8)
        after = self.system.shell("device", "pidof peervisor-disk")
        ensure(after not in ("", before), f"it is {before} still")

    def check_the_driver_vm_reboots_only_itself(self):
        self.system.run("driver", "poweroff", status=None)
        self.system.wait_vm("driver", "stopped")
        ensure(self.system.state()[0]["device"] == "up", "the device VM went with it")
        self.system.run("device", "true")


class WholeRam(Scenario):
    """VMSWIOTLB=0: the device VM sees all of the driver VM's RAM, and it works without a pool."""
    arguments = ["-D", "VMSWIOTLB=0"]

    def check_no_restricted_pool(self):
        text = self.system.shell("driver", "ls /proc/device-tree/reserved-memory || true")
        ensure("pool" not in text, text)

    def check_ping(self):
        text = self.system.run("driver", "ping", "-c", "3", "-i", "0.2",
                               device_address(self.system))
        ensure(" 0% packet loss" in text, text)

    def check_file_system_survives_a_remount(self):
        check_file_system(self.system)

    def check_the_memory_is_exposed_as_documented(self):
        """The search that must find nothing with a pool (cases_attack.py) finds it here."""
        probe = self.system.probe("driver")
        self.system.probe("device")
        secret = 0x0123456789abcdef
        self.system.shell("driver", f"{probe} plant {secret} 4 > /tmp/planted & "
                          "while ! grep -q planted /tmp/planted; do usleep 10000; done")
        text = self.system.shell("device", f"{probe} find {secret}", limit=300)
        hits = sum(int(line.rsplit(" ", 1)[1]) for line in text.split("\n")
                   if "connection" in line)
        ensure(hits >= (4 << 20) // 8, text)


class DriverFirst(Scenario):
    """The driver VM boots before there is anybody to serve it."""
    topology = os.path.join(HERE, "topologies/one-cpu.camkes")
    arguments = ["-D", "DRIVER_FIRST=1"]

    def check_file_system_survives_a_remount(self):
        check_file_system(self.system, 8)


class DeviceFirst(Scenario):
    """The device VM has served for long when the driver VM comes."""
    topology = os.path.join(HERE, "topologies/one-cpu.camkes")
    arguments = ["-D", "DRIVER_FIRST=0"]

    def check_file_system_survives_a_remount(self):
        check_file_system(self.system, 8)


def vulnerabilities(system, vm):
    """What the guest's kernel says of each."""
    lines = system.shell(vm, "cd /sys/devices/system/cpu/vulnerabilities; grep . *").split("\n")
    return dict(line.split(":", 1) for line in lines)


class OverFirmware(Scenario):
    """The machine starts in firmware that has the workarounds for speculation, at EL3. QEMU loads
    no kernel behind firmware, so the image is put there by name."""
    topology = os.path.join(HERE, "topologies/one-cpu.camkes")
    image = os.path.join(BUILD, "system/over-firmware.image")
    arguments = [f"--qemu-arg={argument}" for argument in (
        "-M", "secure=on", "-bios", os.path.join(BUILD, "baremetal/firmware.bin"),
        "-device", f"loader,file={image},addr=0x40200000,force-raw=on")]

    def prepare(self):
        subprocess.run([TOPO, "build", "--board", self.system.board, "-o", self.image,
                        self.topology], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=LIMIT)

    def check_the_guests_use_it(self):
        for vm in ("device", "driver"):
            said = vulnerabilities(self.system, vm)
            ensure(said["spectre_v2"] == "Mitigation: Branch predictor hardening, BHB" and
                   said["spec_store_bypass"] == "Not affected", f"{vm}: {said}")

    def check_without_random_numbers_kernels_lie_where_they_always_do(self):
        """An image for all has no seed, and this CPU no instruction."""
        for vm in ("device", "driver"):
            said = self.system.shell(vm, "dmesg | grep KASLR")
            ensure(said.endswith("KASLR disabled due to lack of seed"), f"{vm}: {said}")


class ThreeIslands(Scenario):
    topology = "topologies/three-islands.camkes"

    def check_without_firmware_nothing_is_promised(self):
        said = vulnerabilities(self.system, "one")
        ensure(said["spectre_v2"] == "Vulnerable" and said["spec_store_bypass"] == "Vulnerable",
               f"{said}")

    def check_two_vcpus(self):
        ensure(self.system.run("two", "nproc") == "2", "two has not 2 vCPUs")
        ensure(self.system.run("one", "nproc") == "1", "one has not 1 vCPU")

    def check_nobody_has_a_device(self):
        for vm in ("one", "two", "three"):
            count = self.system.shell(vm, "ls /sys/bus/virtio/devices /sys/bus/pci/devices "
                                      "2>/dev/null | grep -c 0 || true")
            ensure(count == "0", f"{vm} has {count} devices")

    def check_all_compute_at_once(self):
        """More busy vCPUs than CPUs: each of them comes to its end, with the right result."""
        work = "seq 1 20000 | sha256sum & seq 1 20000 | sha256sum; wait"
        running = [self.system.spawn(vm, work, 200) for vm in ("one", "two", "three")]
        said = {process.communicate(timeout=240)[0] for process in running}
        ensure(len(said) == 1 and len(set(said.pop().split("\n")[:2])) == 1, repr(said))

    def check_one_switches_off_alone(self):
        self.system.run("one", "poweroff", status=None)
        self.system.wait_vm("one", "stopped")
        for vm in ("two", "three"):
            self.system.run(vm, "true")

    def check_who_says_that_it_halts_and_goes_on(self):
        self.system.shell("three", "echo reboot: System halted >/dev/console")
        self.system.wait("three has said it",
                         lambda: "reboot: System halted" in self.system.log("three"))
        self.system.wait_vm("three", "up")

    def check_one_halts(self):
        """Both of its vCPUs turn in place then, and no call of the guest says so."""
        halting = self.system.spawn("two", "halt -f")
        self.system.wait_vm("two", "halted")
        halting.kill()
        halting.communicate()
        ensure(self.system.state()[0] == {"one": "stopped", "two": "halted", "three": "up"},
               f"{self.system.state()}")


class EightCpus(Scenario):
    """A VM of four vCPUs on eight CPUs, every other one: as large as both can be. Its devices have a
    queue for each vCPU."""
    topology = os.path.join(HERE, "topologies/eight-cpus.camkes")
    alone = True

    def check_all_vcpus_are_there(self):
        text = self.system.run("four", "cat", "/sys/devices/system/cpu/online")
        ensure(text == "0-3", text)

    def check_each_vcpu_computes(self):
        """The same sum on each at the same time, and as the build host has it."""
        want = hashlib.sha256(bytes(1 << 20)).hexdigest()
        text = self.system.shell("four", """
            for cpu in 0 1 2 3; do
                head -c 1048576 /dev/zero | taskset $((1 << cpu)) sha256sum > /tmp/sum$cpu &
            done
            wait; cut -c 1-64 /tmp/sum?""", limit=180)
        ensure(text.split() == [want] * 4, text)

    def check_each_vcpu_takes_its_timer(self):
        text = self.system.run("four", "grep", "arch_timer", "/proc/interrupts")
        counts = [int(word) for word in text.split()[1:5]]
        ensure(min(counts) > 0, text)

    def rising(self, pattern, work):
        """How many interrupts of that name come in all while that is done on each vCPU in turn, and
        on how many vCPUs."""
        def counts():
            lines = self.system.shell("four", f"grep -e '{pattern}' /proc/interrupts").split("\n")
            return [[int(word) for word in line.split()[1:5]] for line in lines]
        before = counts()
        self.system.shell("four", f"for n in 0 1 2 3; do taskset $((1 << n)) {work}; done",
                          limit=120)
        more = [[b - a for a, b in zip(*lines)] for lines in zip(before, counts())]
        return (sum(any(line) for line in more), sum(any(column) for column in zip(*more)))

    def check_each_vcpu_has_a_queue_of_the_disk(self):
        queues = self.system.shell("four", "ls /sys/block/vda/mq")
        ensure(queues.split() == ["0", "1", "2", "3"], queues)
        used = self.rising("-req", "dd if=/dev/vda of=/dev/null bs=4k count=9 iflag=direct "
                           "2>/dev/null")
        ensure(used == (4, 4), f"{used[0]} interrupts on {used[1]} vCPUs")

    def check_each_vcpu_has_a_pair_of_queues_of_the_network(self):
        used = self.rising("-input", f"ping -c 3 -i 0.1 {device_address(self.system, 'back')}")
        ensure(used == (4, 4), f"{used[0]} interrupts on {used[1]} vCPUs")

    def check_they_are_used_over_a_killed_daemon(self):
        before = self.system.sessions("back", "four")
        self.system.shell("back", "kill -9 $(pidof peervisord)")
        self.system.wait_session("back", "four", before)
        self.check_each_vcpu_has_a_queue_of_the_disk()
        self.check_each_vcpu_has_a_pair_of_queues_of_the_network()

    def check_vcpus_go_off_and_come_back(self):
        text = self.system.shell("four", """
            cd /sys/devices/system/cpu
            for n in 1 2 3; do echo 0 > cpu$n/online; done; cat online
            for n in 1 2 3; do echo 1 > cpu$n/online; done; cat online
            for n in 1 2 3; do taskset $((1 << n)) true; done""", limit=120)
        ensure(text.split() == ["0", "0-3"], text)


class Qcow2(Scenario):
    """A qcow2 image that has a file system with a file in it already."""
    topology = os.path.join(HERE, "topologies/qcow2.camkes")

    def prepare(self):
        directory = os.path.join(BUILD, "system")
        os.makedirs(directory, exist_ok=True)
        disk = os.path.join(directory, "disk.qcow2")
        with tempfile.TemporaryDirectory() as tree, \
                tempfile.NamedTemporaryFile(dir=directory) as raw:
            with open(os.path.join(tree, "greeting"), "w", encoding="ascii") as file:
                file.write("from the build host\n")
            raw.truncate(64 << 20)
            for command in (["/sbin/mkfs.ext4", "-q", "-F", "-d", tree, raw.name],
                            ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.name, disk]):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.system.arguments += ["-D", f'DISK="{disk}"']

    def check_what_is_on_the_disk(self):
        text = self.system.shell("driver", "mkdir -p /mnt; mount /dev/vda /mnt; "
                                 "cat /mnt/greeting; umount /mnt; blockdev --getsize64 /dev/vda")
        ensure(text.split("\n") == ["from the build host", str(64 << 20)], text)

    def check_file_system_survives_a_remount(self):
        check_file_system(self.system, 16)
