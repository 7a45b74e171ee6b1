# SPDX-License-Identifier: BSD-2-Clause
"""DMA, by a device that does what an observer outside of the machine tells it (QEMU's edu, whose
registers are reached by QEMU's qtest protocol while the kernel and its VMs run).

  DMA that nobody granted   of a function of each bus in the stream table and of one beyond reaches no
                            page of RAM: every page is tried. That the same requests do arrive when
                            the observer turns the SMMU off shows that they are made
  DMA of a stream           that is on reaches the RAM of its VM, each page of it where its guest has
                            it, and nothing else: every page of RAM is tried, registers, another
                            device, addresses beyond the tables; and its VMM sees that it tried. One
                            that is off, whatever the reason, reaches nothing
  MSI                       of a stream that is on reaches its VM as the SPI that the message says, each
                            time; of one that is off it does not
  an SMMU that is lost      does not answer any more, says the kernel, and gives nobody a stream again
  order at boot             what the SMMU is told: first of all to let nothing pass, and it is never
                            told otherwise
"""
import os
import re
import socket

import abi
import machine
from cases import ICOUNT, Setup
from elf import Elf
from image import T
from outside import Monitor

PAGE = 1 << 12
LIMIT = 120
PLACE, COUNT = 64, 64  # in a page
SMMU = next(row[1] for row in abi.BOARD["BLOCKS"] if row[0] == "smmu")
SMMU_CR0, SMMU_GBPA = SMMU + 0x20, SMMU + 0x44
GBPA_UPDATE, GBPA_ABORT = 1 << 31, 1 << 20
CR0_ON = 13  # SMMUEN, EVENTQEN, CMDQEN
WINDOWS = {row[0]: row[1] for row in reversed(abi.BOARD["PCI_WINDOWS"])}

# edu's registers, from its BAR, and its buffer, as its DMA engine counts (QEMU docs/specs/edu).
EDU_SOURCE, EDU_TARGET, EDU_COUNT, EDU_COMMAND, EDU_BUFFER = 0x80, 0x88, 0x90, 0x98, 0x40000
EDU_START, EDU_TO_RAM = 1, 2
EDU_RAISE, EDU_ACKNOWLEDGE = 0x60, 0x64
MSI_CAPABILITY, MSI_ENABLE = 5, 1 << 16
V2M_SETSPI = 0x40
EDU = "edu,dma_mask=0xffffffffffff"


