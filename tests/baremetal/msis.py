# SPDX-License-Identifier: BSD-2-Clause
"""Messages of devices (QEMU's edu) that are VMs': through the DMA space to the board's page for MSIs,
and as the SPI that they name to the guest, which tells what came (guest_msi.c). Where the board has an
ITS:

  forged messages           whatever numbers the functions of two VMs write, to each VM come its own
                            function's, of its own SPIs, once each; of a function that is nobody's, with
                            the SMMU out of its way, nothing comes
  messages to a busy CPU    as many as a function writes interrupt a VM that runs in the place of the
                            function's VM no more than twice for each number
  an ITS that is lost       while it takes no more commands, and is told to mask and unmask messages:
                            the kernel sees it at the second, says so once and turns it off, no VM
                            ends, all of them go on
"""
import re

import abi
import machine
from cases import ICOUNT, Setup, config_of
from image import T
from smmu import EDU, MSIS, V2M_SETSPI, WINDOWS, Edu, Machine, taken
from windows import COMMAND, DECODE, Observer

LIMIT = 60
SLOT, STREAM = 1, 8
BAR = WINDOWS["MEMORY"] + (4 << 20)
SPI = MSIS["msi_first"] + 3
MSI_IPA = MSIS["msi_ipa_page"] * 4096
# Of edu's capability: enabled, of 64 bits.
MSI_CONTROL, MSI_ADDRESS, MSI_ADDRESS_HIGH, MSI_DATA = 0x40, 0x44, 0x48, 0x4c
MSI_ENABLE = 1 << 16


def leave(qtest):
    config = config_of(SLOT)
    for at, value in ((0x10, BAR), (4 * COMMAND, DECODE), (MSI_ADDRESS, MSI_IPA + V2M_SETSPI),
                      (MSI_ADDRESS_HIGH, 0), (MSI_DATA, SPI), (MSI_CONTROL, MSI_ENABLE)):
        qtest.write32(config + at, value)


def run_msis(runner):
    setup = Setup(runner.programs, 1)
    one = setup.add("one", guest="guest_msi", vmm="vmm_stream_on", guest_params=[SPI])
    one.msis = MSIS
    setup.system.stream(one, STREAM)
    setup.system.device(one, BAR, T["T_UART_IPA"])
    path = runner.image_file("msis", setup.system.build().data)
    observer = Observer(path, leave)
    done = machine.run(path, 1, LIMIT, ICOUNT + ["-device", f"{EDU},addr={SLOT}"] +
                       observer.options())
    observer.close()
    lines = done.channel(1)
    bad = [line for line in lines if line.startswith("FAIL")]
    if not any(line.startswith("end ") for line in lines):
        bad.append("the guest does not come to its end")
    return bad, done.log if bad else []


EVENTS = list(range(1024)) + [1 << n for n in range(10, 16)] + [8192 + n for n in range(80)] + [65535]
COUNTS = 1024  # guest_irq_count[]
LPI_FIRST = 8192


def counts(m, domain):
    place = m.guest_place("guest_irq_count", domain)
    return {n: count for n, count in
            ((n, m.qtest.read32(place + 4 * n)) for n in range(COUNTS)) if count}


def forge(m):
    edus = [Edu(m.qtest, 0, slot, WINDOWS["MEMORY"] + (slot << 20)) for slot in (1, 2, 3)]
    own = range(MSIS["msi_first"], MSIS["msi_first"] + MSIS["msi_count"])
    want, bad = [{}, {}], []
    for number, edu in enumerate(edus[:2]):
        for event in EVENTS:
            edu.set_msi(MSI_IPA + V2M_SETSPI, event)
            edu.signal()
        for intid in own:
            taken(m, intid, 1, number)
            want[number][intid] = 1
        bad += [f"function {number}: came {came} of {want}" for domain in (0, 1)
                if (came := counts(m, domain)) != want[domain]]
    m.open_smmu()
    for edu in (edus[2], edus[0]):
        for event in own:
            edu.set_msi(abi.BOARD["MSI_PAGE"] + V2M_SETSPI, event)
            edu.signal()
            if edu is edus[0] and taken(m, event, 2) != 2:
                bad.append(f"message {event} is not made")
        if edu is edus[2] and [counts(m, 0), counts(m, 1)] != want:
            bad.append("messages of nobody's function come")
    return bad


def two_functions(**other):
    """Of two VMs, each with a function, and @other of the second."""
    vm = {"vmm": "vmm_stream_on", "guest": "guest_msis", "msis": MSIS,
          "guest_params": [MSIS["msi_first"], MSIS["msi_count"]]}
    return {**vm, "stream": 8, "other": {**vm, "stream": 16, **other}}


