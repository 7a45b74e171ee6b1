# SPDX-License-Identifier: BSD-2-Clause
"""Physical devices of several VMs: what they are for, and then all that root in one of these can
do to reach those of the others, or their memory. What the machine has is asked of QEMU's monitor,
which no VM can deceive. The claims are those of "Hardware Isolation Matrix", "Fine-Grained Hardware
Access" and "VMSWIOTLB Impact on Topology"."""
import os
import secrets
import struct
import time

from cases_attack import SIGBUS
from connections import check_file_system, plant
from display import drawn_row
from harness import HERE, LIMIT, Scenario, ensure
from outside import ENTRANCE, Outside

KEY_A, EV_KEY = 30, 1  # Linux' input-event-codes.h
STICK_BYTES, OUTSIDE_BYTES = 16 << 10, 500_000
CLOCK_SLACK = 3600
EDU, NIC, USB, DISPLAY = 1, 2, 3, 4  # slots
# The matrix: who has what.
OWNERS = {EDU: "bad", NIC: "bad", USB: "desk", DISPLAY: "desk"}
# What no VM has, as one of both boards has it: interrupt controllers, fw_cfg, transports of virtio,
# flash, configuration space of the host bridge and of the function in slot 3.
REGISTERS = [0x08000000, 0x08010000, 0x08030000, 0x08080000, 0x08090000, 0x080A0000, 0x09020000,
             0x0A000000, 0x0, 0x4010000000, 0x4010018000]
CLOCK, SMMU = 0x09010000, 0x09050000
PL011_MASK, PL011_CLEAR, PL011_SENT = 0x38, 0x44, 1 << 5
IGB_SRIOV, SRIOV_CONTROL, SRIOV_LIMITS, SRIOV_COUNT, SRIOV_ENABLE = 0x160, 8, 12, 16, 9
RAM = 0x40000000
RAM_SAMPLES = 8


def inverted(word):
    """As a secret stands on command lines."""
    return word ^ (1 << 64) - 1


