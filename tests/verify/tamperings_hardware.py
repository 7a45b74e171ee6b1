# SPDX-License-Identifier: BSD-2-Clause
"""Registers and interrupts of devices that an image gives other than its topology."""
import abi  # found by system.py
from hardware import Kind, ECAM, IPA, V2M, add_device, add_line, device, word
from system import Config, DMA, EXEC, PAGE, READ, VMM, WRITE

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


KEPT = r"lets domain \d reach {}, which the board keeps from all"


def add_page(s, domain, base, ipa=IPA):
    """One more page of registers, in its order."""
    add_device(s, domain, base, PAGE, ipa)
    s.devices.sort(key=lambda d: d["page"])


def first_of_nic(s):
    return device(s, word(s, 2, 4)["initial"])


@PAGES.says(KEPT.format("0x8000000"))
def distributor_given(s, n):
    add_page(s, n.a, 0x8000000)


@PAGES.on(2, KEPT.format("0x8010000"))
def cpu_interface_given(s, n):
    add_page(s, n.a, 0x8010000)


@PAGES.on(2, KEPT.format("0x8020000"))
def msi_frame_of_the_board_given(s, n):
    add_page(s, n.hub, 0x8020000)


@PAGES.on(3, KEPT.format("0x8080000"))
def its_given(s, n):
    add_page(s, n.a, 0x8080000)


@PAGES.on(3, KEPT.format("0x80a0000"))
def redistributor_given(s, n):
    add_page(s, n.hub, 0x80a0000)


@PAGES.says(KEPT.format("0x9000000"))
def console_of_the_kernel_given(s, n):
    add_page(s, n.b, 0x9000000)


@PAGES.says(KEPT.format("0x4010010000"))
def configuration_space_of_own_function_given(s, n):
    add_page(s, n.hub, (ECAM + (2 << 3)) * PAGE)


@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0x3e000000 of the board: not in")
def page_of_the_bridge_given(s, n):
    add_page(s, n.a, 0x3e000000)


@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0x\w+ of the board: not in")
def ram_of_another_given_as_registers(s, n):
    add_page(s, n.a, s.regions[n.ram[n.b][0]]["page"] * PAGE)


@PAGES.says(r"device \d of the image is empty, or does not follow",
            r"extra: vm_a can read and write 4 KiB of registers at 0x9040000")
def registers_shared_with_another(s, n):
    add_page(s, n.a, 0x9040000)


@PAGES.says(r"device \d of the image is empty, or does not follow the one before it")
def registers_out_of_order(s, n):
    s.devices[0], s.devices[1] = s.devices[1], s.devices[0]


@PAGES.says(r"device \d of the image is empty, or does not follow",
            r"missing: vm_b cannot read and write pl031@9010000")
def registers_of_no_page(s, n):
    device(s, 0x9010000)["page_count"] = 0


@PAGES.says(r"device \d of the image has rights or bits that mean nothing")
def registers_executable(s, n):
    device(s, 0x9040000)["rights"] |= EXEC


@PAGES.says(r"device \d of the image has rights or bits that mean nothing")
def registers_write_only(s, n):
    device(s, 0x9040000)["rights"] = WRITE


@PAGES.says(r"device \d of the image has rights or bits that mean nothing")
def registers_with_unknown_bits(s, n):
    device(s, 0x9040000)["reserved"] = 1