def edus(count):
    return [word for slot in range(1, count + 1) for word in ("-device", f"{EDU},addr={slot}")]


def run_forged(runner):
    m = Machine(runner, "msis-forged", edus(3), **two_functions())
    return m.run(forge, (1, "ready"), (2, "ready")), []


FLOOD = 50


def flood(m):
    edu, other = (Edu(m.qtest, 0, slot, WINDOWS["MEMORY"] + (slot << 20)) for slot in (1, 2))
    own = range(MSIS["msi_first"], MSIS["msi_first"] + MSIS["msi_count"])
    other.set_msi(MSI_IPA + V2M_SETSPI, own[0])
    other.signal()
    bad = [] if taken(m, own[0], 1, 1) == 1 else ["nobody takes the CPU"]
    for _ in range(FLOOD):
        for event in own:
            edu.set_msi(MSI_IPA + V2M_SETSPI, event)
            edu.signal()
    other.signal()  # whose numbers are behind the others'
    return bad + ["it does not come to its end"] * (taken(m, own[0], 2, 1) != 2)


def run_flood(runner):
    m = Machine(runner, "msis-flood", edus(2) + ["-trace", "gicv3_icc_iar1_read"],
                **two_functions(guest="guest_busy", priority=200))
    bad = m.run(flood, (1, "ready"), (2, "ready"))
    with open(m.path + ".trace", encoding="ascii") as file:
        came = re.findall(r"ICC_IAR1 read cpu \w+ value (\w+)", file.read())
    messages = [value for value in came if int(value, 16) >= LPI_FIRST]
    if not MSIS["msi_count"] <= len(messages) - 2 <= 2 * MSIS["msi_count"]:
        bad.append(f"{FLOOD} times {MSIS['msi_count']} messages interrupt {len(messages) - 2} times")
    return bad, []


GITS_CTLR, GITS_CBASER, GITS_CWRITER = 0, 0x80, 0x88
GITS_ENABLED = 1
TURNS = 50_000
COMMAND_BYTES, COMMANDS = 32, 128
SEEN_AT = 3  # the second that it does not do; an ITS that begins anew seems to have done what stands at 0


def lose(m):
    its = next(row[1] for row in abi.BOARD["BLOCKS"] if row[0] == "its")
    edu, other = (Edu(m.qtest, 0, slot, WINDOWS["MEMORY"] + (slot << 20)) for slot in (1, 2))
    own = range(MSIS["msi_first"], MSIS["msi_first"] + MSIS["msi_count"])
    other.set_msi(MSI_IPA + V2M_SETSPI, own[0])
    other.signal()
    bad = [] if taken(m, own[0], 1, 1) == 1 else ["nobody takes the CPU"]
    m.monitor.command("stop")  # the kernel could find the ITS off in between
    begin = m.qtest.read32(its + GITS_CWRITER)
    m.qtest.write32(its + GITS_CTLR, 0)
    m.qtest.write64(its + GITS_CBASER, 0)  # a queue that it does not take commands from
    m.qtest.write32(its + GITS_CTLR, GITS_ENABLED)
    m.monitor.command("cont")
    turns = 0
    while turns < TURNS and m.qtest.read32(its + GITS_CTLR) & GITS_ENABLED:
        edu.set_msi(MSI_IPA + V2M_SETSPI, own[turns % len(own)])
        edu.signal()
        turns += 1
    if turns == TURNS:
        bad.append("the kernel goes on with it")
    lost = (m.qtest.read32(its + GITS_CWRITER) - begin) // COMMAND_BYTES % COMMANDS
    if lost > SEEN_AT:
        bad.append(f"it loses {lost} commands before the kernel sees it")
    before = counts(m, 0)
    work = m.qtest.read32(m.guest_place("guest_irq_count", 1))
    edu.signal()
    if taken(m, 0, work + 2, 1) <= work + 1:
        bad.append("the other VM does not go on")
    return bad + ["messages still come"] * (counts(m, 0) != before)


def run_lost(runner):
    m = Machine(runner, "its-lost", edus(2), **two_functions(guest="guest_busy"))
    says = "pv: no messages come: the ITS does not answer any more"
    bad = m.run(lose, (1, "ready"), (2, "ready"), last=says)
    return bad + ["the kernel says so again"] * (m.kernel.count(says) > 1) + \
        [line for line in m.kernel if "stopped" in line], []


WORK = {"messages of a device": run_msis, "forged messages": run_forged,
        "messages to a busy CPU": run_flood, "an ITS that is lost": run_lost}