class Peripherals(Outside, Scenario):
    """edu, a NIC, a USB controller, a display, a clock, a UART; and a driver VM without any."""
    seconds = 60
    topology = os.path.join(HERE, "topologies/peripherals.camkes")
    disks = {"DISK": 64 << 20}

    def prepare(self):
        super().prepare()
        # Its DMA engine would cut addresses to 28 bits.
        self.system.arguments += ["--qemu-arg=-global", "--qemu-arg=edu.dma_mask=0xffffffffffff"]

    def functions(self):
        """slot -> what QEMU says of the function there: numbers, and what its BARs decode."""
        monitor = self.monitor()
        buses = monitor.ask("query-pci")
        monitor.close()
        ensure(len(buses) == 1, f"{len(buses)} buses")
        return {row["slot"]: row for row in buses[0]["devices"]}

    def places(self, slot):
        return self.places_in(self.functions(), slot)

    @staticmethod
    def places_in(functions, slot):
        return sorted(region["address"] for region in functions[slot]["regions"]
                      if region["type"] == "memory" and region["address"] > 0)

    def address_of(self, vm, slot):
        """The function of a slot as its VM knows it."""
        row = self.functions()[slot]["id"]
        return self.system.shell(vm, f"""
            for d in /sys/bus/pci/devices/*; do
                [ $(cat $d/vendor) = {row['vendor']:#06x} ] &&
                    [ $(cat $d/device) = {row['device']:#06x} ] && basename $d; done; true""")

    # What they are for.

    def check_the_nic_carries_from_outside(self):
        self.await_nic("bad")
        self.system.shell("bad", "printf '#!/bin/sh\\nhostname; cat\\n' > /tmp/echo; "
                          "chmod +x /tmp/echo")
        self.listen("bad", ENTRANCE, "/tmp/echo")
        self.exchange("bad", OUTSIDE_BYTES)

    def press(self):
        """A key of the keyboard, as the VM hears it."""
        hearing = self.system.spawn("desk", "exec 3< /dev/input/event0; echo there; "
                                    "head -c 96 <&3 | xxd -p -c 96")
        try:
            hearing.stdout.readline()
            monitor = self.monitor()
            monitor.ask("send-key", keys=[{"type": "qcode", "data": "a"}])
            said, _ = hearing.communicate(timeout=LIMIT)
            monitor.close()
        finally:
            hearing.kill()
            hearing.wait()
        events = [struct.unpack_from("<QQHHi", bytes.fromhex(said.strip()), at)[2:]
                  for at in range(0, 96, 24)]
        ensure((EV_KEY, KEY_A, 1) in events, f"heard: {events}")

    def check_a_key_arrives(self):
        self.press()

    def use_stick(self):
        self.system.wait("the stick is there", lambda: self.system.run(
            "desk", "test", "-b", "/dev/sda", status=None) == "" and "sda" in self.system.shell(
                "desk", "cat /proc/partitions"))
        self.write("desk", "sda", "DISK", STICK_BYTES)

    def check_the_stick_takes_bytes(self):
        self.use_stick()

    def draw(self):
        seed = secrets.randbits(24)
        width, height = map(int, self.system.run(
            "desk", self.system.probe("desk"), "draw", str(seed)).split())
        self.system.wait("the screen has the last line", lambda: self.screen(DISPLAY)[2][-1] ==
                         drawn_row(height - 1, width, seed))
        shown = self.screen(DISPLAY)
        ensure(shown[:2] == (width, height), f"{shown[:2]} for {width} x {height}")
        for y, row in enumerate(shown[2]):
            ensure(row == drawn_row(y, width, seed), f"line {y} is another one")

    def check_what_is_drawn_is_on_the_screen(self):
        self.draw()

    def check_the_clock_is_the_machines(self):
        shown = self.system.shell("desk", "TZ=UTC0 hwclock -u -r -f /dev/rtc0")
        own = time.mktime(time.strptime(" ".join(shown.split()[:5]))) - time.timezone
        ensure(abs(own - time.time()) < CLOCK_SLACK, f"{shown} is {own}, here it is {time.time()}")

    def check_registers_interrupt_a_process(self):
        """A UART by UIO: it interrupts for each byte that is sent, once its driver has let it."""
        text = self.system.shell("desk", f"""
            put() {{ devmem $((base + $1)) 32 $2; }}
            base=$(cat /sys/class/uio/uio0/maps/map0/addr)
            exec 3<> /dev/uio0
            put {PL011_MASK:#x} {PL011_SENT:#x}
            for i in 1 2; do
                put 0 65
                dd bs=4 count=1 <&3 2> /dev/null | xxd -p
                put {PL011_CLEAR:#x} {PL011_SENT:#x}
                printf '\\1\\0\\0\\0' | dd bs=4 count=1 >&3 2> /dev/null
            done""")
        ensure(text.split() == ["01000000", "02000000"], text)

    # The matrix: a VM sees what it is given, and nothing answers where the rest of it is.

    def check_each_vm_has_its_hardware_and_no_other(self):
        """As claimed, "each VM receives only the hardware it needs", and the workload none."""
        for vm in ("bad", "desk", "driver"):
            seen = {slot for slot in OWNERS if self.address_of(vm, slot)}
            given = {slot for slot, owner in OWNERS.items() if owner == vm}
            ensure(seen == given, f"{vm} has the functions of slots {seen}, not {given}")

    def tries(self, vm, address):
        """A load that ends the process that makes it, and nothing else."""
        self.system.run(vm, self.system.probe(vm), "load", hex(address), status=SIGBUS)

    def check_registers_of_others_are_nowhere(self):
        """As claimed, "can only affect" its own. Where they are on the machine a VM has nothing, or
        something of its own."""
        tried = 0
        for vm in ("bad", "desk", "driver"):
            own = [[int(word, 16) for word in line.split()[0].split("-")]
                   for line in self.system.run(vm, "cat", "/proc/iomem").split("\n")]
            foreign = [place for slot, owner in OWNERS.items() if owner != vm
                       for place in self.places(slot)]
            for address in foreign + [SMMU]:
                if not any(first <= address <= last for first, last in own):
                    self.tries(vm, address)
                    tried += 1
        ensure(tried > len(OWNERS), f"{tried} places were tried")

    # Configuration space.

    def unchanged(self, before, slots):
        now = self.functions()
        for slot in slots:
            for key in ("regions", "id", "class_info", "irq", "bus"):
                ensure(now[slot].get(key) == before[slot].get(key),
                       f"slot {slot}: {key} was {before[slot].get(key)}, is {now[slot].get(key)}")

    def check_no_bit_of_configuration_space_moves_a_range(self):
        """As claimed, "can only affect" its own: each bit of each word of both functions, by root;
        then whole words that stay."""
        probe = self.system.probe("bad")
        names = {slot: self.address_of("bad", slot) for slot in (EDU, NIC)}
        for function in names.values():
            self.system.shell("bad", f"""
                cd /sys/bus/pci/devices/{function}
                [ ! -e driver ] || echo {function} > driver/unbind
                echo 1 > enable""")
        before = self.functions()
        for slot, function in names.items():
            text = self.system.run("bad", probe, "config", function, limit=300)
            ensure(int(text.split()[1]) > 0, f"not one bit could be turned: {text}")
            own = set(self.places_in(before, slot))
            ensure(own, f"slot {slot} decodes nothing")
            for value in (0xFFFFFFFF, 0, *self.places(USB), RAM, SMMU):
                self.system.run("bad", probe, "bars", function, hex(value))
                now = set(self.places(slot))
                ensure(now <= own, f"slot {slot} decodes {now}, its places are {own}")
        self.unchanged(before, (USB, DISPLAY))
        ensure(set(self.functions()) == set(before), "there are other functions than before")

    def check_the_nic_makes_no_functions(self):
        """igb could, by SR-IOV, each with a stream that is nobody's: the words that say so stay."""
        before = set(self.functions())
        probe = self.system.probe("bad")
        slot = int(self.address_of("bad", NIC).split(":")[2].split(".")[0], 16)
        base = int(self.system.shell("bad", "grep 'PCI ECAM' /proc/iomem").split(
            "\n")[-1].strip().split("-")[0], 16) + (slot << 15) + IGB_SRIOV
        text = self.system.run("bad", probe, "load", hex(base + SRIOV_LIMITS))
        ensure(text == "loaded 0x80008", f"how many it could make: {text}")
        for at, value in ((SRIOV_COUNT, 2), (SRIOV_CONTROL, SRIOV_ENABLE)):
            self.system.run("bad", probe, "store", hex(base + at), hex(value))
        ensure(set(self.functions()) == before, f"there are {set(self.functions())} now")

    def check_others_configuration_space_is_not_there(self):
        """As claimed, "can only affect" its own: on the bus that its host bridge shows are ones
        beside its functions, and stores there change nothing."""
        before = self.functions()
        bridges = self.system.shell("bad", "grep 'PCI ECAM' /proc/iomem").split("\n")
        probe = self.system.probe("bad")
        for line in bridges:
            base = int(line.strip().split("-")[0], 16)
            for device in range(8, 32, 3):
                for function in (0, 1, 7):
                    place = base + (device << 15) + (function << 12)
                    for at in (0, 4, 0x10):
                        self.system.run("bad", probe, "store", hex(place + at), "0x7")
                    text = self.system.run("bad", probe, "load", hex(place))
                    ensure(text == "loaded 0xffffffff", f"{place:#x}: {text}")
        self.unchanged(before, OWNERS)

    # DMA.

    def targets(self):
        """Addresses that are none of the VM's own RAM, as CPU and devices have them."""
        own_end = RAM + self.system_ram("bad")
        monitor = self.monitor()
        self.ram_bytes = monitor.ask("query-memory-size-summary")["base-memory"]
        monitor.close()
        step = (RAM + self.ram_bytes - own_end) // RAM_SAMPLES & ~0xFFF
        page, _, bells = self.system.reg("bad", "driver")
        pool = int(self.system.shell(
            "bad", "grep -E '^[0-9a-f]{9,}-.*connection' /proc/iomem").split("-")[0], 16)
        others = [place for slot, owner in OWNERS.items() if owner != "bad"
                  for place in self.places(slot)]
        return ([own_end + i * step for i in range(RAM_SAMPLES)] + [RAM + self.ram_bytes - 4096] +
                [page, bells, pool, pool + (4 << 20), pool + (8 << 20) - 4096] + others +
                REGISTERS + [CLOCK, SMMU])

    def system_ram(self, vm):
        lines = self.system.shell(vm, "grep 'System RAM' /proc/iomem").split("\n")
        return int(lines[-1].strip().split(" ")[0].split("-")[1], 16) + 1 - RAM

    def check_dma_reaches_its_own_vm_alone(self):
        """As claimed, "driver VM private memory is never accessible", nor the pool by a device:
        secrets that edu writes to what is not its VM's RAM are nowhere in the machine's memory, and
        nothing comes from there."""
        secret, planted = secrets.randbits(64), secrets.randbits(64)
        plant(self.system, "driver", inverted(planted), 1)
        targets = self.targets()
        text = self.system.run("bad", self.system.probe("bad"), "dma", self.address_of("bad", EDU),
                               hex(inverted(secret)), ",".join(map(hex, targets)),
                               limit=300).split("\n")
        ensure(text[-1] == "its own VM is reached", text[-1])
        read = {int(line.split()[0], 0): int(line.split()[1]) for line in text[:-1]}
        ensure(set(read) == set(targets), f"tried: {sorted(map(hex, read))}")
        ensure(not any(read.values()), f"words came: {read}")
        monitor = self.monitor()
        monitor.ask("pmemsave", val=RAM, size=self.ram_bytes, filename=self.file("memory"))
        monitor.close()
        with open(self.file("memory"), "rb") as file:
            memory = file.read()
        os.unlink(self.file("memory"))
        found, control = (memory.count(struct.pack("<QQ", word, word)) for word in (secret, planted))
        ensure(found == 0, f"the secret is in memory {found} times")
        ensure(control > 0, "what the driver VM keeps there is not found either")

    # Nobody else has noticed.

    def check_the_others_work_as_before(self):
        ensure(set(self.system.state()[0].values()) == {"up"}, f"state: {self.system.state()}")
        self.press()
        self.use_stick()
        self.draw()
        check_file_system(self.system, 4)

    def check_the_stick_keeps_it_when_the_machine_is_off(self):
        self.written["DISK"] = self.written["DISK"][-1:]  # both lie at its beginning
        self.system.stop()
        self.ensure_kept()
        self.directory.cleanup()