class Qtest:
    """Loads and stores of the machine's physical addresses, by a connection to it."""

    def __init__(self, connection):
        self.socket = connection
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
        self.config = config = WINDOWS["CONFIG"] + (bus << 20) + (slot << 15)
        assert qtest.read32(config) == 0x11e81234, f"no edu at {bus}:{slot}"
        qtest.write32(config + 0x10, bar)
        qtest.write32(config + 4, 6)  # memory, bus master

    def copy(self, source, target, count, command):
        for register, value in ((EDU_SOURCE, source), (EDU_TARGET, target), (EDU_COUNT, count),
                                (EDU_COMMAND, command | EDU_START)):
            self.qtest.write64(self.bar + register, value)
        while self.qtest.read32(self.bar + EDU_COMMAND) & EDU_START:
            pass

    def set_msi(self, address, data):
        at = self.qtest.read32(self.config + 0x34) & 0xff
        while self.qtest.read32(self.config + at) & 0xff != MSI_CAPABILITY:
            at = self.qtest.read32(self.config + at) >> 8 & 0xff
        self.qtest.write64(self.config + at + 4, address)
        self.qtest.write32(self.config + at + 12, data)
        self.qtest.write32(self.config + at, self.qtest.read32(self.config + at) | MSI_ENABLE)

    def signal(self):
        self.qtest.write32(self.bar + EDU_RAISE, 1)
        self.qtest.write32(self.bar + EDU_ACKNOWLEDGE, 1)

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
    """A running machine with a VM of which @keywords say what it is, besides that it sleeps, and another
    of which @other does; and @devices."""

    def __init__(self, runner, name, devices, other=None, **keywords):
        self.setup = Setup(runner.programs, 1)
        self.programs = runner.programs
        for vm, said in (("one", keywords), ("two", other or {})):
            self.add(vm, **{"guest": "guest_sleep", "reports": False, "stops": None, **said})
        built = self.setup.system.build()
        self.rows = built.rows
        self.path = runner.image_file(name, built.data)
        self.extra = ICOUNT + ["-qmp", f"unix:{self.path}.qmp,server=on,wait=off",
                               "-qtest", f"unix:{self.path}.qtest,server=on,wait=off",
                               "-qtest-log", "none",
                               "-trace", "smmuv3_write_mmio", "-D", self.path + ".trace"] + devices
        self.dumps = 0

    def add(self, name, stream=None, msis=None, **keywords):
        domain = self.setup.add(name, **keywords)
        domain.msis = msis or {}
        if stream is not None:
            self.setup.system.stream(domain, stream)

    def guest_place(self, symbol, domain=0):
        """Where a variable of the guest's program is."""
        guest = Elf(os.path.join(self.programs, "guest.elf"))
        first = next(m for m in self.rows["mappings"]
                     if m["domain"] == domain and m["space"] == abi.PV_SPACE_GUEST and
                     m["ipa_page"] == T["T_RAM_IPA"] // PAGE)
        region = next(r for r in self.rows["regions"]
                      if self.rows["mappings"][r["mappings.first"]] is first)
        return region["page"] * PAGE + guest.symbols[symbol] - T["T_RAM_IPA"]

    def reached(self):
        """{address for a device: physical address} of each page of the DMA spaces."""
        pages = {}
        for region in self.rows["regions"]:
            first = region["mappings.first"]
            for mapping in self.rows["mappings"][first:first + region["mappings.count"]]:
                if mapping["space"] == abi.PV_SPACE_DMA:
                    pages.update({(mapping["ipa_page"] + n) * PAGE: (region["page"] + n) * PAGE
                                  for n in range(region["page_count"])})
        return pages

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

    def run(self, observe, *words, last=None):
        """observe(self) once @words, (channel, text) each, have come, then wait for the line @last of VM
        one, or the kernel. What is wrong, by its word."""
        bad = ["the machine did not come up"]

        def until(demux):
            if bad == [f"no line {last}"]:
                bad[:] = bad[:last not in demux.lines(0) + demux.lines(1)]
                return not bad
            bad_lines = [line for line in demux.lines(1) if line.startswith("FAIL")]
            if not all(any(text in line for line in demux.lines(channel)[:-1])
                       for channel, text in words or [(0, "domains 2")]):
                return bool(bad_lines)
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.path + ".qtest")
            self.qtest, self.monitor = Qtest(connection), Monitor(self.path + ".qmp")
            bad[:] = bad_lines + observe(self)
            self.monitor.close()
            self.qtest.close()
            bad[:] = bad or [f"no line {last}"][:last is not None]
            return last is None
        self.kernel = machine.run(self.path, 1, LIMIT, self.extra, until).log
        return bad

    def said(self, text):
        return any(text in line for line in self.kernel)

    def open_smmu(self):
        """The observer has the SMMU let everything pass. Returns what the kernel left there."""
        left = self.qtest.read32(SMMU_CR0), self.qtest.read32(SMMU_GBPA)
        self.close_smmu((0, 0))
        return left

    def close_smmu(self, left):
        self.qtest.write32(SMMU_CR0, left[0])
        self.qtest.write32(SMMU_GBPA, GBPA_UPDATE | left[1])

    def reached_since(self, before):
        """The pages that have what edus write, the first bytes of the kernel's text, where they do."""
        after, base = self.ram(), abi.BOARD["RAM_BASE"]
        text = after[abi.BOARD["LOAD"] - base:][:COUNT]
        return [base + at for at in range(0, len(after), PAGE)
                if after[at + PLACE:at + PLACE + COUNT] == text and
                before[at + PLACE:at + PLACE + COUNT] != text]


def attack(m):
    bad = []
    bar = WINDOWS["MEMORY"] + (1 << 20)
    open_bridge(m.qtest, 1, 2, bar + (1 << 20))
    open_bridge(m.qtest, 2, 3, bar + (2 << 20))
    edus = [Edu(m.qtest, bus, slot, bar + (bus << 20)) for bus, slot in ((0, 1), (1, 0), (2, 0))]
    ram, pages = abi.BOARD["RAM_BASE"], (128 << 20) // PAGE
    left = m.open_smmu()
    for edu in edus:
        edu.read(abi.BOARD["LOAD"], COUNT)  # the kernel's text, which stands nowhere else
    m.close_smmu(left)
    before = m.ram()
    for number in range(pages):
        edus[0].write(ram + number * PAGE + PLACE, COUNT)
        if number % 64 == 0:
            edus[1].write(ram + number * PAGE + PLACE, COUNT)
            edus[2].write(ram + number * PAGE + PLACE, COUNT)
    bad += [f"DMA reached {at:#x}" for at in m.reached_since(before)[:4]]
    m.open_smmu()
    for number, edu in enumerate(edus):
        before = m.ram()
        edu.write(ram + (number + 1) * (4 << 20) + PLACE, COUNT)
        if len(m.reached_since(before)) != 1:
            bad.append(f"function {number} does no DMA")
    return bad


def run_attack(runner):
    m = Machine(runner, "dma-of-nobody", [
        "-device", f"{EDU},addr=1",
        "-device", "pcie-root-port,id=p1,chassis=1,addr=2", "-device", f"{EDU},bus=p1",
        "-device", "pcie-root-port,id=p2,chassis=2,addr=3", "-device", f"{EDU},bus=p2"])
    return m.run(attack), []


OTHERS = [row[1] for row in abi.BOARD["BLOCKS"]] + list(WINDOWS.values())
BEYOND = [1 << 39, 1 << 40, (1 << 44) - PAGE, 1 << 47]