@PAGES.says(r"device \d of the image is in nobody's address space",
            r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_nobody(s, n):
    device(s, 0x9040000)["domain"] = len(s.domains)


@PAGES.says(r"device \d of the image is in nobody's address space",
            r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_devices(s, n):
    device(s, 0x9040000)["space"] = DMA


@PAGES.says(r"extra: vm_b can read and write 4 KiB of registers at 0x9011000",
            r"missing: vm_b cannot read and write pl031@9010000")
def registers_of_the_next_page(s, n):
    device(s, 0x9010000)["page"] += 1


@PAGES.says(r"device \d of the image ends above the address space")
def registers_above_the_address_space(s, n):
    device(s, 0x9040000)["ipa_page"] = 1 << 28


@PAGES.says(r"missing: vm_b cannot write pl011@9040000", r"missing: vm_b cannot write pl031@9010000")
def all_registers_read_only(s, n):
    for base in (0x9010000, 0x9040000):
        device(s, base)["rights"] = READ


@PAGES.says(r"vm_b finds pl031@9010000 at 0x9040000, not at 0x9010000",
            r"vm_b finds pl011@9040000 at 0x9010000, not at 0x9040000")
def registers_exchanged(s, n):
    one, other = device(s, 0x9010000), device(s, 0x9040000)
    one["ipa_page"], other["ipa_page"] = other["ipa_page"], one["ipa_page"]


@PAGES.says(r"missing: vm_hub cannot read and write BAR 0 of function 0:2.0 \(nic\)")
def range_of_function_a_page_shorter(s, n):
    first_of_nic(s)["page_count"] -= 1


@PAGES.says(r"extra: vm_a can read and write 4 KiB of registers at 0x\w+ of the board: not in")
def range_of_function_a_page_longer(s, n):
    device(s, word(s, 4, 4)["initial"])["page_count"] += 1


@PAGES.says(r"missing: vm_hub cannot write BAR 0 of function 0:2.0 \(nic\)")
def range_of_function_read_only(s, n):
    first_of_nic(s)["rights"] = READ


@PAGES.says(r"extra: the VMM of vm_hub can read and write 128 KiB of registers",
            r"missing: vm_hub cannot read and write BAR 0 of function 0:2.0 \(nic\)")
def range_of_function_to_vmm(s, n):
    first_of_nic(s)["space"] = VMM


@PAGES.says(r"the VMM of vm_hub is told that BAR 0 of function 0:2.0 \(nic\) is",
            r"the VMM of vm_hub is told that BAR 1 of function 0:2.0 \(nic\) is")
def ranges_of_function_exchanged(s, n):
    one, other = first_of_nic(s), device(s, word(s, 2, 5)["initial"])
    one["ipa_page"], other["ipa_page"] = other["ipa_page"], one["ipa_page"]


@PAGES.says(r"the VMM of vm_hub is told that BAR 0 of function 0:2.0 \(nic\) is")
def ranges_of_function_as_one(s, n):
    first_of_nic(s)["ipa_page"] = device(s, word(s, 2, 5)["initial"])["ipa_page"]


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


NO_LINE = r"irq \d of the image is no line, or does not follow the one before it"


def line(s, intid):
    return next(i for i in s.irqs if i["intid"] == intid)


def add_lines(s, domain, *lines):
    for intid in lines:
        add_line(s, domain, intid)
    s.irqs.sort(key=lambda i: i["intid"])


@LINES.says(r"extra: vm_hub has line 41 of the board: not in the topology")
def line_to_who_has_none(s, n):
    add_lines(s, n.hub, 41)


@LINES.says(r"extra: vm_b has line 36 of the board: not in", r"extra: vm_b has line 37 of the board",
            r"extra: vm_b has line 38 of the board")
def lines_of_the_bridge_given(s, n):
    add_lines(s, n.b, 36, 37, 38)


@LINES.says(r"extra: vm_b has line 35 of the board: not in", r"missing: vm_a has not line 35")
def pin_to_another(s, n):
    line(s, 35)["domain"] = n.b


@LINES.says(r"missing: vm_a has not line 35 of the board")
def pin_lost(s, n):
    s.irqs.remove(line(s, 35))


@LINES.says(r"missing: vm_b has not line 34", r"missing: vm_a has not line 35",
            r"missing: vm_b has not line 40")
def all_lines_lost(s, n):
    s.irqs.clear()


@LINES.says(r"extra: vm_b has line 41 of the board: not in", r"missing: vm_b has not line 40")
def line_beside(s, n):
    line(s, 40)["intid"] = 41


@LINES.says(r"extra: vm_b has line 35 of the board: not in", r"extra: vm_a has line 34 of the board",
            r"missing: vm_b has not line 34", r"missing: vm_a has not line 35")
def lines_exchanged(s, n):
    line(s, 34)["domain"], line(s, 35)["domain"] = n.a, n.b


@LINES.says(NO_LINE, r"extra: vm_a has line 40 of the board")
def line_shared_with_another(s, n):
    add_lines(s, n.a, 40)


@LINES.says(NO_LINE)
def lines_out_of_order(s, n):
    s.irqs.reverse()


@LINES.says(NO_LINE, r"extra: vm_a has line 1 of the board")
def sgi_given(s, n):
    add_lines(s, n.a, 1)


@LINES.says(NO_LINE, r"extra: vm_a has line 26 of the board")
def timer_of_the_kernel_given(s, n):
    add_lines(s, n.a, 26)


@LINES.says(NO_LINE, r"extra: vm_a has line 1020 of the board")
def line_that_no_gic_has(s, n):
    add_lines(s, n.a, 1020)


@LINES.says(r"irq 3 of the image gives domain \d line 106, which the board keeps from all")
def line_of_the_smmu(s, n):
    add_lines(s, n.hub, 106)


@LINES.says(r"irq \d of the image interrupts nobody", r"missing: vm_b has not line 40")
def line_to_nobody(s, n):
    line(s, 40)["domain"] = abi.PV_NOBODY


@LINES.says(r"irq \d of the image interrupts nobody")
def line_as_timer(s, n):
    line(s, 40)["virq"] = 27


@LINES.says(r"irq \d of the image interrupts nobody")
def line_beyond_the_distributor(s, n):
    line(s, 40)["virq"] = abi.PV_VIRQS


@LINES.says(r"irq \d of the image has bits that mean nothing")
def line_with_unknown_flag(s, n):
    line(s, 40)["flags"] = abi.PV_IRQ_EDGE << 1


@LINES.says(r"irq \d of the image has bits that mean nothing")
def line_with_unknown_bits(s, n):
    line(s, 40)["reserved"] = 1


@LINES.says(r"the VMM of vm_a is told that function 0:4.0 \(emmc\) .* interrupts by its pin as 35")
def pin_as_another_interrupt(s, n):
    line(s, 35)["virq"] = 41


@LINES.says(r"vm_a has line 35 of the board as interrupt \d+, which is another's")
def pin_as_message(s, n):
    line(s, 35)["virq"] = n.config_a.get(n.config_a.places[0], "v2m_first")


@LINES.says(r"the VMM of vm_a is told that function 0:4.0 \(emmc\) .* interrupts by its pin as 36")
def vmm_told_of_another_pin(s, n):
    n.config_a.set(n.config_a.functions[0], "intx", 36)


@LINES.says(r"the VMM of vm_hub is told that function 0:2.0 \(nic\) .* interrupts by its pin as 35")
def vmm_told_of_a_pin(s, n):
    config = Config(s.blobs[s.config(n.hub)])
    config.set(config.functions[0], "intx", 35)


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


@MSIS.on(2, r"devices of vm_hub can raise interrupts 80 to 143 by memory; its frame has 80 to 86")
def msis_enlarged(s, n):
    s.domains[n.hub]["msi_count"] = 64


@MSIS.on(2, r"devices of vm_hub can raise interrupts 90 to 96 by memory; its frame has 80 to 86")
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


MSIS_OF = ("msi_ipa_page", "msi_first", "msi_count")
SENSELESS = r"domain {} of the image has message-signalled interrupts that make no sense"
RAISED = r"devices of vm_hub can raise interrupts {} to {} by memory; its frame has {} to {}"
ANY = RAISED.format(*[r"\d+"] * 4)


def head_of(s, domain):
    """The first part of a VMM's configuration, to be read and changed."""
    config = Config(s.blobs[s.config(domain)])
    place = config.places[0]
    return lambda field: config.get(place, field), lambda field, value: config.set(place, field, value)


@MSIS.says(r"devices of vm_b can raise 4 interrupts by memory from 120 on: not in the topology")
def msis_to_functions_without_dma(s, n):
    s.domains[n.b].update(msi_ipa_page=V2M // PAGE, msi_first=120, msi_count=4)


@MSIS.says(r"devices of vm_hub cannot raise interrupts by memory, as the topology wants",
           r"devices of vm_a can raise \d+ interrupts by memory from \d+ on: not in the topology")
def msis_to_another(s, n):
    for field in MSIS_OF:
        s.domains[n.a][field], s.domains[n.hub][field] = s.domains[n.hub][field], 0


@MSIS.says(r"devices of vm_a can raise 0 interrupts by memory from 0 on", SENSELESS.format(r"\d"))
def msi_page_given(s, n):
    s.domains[n.a]["msi_ipa_page"] = V2M // PAGE


@MSIS.says(r"devices of vm_a can raise 0 interrupts by memory from 120 on", SENSELESS.format(r"\d"))
def msi_number_given(s, n):
    s.domains[n.a]["msi_first"] = 120


@MSIS.says(SENSELESS.format(0), r"devices of vm_hub write interrupts to 0x0, its frame is at")
def msi_page_lost(s, n):
    s.domains[n.hub]["msi_ipa_page"] = 0


@MSIS.says(SENSELESS.format(0), ANY)
def first_msi_lost(s, n):
    s.domains[n.hub]["msi_first"] = 0


@MSIS.says(SENSELESS.format(0), r"devices of vm_hub cannot raise interrupts by memory")
def count_of_msis_lost(s, n):
    s.domains[n.hub]["msi_count"] = 0


@MSIS.says(SENSELESS.format(0), ANY)
def msis_too_many(s, n):
    s.domains[n.hub]["msi_count"] = abi.PV_MSIS_MAX + 1


@MSIS.says(SENSELESS.format(0))
def msis_with_unknown_bits(s, n):
    s.domains[n.hub]["reserved"] = 1


@MSIS.says(ANY)
def one_msi_less(s, n):
    s.domains[n.hub]["msi_count"] -= 1


@MSIS.says(ANY)
def one_msi_more(s, n):
    s.domains[n.hub]["msi_count"] += 1


@MSIS.says(ANY)
def msis_one_further(s, n):
    s.domains[n.hub]["msi_first"] += 1


@MSIS.says(ANY)
def msis_from_the_one_before(s, n):
    s.domains[n.hub]["msi_first"] -= 1
    s.domains[n.hub]["msi_count"] += 1


@MSIS.says(r"devices of vm_hub write interrupts to 0x40000000, its frame is at 0x8020000")
def msi_page_in_ram(s, n):
    s.domains[n.hub]["msi_ipa_page"] = 0x40000


@MSIS.says(r"devices of vm_hub write interrupts to 0x\w+, its frame is at 0x8020000")
def msi_page_above_the_address_space(s, n):
    s.domains[n.hub]["msi_ipa_page"] = 1 << 28


@MSIS.says(ANY)
def frame_told_of_other_numbers(s, n):
    get, change = head_of(s, n.hub)
    change("v2m_first", get("v2m_first") + 8)


@MSIS.says(r"the VMM of vm_hub is told v2m_count = ", ANY)
def frame_told_of_more_numbers(s, n):
    get, change = head_of(s, n.hub)
    change("v2m_count", get("v2m_count") + 8)


@MSIS.says(r"the VMM of vm_hub is told v2m_count = ")
def frame_and_right_enlarged(s, n):
    get, change = head_of(s, n.hub)
    change("v2m_count", get("v2m_count") + 8)
    s.domains[n.hub]["msi_count"] += 8


@MSIS.says(r"the VMM of vm_hub is told v2m_ipa = ")
def frame_and_page_moved(s, n):
    get, change = head_of(s, n.hub)
    change("v2m_ipa", get("v2m_ipa") + PAGE)
    s.domains[n.hub]["msi_ipa_page"] += 1


@MSIS.on(3, r"in vm_hub, the console and the MSI frame have the same interrupts")
def events_over_the_console(s, n):
    get, change = head_of(s, n.hub)
    change("v2m_first", 33)
    s.domains[n.hub]["msi_first"] = 33
