# SPDX-License-Identifier: BSD-2-Clause
"""What only an observer outside of the machine can say.

  EL2's own tables     read from the memory of a machine whose VMs run: beyond the kernel's own pages
                       and its devices EL2 maps nothing, and nothing both writable and executable
  TLB between vCPUs    the instruction that drops translations is executed when vCPUs of one VM follow
                       each other, and not between VMs. QEMU drops them at each write of TCR_EL1, so
                       no guest can see what is missing here
"""
import json
import os
import re
import socket

import abi
import machine
from cases import Setup
from image import kernel_elf

PAGE, BLOCK, GIB = 1 << 12, 1 << 21, 1 << 30
LIMIT = 60
GIBS = 3
DEVICES = {at for base, size in
           [row[1:3] for row in abi.BOARD["BLOCKS"] if row[3] == "KERNEL"] + abi.BOARD["WINDOWS"]
           for at in range(base // BLOCK * BLOCK, base + size, BLOCK)}
VALID, TABLE, READ_ONLY, EXECUTE_NEVER = 1, 2, 1 << 7, 1 << 54
ADDRESS = (1 << 48) - PAGE
TLBI_VMALLE1 = "d508871f"


class Monitor:
    """QEMU's monitor protocol, as far as it is needed here."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer or "error" in answer:
                return answer

    def close(self):
        self.file.close()
        self.socket.close()


class Memory:
    """Physical memory of a stopped machine from @start on."""

    def __init__(self, path, start):
        with open(path, "rb") as file:
            self.data = file.read()
        self.start = start

    def table(self, address):
        at = address - self.start
        return [int.from_bytes(self.data[at + 8 * i:at + 8 * i + 8], "little")
                for i in range(512)]


def walk(memory, table, level=1, base=0):
    """(address, bytes, descriptor) of each leaf."""
    size = PAGE << (9 * (3 - level))
    for index, entry in enumerate(memory.table(table)):
        if not entry & VALID:
            continue
        at = base + index * size
        if level < 3 and entry & TABLE:
            yield from walk(memory, entry & ADDRESS, level + 1, at)
        else:
            yield at, size, entry


def judge_leaves(leaves, start, end):
    """What EL2 maps that it should not, or not as it should."""
    bad = []
    for at, size, entry in leaves:
        what = f"EL2 maps {at:#x}, {size:#x} bytes"
        if (entry & ADDRESS) != at:
            bad.append(f"{what} elsewhere")
        if not entry & (READ_ONLY | EXECUTE_NEVER):
            bad.append(f"{what} writable and executable")
        if at in DEVICES and size == BLOCK:
            bad += [] if entry & EXECUTE_NEVER else [f"{what} executable"]
        elif not (start <= at and at + size <= end):
            bad.append(what)
    return bad


def run_walk(runner):
    """EL2's tables while two VMs run on two CPUs, of a machine with several GiB."""
    setup = Setup(runner.programs, 2)
    setup.system.ram_mib = GIBS << 10
    for number in range(2):
        setup.add(f"vm{number}", guest="guest_spin", cpus=[number], reports=False, stops=None)
    path = runner.image_file("el2-tables", setup.system.build().data)
    door, dump = path + ".qmp", path + ".memory"
    elf = kernel_elf(runner.build)
    start, end = elf.symbols["__text_start"], elf.symbols["__kernel_end"]

    def take(demux):
        if not any("domains 2" in line for line in demux.lines(0)[:-1]):
            return False
        monitor = Monitor(door)
        monitor.command("stop")
        monitor.command("pmemsave", val=start, size=end - start, filename=dump)
        monitor.close()
        return True

    machine.run(path, 2, LIMIT, ["-m", f"{GIBS}G", "-qmp", f"unix:{door},server=on,wait=off"],
                take)
    if not os.path.exists(dump):
        return ["the machine did not come up"], []
    leaves = list(walk(Memory(dump, start), elf.symbols["mmu_root"]))
    bad = judge_leaves(leaves, start, end)
    if not any(at == start for at, *_ in leaves):
        bad.append("the kernel's text is not found")
    return bad, []


def executed(runner, name, vms):
    """Whether a TLBI of the VM's translations at EL1 was executed; vms: CPUs of the vCPUs of each."""
    setup = Setup(runner.programs, 1)
    for number, vcpus in enumerate(vms):
        setup.add(f"vm{number}", guest="guest_second_vcpu" if vcpus > 1 else "guest_hello",
                  cpus=[0] * vcpus, reports=False)
    path = runner.image_file(name, setup.system.build().data)
    elf = kernel_elf(runner.build)
    start, end = elf.symbols["__text_start"], elf.symbols["__rodata_start"]
    log = path + ".log"
    done = machine.run(path, 1, LIMIT, ["-d", "in_asm", "-dfilter", f"{start:#x}+{end - start:#x}",
                                        "-D", log])
    with open(log, encoding="ascii", errors="replace") as file:
        # A block of code is translated when it first runs, from its first instruction to a branch.
        found = re.search(rf"\b{TLBI_VMALLE1}\b", file.read()) is not None
    return found, done.status == 0


def run_flush(runner):
    bad = []
    for name, vms, wanted in (("tlb-one-vm", [2], True), ("tlb-two-vms", [1, 1], False)):
        found, ended = executed(runner, name, vms)
        if not ended:
            bad.append(f"{name}: the machine did not end")
        if found != wanted:
            bad.append(f"{name}: translations are {'' if found else 'not '}dropped")
    return bad, []


WORK = {"EL2's own tables": run_walk, "TLB between vCPUs": run_flush}