def reads(m, edu, own):
    """What @edu may read of pages that are not its VM's, on the way through page @own."""
    bad = []
    reached = m.reached()
    before = m.ram()
    base = abi.BOARD["RAM_BASE"]
    for at in range(0, len(before), PAGE * 509):
        secret = before[at + 128:at + 192]
        if base + at in reached or not any(secret):
            continue
        edu.read(base + at + 128, 64)
        edu.write(own, 64)
        found = m.ram()[reached[own] - base:][:64]
        if found == secret:
            bad.append(f"DMA reads {base + at:#x}")
    return bad


def attack_stream(m, on):
    bar, ram = WINDOWS["MEMORY"] + (1 << 20), abi.BOARD["RAM_BASE"]
    edu, other = Edu(m.qtest, 0, 1, bar), Edu(m.qtest, 0, 2, bar + (1 << 20))
    left = m.open_smmu()
    edu.read(abi.BOARD["LOAD"], COUNT)
    m.close_smmu(left)
    reached = m.reached() if on else {}
    pages = list(range(ram, ram + (128 << 20), PAGE if on else 61 * PAGE)) + sorted(m.reached())
    before, liveness = m.ram(), m.qtest.read32(other.bar + 4)
    for page in pages + OTHERS + BEYOND:
        edu.write(page + PLACE, COUNT)
    edu.write(other.bar + 4, 4)
    changed = set(m.reached_since(before))
    bad = [f"DMA reached {at:#x}" for at in sorted(changed - set(reached.values()))[:4]]
    bad += [f"DMA did not reach {at:#x}" for at in sorted(set(reached.values()) - changed)[:4]]
    if m.qtest.read32(other.bar + 4) != liveness:
        bad.append("DMA reached another device")
    if on:
        bad += reads(m, edu, max(reached))
    m.open_smmu()
    edu.write(other.bar + 4, 4)
    if m.qtest.read32(other.bar + 4) == liveness:
        bad.append("the request to another device is not made")
    return bad


def stream_case(vmm, on=False):
    def run(runner):
        guest = Elf(os.path.join(runner.programs, "guest.elf"))
        m = Machine(runner, vmm, ["-device", f"{EDU},addr=1", "-device", f"{EDU},addr=2"],
                    stream=8, vmm=vmm, vmm_params=[guest.entry, guest.symbols["guest_sleep"]])
        return m.run(lambda m: attack_stream(m, on), (1, "ready"), last="faulted" if on else None), []
    return run


# Physical ones, where the board has such, else any.
MSIS = {"msi_ipa_page": 0x08020, "msi_first": (abi.BOARD["MSI_FIRST"] or 96) + 8, "msi_count": 8}


def taken(m, intid, least, domain=0, polls=200000):
    """How often a guest has had an interrupt, once that is @least; or after a while."""
    at = m.guest_place("guest_irq_count", domain) + 4 * intid
    for _ in range(polls):
        count = m.qtest.read32(at)
        if count >= least:
            break
    return count


def signal_msis(m, on):
    edu = Edu(m.qtest, 0, 1, WINDOWS["MEMORY"] + (1 << 20))
    first, bad = MSIS["msi_first"], []
    for intid in range(first, first + MSIS["msi_count"]):
        edu.set_msi(MSIS["msi_ipa_page"] * PAGE + V2M_SETSPI, intid)
        for n in range(1, 4):
            edu.signal()
            count = taken(m, intid, n, polls=200000 if on else 2000)
            if count != (n if on else 0):
                bad.append(f"{n} MSIs {intid} came {count} times")
    return bad[:4]


def msi_case(vmm, on=False):
    def run(runner):
        m = Machine(runner, "msi-" + vmm, ["-device", f"{EDU},addr=1"], stream=8, msis=MSIS,
                    vmm=vmm, guest="guest_msis",
                    guest_params=[MSIS["msi_first"], MSIS["msi_count"]])
        return m.run(lambda m: signal_msis(m, on), (1, "ready")), []
    return run


def run_lost(runner):
    guest = Elf(os.path.join(runner.programs, "guest.elf"))
    m = Machine(runner, "smmu-lost", [], stream=8, vmm="vmm_stream_lost",
                vmm_params=[guest.entry, guest.symbols["guest_sleep"]])

    def lose(m):
        m.qtest.write32(SMMU_CR0, 0)
        return []
    bad = m.run(lose, (1, "ready"), last="lost")
    return bad + ["the kernel does not say so"][:not m.said("does not answer any more")], []


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


WORK = {"DMA that nobody granted": run_attack, "a stream without an SMMU": run_lost, "SMMU, order at boot": run_order,
        "DMA of a stream that is on": stream_case("vmm_stream_on", on=True)}
for _vmm in ("never_on", "turned_off", "vm_off", "vm_started_again", "dead"):
    WORK[f"DMA of a stream, {_vmm.replace('_', ' ')}"] = stream_case(f"vmm_stream_{_vmm}")
WORK["MSI of a stream that is on"] = msi_case("vmm_stream_on", on=True)
WORK["MSI of a stream, never on"] = msi_case("vmm_stream_never_on")
WORK["MSI of a stream, VM off"] = msi_case("vmm_stream_vm_off")
