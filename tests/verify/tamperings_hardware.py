# SPDX-License-Identifier: BSD-2-Clause
"""Registers and interrupts of devices that an image gives other than its topology."""
import abi  # found by system.py
from hardware import Kind, IPA, V2M, add_device, add_line, device, word
from system import PAGE, READ, VMM

PAGES, LINES, MSIS = Kind("device pages"), Kind("lines"), Kind("MSIs")


# Registers.

@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0x9050000 of the board",
      r"lets domain \d reach 0x9050000, which the board keeps from all")
def smmu_given(s, n):
    add_device(s, n.a, 0x9050000, PAGE, IPA)
    s.devices.sort(key=lambda d: d["page"])


@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0xa000000 of the board",
      r"lets domain \d reach 0xa000000, which the board keeps from all")
def virtio_mmio_given(s, n):
    add_device(s, n.a, 0xa000000, PAGE, IPA)
    s.devices.sort(key=lambda d: d["page"])


@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0x9040000 of the board: not in",
      r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_another(s, n):
    device(s, 0x9040000)["domain"] = n.a


@PAGES.says(r"extra: the VMM of vm_b can read and write 4 KiB of registers at 0x9040000 of the board, pl",
      r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_vmm(s, n):
    device(s, 0x9040000)["space"] = VMM


@PAGES.says(r"missing: vm_b cannot write pl011@9040000")
def registers_read_only(s, n):
    device(s, 0x9040000)["rights"] = READ


@PAGES.says(r"extra: vm_b can read and write 4 KiB of registers at 0x9041000 of the board: not in")
def registers_enlarged(s, n):
    device(s, 0x9040000)["page_count"] = 2


@PAGES.says(r"vm_b finds pl011@9040000 at 0x9041000, not at 0x9040000")
def registers_elsewhere(s, n):
    device(s, 0x9040000)["ipa_page"] += 1


@PAGES.says(r"registers and memory overlap|memory and registers overlap")
def registers_over_ram(s, n):
    device(s, 0x9040000)["ipa_page"] = 0x40000


@PAGES.says(r"missing: vm_b cannot read and write pl031@9010000")
def registers_lost(s, n):
    s.devices.remove(device(s, 0x9010000))


@PAGES.says(r"extra: vm_b can read and write 128 KiB of registers at 0x\w+ of the board: not in")
def range_of_function_to_another(s, n):
    device(s, word(s, 2, 4)["initial"])["domain"] = n.b


@PAGES.says(r"missing: vm_hub cannot read and write BAR 0 of function 0:2.0 \(nic\)")
def range_of_function_lost(s, n):
    s.devices.remove(device(s, word(s, 2, 4)["initial"]))


@PAGES.says(r"vm_hub finds BAR 0 of function 0:2.0 \(nic\) in pieces")
def range_of_function_in_pieces(s, n):
    first = device(s, word(s, 2, 4)["initial"])
    first["page_count"] = 16
    s.devices.insert(s.devices.index(first) + 1, dict(
        first, page=first["page"] + 16, ipa_page=first["ipa_page"] + 4096))


# Lines.

@LINES.says(r"extra: vm_a has line 37 of the board: not in the topology")
def line_given(s, n):
    add_line(s, n.a, 37)
    s.irqs.sort(key=lambda i: i["intid"])


@LINES.says(r"extra: vm_a has line 40 of the board: not in", r"missing: vm_b has not line 40")
def line_to_another(s, n):
    next(i for i in s.irqs if i["intid"] == 40)["domain"] = n.a


@LINES.says(r"missing: vm_b has not line 34 of the board")
def line_lost(s, n):
    s.irqs.pop(0)


@LINES.says(r"line 35 of vm_a is edge-triggered")
def line_by_edge(s, n):
    s.irqs[1]["flags"] = abi.PV_IRQ_EDGE


@LINES.says(r"vm_b has interrupt 34 from two lines")
def lines_as_one(s, n):
    s.irqs[2]["virq"] = 34


@LINES.says(r"vm_b has line 40 of the board as interrupt 33, which is another's")
def line_as_console(s, n):
    s.irqs[2]["virq"] = 33


@LINES.says(r"irq 0 of the image gives domain \d line 33, which the board keeps from all")
def line_of_the_kernel(s, n):
    s.irqs[0]["intid"] = 33


@LINES.says(r"irq 3 of the image gives domain \d line 48, which the board keeps from all")
def line_of_virtio_mmio(s, n):
    add_line(s, n.b, 48)


@LINES.on(2, r"irq 3 of the image gives domain \d line 82, which the board keeps from all")
def line_of_msis(s, n):
    add_line(s, n.b, 82)


# Interrupts by memory.

@MSIS.says(r"devices of vm_a can raise 4 interrupts by memory from 100 on: not in the topology")
def msis_given(s, n):
    s.domains[n.a].update(msi_ipa_page=V2M // PAGE, msi_first=100, msi_count=4)


@MSIS.on(2, r"domains 0 and 1 of the image have message-signalled interrupts in common")
def msis_shared(s, n):
    s.domains[n.a].update(msi_ipa_page=V2M // PAGE, msi_first=84, msi_count=4)


@MSIS.says(r"devices of vm_hub cannot raise interrupts by memory, as the topology wants")
def msis_lost(s, n):
    s.domains[n.hub].update(msi_ipa_page=0, msi_first=0, msi_count=0)


@MSIS.on(2, r"devices of vm_hub can raise interrupts 80 to 143 by memory; its frame has 80 to 87")
def msis_enlarged(s, n):
    s.domains[n.hub]["msi_count"] = 64


@MSIS.on(2, r"devices of vm_hub can raise interrupts 90 to 97 by memory; its frame has 80 to 87")
def msis_moved(s, n):
    s.domains[n.hub]["msi_first"] = 90


@MSIS.on(2, r"domain 0 of the image has message-signalled interrupts that the board lacks")
def msis_of_lines(s, n):
    s.domains[n.hub]["msi_first"] = 36


@MSIS.on(3, r"devices of vm_hub can raise interrupts (\d+) to \d+ by memory; its frame has \1 to \d+")
def events_enlarged(s, n):
    s.domains[n.hub]["msi_count"] += 57


@MSIS.on(3, r"devices of vm_hub can raise interrupts (\d+) to \d+ by memory; its frame has (?!\1)\d+ to")
def events_moved(s, n):
    s.domains[n.hub]["msi_first"] += 30


@MSIS.on(3, r"extra: devices of vm_a can raise \d+ interrupts by memory from \d+ on: not in the topology")
def events_of_another(s, n):
    s.domains[n.a].update({field: s.domains[n.hub][field]
                           for field in ("msi_ipa_page", "msi_first", "msi_count")})


@MSIS.says(r"devices of vm_hub write interrupts to 0x8021000, its frame is at 0x8020000")
def msi_page_moved(s, n):
    s.domains[n.hub]["msi_ipa_page"] += 1
