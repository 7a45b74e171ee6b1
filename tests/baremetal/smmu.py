# SPDX-License-Identifier: BSD-2-Clause
"""DMA, by a device that does what an observer outside of the machine tells it (QEMU's edu, whose
registers are reached by QEMU's qtest protocol while the kernel and its VMs run).

  DMA that nobody granted   of a function of each bus in the stream table and of one beyond reaches no
                            page of RAM: every page is tried. That the same requests do arrive when
                            the observer turns the SMMU off shows that they are made
  order at boot             what the SMMU is told: first of all to let nothing pass, and it is never
                            told otherwise
"""
import os
import re
import socket

import abi
import machine
from cases import ICOUNT, Setup
from outside import Monitor

PAGE = 1 << 12
LIMIT = 120
SMMU = next(row[1] for row in abi.BOARD["BLOCKS"] if row[0] == "smmu")
SMMU_CR0, SMMU_GBPA = SMMU + 0x20, SMMU + 0x44
GBPA_UPDATE, GBPA_ABORT = 1 << 31, 1 << 20
CR0_ON = 9  # SMMUEN, CMDQEN
WINDOWS = {row[0]: row[1] for row in reversed(abi.BOARD["PCI_WINDOWS"])}

# edu's registers, from its BAR, and its buffer, as its DMA engine counts (QEMU docs/specs/edu).
EDU_SOURCE, EDU_TARGET, EDU_COUNT, EDU_COMMAND, EDU_BUFFER = 0x80, 0x88, 0x90, 0x98, 0x40000
EDU_START, EDU_TO_RAM = 1, 2
EDU = "edu,dma_mask=0xffffffffffff"


class Qtest:
    """Loads and stores of the machine's physical addresses."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def ask(self, *words):
        self.file.write(" ".join(f"{w:#x}" if isinstance(w, int) else w for w in words) + "\n")
        self.file.flush()
        answer = self.file.readline().split()
        assert answer and answer[0] == "OK", (words, answer)
        return int(answer[1], 0) if len(answer) > 1 else None

    def read32(self, address):
        return self.ask("readl", address)

    def write32(self, address, value):
        self.ask("writel", address, value)

    def write64(self, address, value):
        self.ask("writeq", address, value)

    def close(self):
        self.file.close()
        self.socket.close()


class Edu:
    """The function at @bus, @slot, whose BAR comes to @bar."""

    def __init__(self, qtest, bus, slot, bar):
        self.qtest, self.bar = qtest, bar
        config = WINDOWS["CONFIG"] + (bus << 20) + (slot << 15)
        assert qtest.read32(config) == 0x11e81234, f"no edu at {bus}:{slot}"
        qtest.write32(config + 0x10, bar)
        qtest.write32(config + 4, 6)  # memory, bus master

    def copy(self, source, target, count, command):
        for register, value in ((EDU_SOURCE, source), (EDU_TARGET, target), (EDU_COUNT, count),
                                (EDU_COMMAND, command | EDU_START)):
            self.qtest.write64(self.bar + register, value)
        while self.qtest.read32(self.bar + EDU_COMMAND) & EDU_START:
            pass

    def read(self, address, count):
        self.copy(address, EDU_BUFFER, count, 0)

    def write(self, address, count):
        self.copy(EDU_BUFFER, address, count, EDU_TO_RAM)


def open_bridge(qtest, bus, slot, window):
    """The root port at bus 0, @slot leads to @bus, and to the MiB at @window."""
    config = WINDOWS["CONFIG"] + (slot << 15)
    qtest.write32(config + 0x18, bus << 16 | bus << 8)
    qtest.write32(config + 0x20, window >> 16 | window)
    qtest.write32(config + 4, 6)


class Machine:
    """A running machine with a VM that sleeps, and @devices."""

    def __init__(self, runner, name, devices):
        self.setup = Setup(runner.programs, 1)
        self.setup.add("one", guest="guest_sleep", reports=False, stops=None)
        self.path = runner.image_file(name, self.setup.system.build().data)
        self.extra = ICOUNT + ["-qmp", f"unix:{self.path}.qmp,server=on,wait=off",
                               "-qtest", f"unix:{self.path}.qtest,server=on,wait=off",
                               "-qtest-log", "none",
                               "-trace", "smmuv3_write_mmio", "-D", self.path + ".trace"] + devices
        self.dumps = 0

    def ram(self):
        """All of it, while nothing runs."""
        path = f"{self.path}.ram{self.dumps}"
        self.dumps += 1
        self.monitor.command("stop")
        size = 128 << 20
        self.monitor.command("pmemsave", val=abi.BOARD["RAM_BASE"], size=size, filename=path)
        self.monitor.command("cont")
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data

    def run(self, observe):
        """observe(self) once the VM runs. What is wrong, by its word."""
        bad = ["the machine did not come up"]

        def until(demux):
            if not any("domains 1" in line for line in demux.lines(0)[:-1]):
                return False
            self.qtest, self.monitor = Qtest(self.path + ".qtest"), Monitor(self.path + ".qmp")
            bad[:] = observe(self)
            self.monitor.close()
            self.qtest.close()
            return True
        machine.run(self.path, 1, LIMIT, self.extra, until)
        return bad

    def open_smmu(self):
        """The observer has the SMMU let everything pass. Returns what the kernel left there."""
        left = self.qtest.read32(SMMU_CR0), self.qtest.read32(SMMU_GBPA)
        self.close_smmu((0, 0))
        return left

    def close_smmu(self, left):
        self.qtest.write32(SMMU_CR0, left[0])
        self.qtest.write32(SMMU_GBPA, GBPA_UPDATE | left[1])

    def changed(self, before):
        after = self.ram()
        base = abi.BOARD["RAM_BASE"]
        return [base + at for at in range(0, len(after), PAGE)
                if after[at:at + PAGE] != before[at:at + PAGE]]


def attack(m):
    bad = []
    bar = WINDOWS["MEMORY"] + (1 << 20)
    open_bridge(m.qtest, 1, 2, bar + (1 << 20))
    open_bridge(m.qtest, 2, 3, bar + (2 << 20))
    edus = [Edu(m.qtest, bus, slot, bar + (bus << 20)) for bus, slot in ((0, 1), (1, 0), (2, 0))]
    ram, pages = abi.BOARD["RAM_BASE"], (128 << 20) // PAGE
    left = m.open_smmu()
    for edu in edus:
        edu.read(abi.BOARD["LOAD"], 64)  # the kernel's text, which stands nowhere else
    m.close_smmu(left)
    before = m.ram()
    for number in range(pages):
        edus[0].write(ram + number * PAGE + 64, 64)
        if number % 64 == 0:
            edus[1].write(ram + number * PAGE + 64, 64)
            edus[2].write(ram + number * PAGE + 64, 64)
    bad += [f"DMA reached {at:#x}" for at in m.changed(before)[:4]]
    m.open_smmu()
    for number, edu in enumerate(edus):
        before = m.ram()
        edu.write(ram + (number + 1) * (4 << 20) + 64, 64)
        if len(m.changed(before)) != 1:
            bad.append(f"function {number} does no DMA")
    return bad


def run_attack(runner):
    m = Machine(runner, "dma-of-nobody", [
        "-device", f"{EDU},addr=1",
        "-device", "pcie-root-port,id=p1,chassis=1,addr=2", "-device", f"{EDU},bus=p1",
        "-device", "pcie-root-port,id=p2,chassis=2,addr=3", "-device", f"{EDU},bus=p2"])
    return m.run(attack), []


def run_order(runner):
    m = Machine(runner, "smmu-order", [])
    bad = m.run(lambda _: [])
    with open(m.path + ".trace", encoding="ascii") as file:
        writes = [(int(at, 16), int(value, 16)) for at, value in
                  re.findall(r"smmuv3_write_mmio addr: (\w+) val:\s*(\w+)", file.read())]
    if writes[:1] != [(SMMU_GBPA - SMMU, GBPA_UPDATE | GBPA_ABORT)]:
        bad.append(f"the first store is {writes[:1]}")
    bad += [f"GBPA is told {value:#x}" for at, value in writes
            if at == SMMU_GBPA - SMMU and not value & GBPA_ABORT]
    cr0 = [value for at, value in writes if at == SMMU_CR0 - SMMU]
    if [value & 1 for value in cr0].count(1) != 1 or cr0[-1] != CR0_ON:
        bad.append(f"CR0 is told {cr0}")
    return bad, []


WORK = {"DMA that nobody granted": run_attack, "SMMU, order at boot": run_order}


def submit(pool, runner, only):
    return [(name, pool.submit(work, runner)) for name, work in WORK.items() if only in name]
