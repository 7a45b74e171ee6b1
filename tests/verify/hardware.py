# SPDX-License-Identifier: BSD-2-Clause
"""Hardware put into an image of hardware.camkes, by abi/image.h and docs/verify.md alone: the hub
has two functions that interrupt by memory, a one that has a pin, b registers and lines.
"""
import abi  # found by system.py
from system import Config, DMA, GUEST, PAGE, READ, VMM, WRITE

RW = READ | WRITE
V2M = 0x8020000
ECAM = abi.BOARD["ECAM_BASE"] // PAGE
IPA = 0x6000000000  # where guests find ranges of functions
NO_PIN = 0x400
INITIAL, BOTH = abi.PV_RULE_INITIAL, abi.PV_RULE_INITIAL | abi.PV_RULE_PROBE
TABLES = ("devices", "irqs", "streams", "windows", "window_rules")
HOLE = 0x3d000000  # below it, ranges of functions grow downwards


class Function:
    """A PCI function: where it is, its ranges by address register, its line (0: it writes)."""

    def __init__(self, vm, slot, bars, line=0, quiet=False):
        self.vm, self.id, self.bars, self.line, self.quiet = vm, slot << 3, bars, line, quiet
        self.places = {}


def rule(word, writable=0, keep=0, initial=0, flags=0):
    return {"word": word, "writable": writable, "keep": keep, "initial": initial, "flags": flags,
            "reserved": 0}


def rules_of(function):
    """What its VM may write of the configuration space."""
    pin = NO_PIN if function.line else 0
    out = [rule(1, (2 if function.quiet else 6) | pin, NO_PIN ^ pin, NO_PIN ^ pin, INITIAL)]
    for bar in range(6):
        if bar in function.places:
            base, size = function.places[bar]
            out.append(rule(4 + bar, size - 16, 0x100000000 - size, base, BOTH))
        else:
            out.append(rule(4 + bar, keep=0xfffffff0, flags=BOTH))
    out.append(rule(12, flags=INITIAL))
    return out + [rule(word, 0xffffffff) for word in range(16, 64)]


def add_window(s, page, domain, rules):
    first = sum(w["rules.count"] for w in s.windows)
    s.windows.append({"page": page, "domain": domain, "rules.first": first,
                      "rules.count": len(rules)})
    s.window_rules.extend(rules)


def add_device(s, domain, base, size, ipa):
    s.devices.append({"page": base // PAGE, "page_count": size // PAGE, "domain": domain,
                      "space": GUEST, "rights": RW, "ipa_page": ipa // PAGE, "reserved": 0})


def add_line(s, domain, line):
    s.irqs.append({"intid": line, "domain": domain, "virq": line, "flags": 0, "reserved": 0})


def share_with_devices(s, domain):
    """The RAM of a domain in its DMA space, where its guest has it."""
    region, m = s.find(domain, GUEST, 0x40000000)
    flags = s.regions[region]["flags"]
    s.map(region, domain, DMA, RW, s.mappings[m]["ipa_page"] * PAGE)
    s.regions[region]["flags"] = flags


def tell(s, domain, functions, msis):
    """The functions in the configuration of the domain's VMM."""
    blob = s.blobs[s.config(domain)]
    config = Config(blob)
    head = config.places[0]
    at, size = config.get(head, "bytes"), abi.size_of("pv_vmm_function")
    for slot, f in enumerate(functions):
        caps = s.domains[domain]["caps.count"]
        s.add_cap(domain, abi.PV_CAP_WINDOW,
                  next(i for i, w in enumerate(s.windows) if w["page"] == ECAM + f.id))
        if not f.quiet:
            s.add_cap(domain, abi.PV_CAP_STREAM,
                      next(i for i, t in enumerate(s.streams) if t["id"] == f.id))
        bars = b"".join(abi.encode("pv_vmm_bar", {"ipa": IPA + base, "bus": base, "bytes": length}
                                   if length else {})
                        for base, length in (f.places.get(i, (0, 0)) for i in range(6)))
        blob[at + slot * size:at + (slot + 1) * size] = abi.encode("pv_vmm_function", {
            "cap_window": caps, "cap_stream": 0xffffffff if f.quiet else caps + 1, "id": f.id, "slot": slot,
            "intx": f.line, "bars": bars})
    for field, value in (("bytes", at + len(functions) * size), ("hw_ecam_ipa", IPA),
                         ("function_count", len(functions))):
        config.set(head, field, value)
    if msis:
        first, count = msis
        for field, value in (("v2m_ipa", V2M), ("v2m_first", first), ("v2m_count", count)):
            config.set(head, field, value)
        s.domains[domain].update(msi_ipa_page=V2M // PAGE, msi_first=first, msi_count=count)


def tables(s):
    """How many translation tables the spaces of an image take."""
    spaces = {(d, space): set() for d in range(len(s.domains)) for space in (GUEST, VMM)}
    spaces.update({(stream["domain"], DMA): set() for stream in s.streams})

    def walk(key, ipa, page, count):
        for at in range(ipa, ipa + count):
            spaces[key].add(("giga", at >> 18))
            whole = at // 512 * 512
            if ipa % 512 != page % 512 or whole < ipa or whole + 512 > ipa + count:
                spaces[key].add(("block", at >> 9))

    for number, d in enumerate(s.domains):
        walk((number, GUEST), d["gicc_ipa_page"], 0, 2)
        if d["msi_count"]:
            walk((number, DMA), d["msi_ipa_page"], 0, 1)
    for d in s.devices:
        walk((d["domain"], d["space"]), d["ipa_page"], d["page"], d["page_count"])
    for index, region in enumerate(s.regions):
        for m in (s.mappings[i] for i in s.mappings_of(index)):
            walk((m["domain"], m["space"]), m["ipa_page"], region["page"], region["page_count"])
    return sum(1 + len(space) for space in spaces.values())


def make_room(s):
    """As many tables as there must be, and the regions behind them."""
    size = tables(s)
    more = (size - s.header["pool_page_count"] + 511) // 512 * 512
    s.header["pool_page_count"] = size
    for region in s.regions[len(s.blobs):]:
        region["page"] += more
    end = s.regions[-1]["page"] + s.regions[-1]["page_count"] + 2048 - s.header["ram_page"]
    s.header["ram_page_count"] = (end + 0x3fff) // 0x4000 * 0x4000


def give(s):
    """The image with what hardware.camkes says of hardware."""
    assert tables(s) == s.header["pool_page_count"]
    hub, a, b = (s.domain(n) for n in ("hub", "a", "b"))
    functions = [Function(hub, 2, {0: 0x20000, 1: 0x20000, 3: 0x4000}),
                 Function(hub, 3, {1: 0x1000, 4: 0x4000}), Function(a, 4, {0: 0x1000}, 35),
                 Function(b, 7, {0: 0x1000000, 2: 0x1000}, quiet=True)]
    windows = {5 << 3: (abi.PV_NOBODY, [rule(1, initial=NO_PIN, flags=INITIAL)])}
    base = HOLE
    for f in functions:
        for bar, size in f.bars.items():
            base = base // size * size - size
            f.places[bar] = (base, size)
            add_device(s, f.vm, base, size, IPA + base)
        windows[f.id] = (f.vm, rules_of(f))
        if not f.quiet:
            s.streams.append({"id": f.id, "domain": f.vm})
    for number in sorted(windows):
        add_window(s, ECAM + number, *windows[number])
    for registers in (0x9010000, 0x9040000):
        add_device(s, b, registers, PAGE, registers)
    s.devices.sort(key=lambda d: d["page"])
    for domain, line in ((b, 34), (a, 35), (b, 40)):
        add_line(s, domain, line)
    for vm, msis in ((hub, (80, 8)), (a, None), (b, None)):
        if any(stream["domain"] == vm for stream in s.streams):
            share_with_devices(s, vm)
        tell(s, vm, [f for f in functions if f.vm == vm], msis)
    make_room(s)
    return s


# Images that give other hardware than their topology, each with what topo verify must say.

TAMPERINGS = []


def on(gic, *patterns):
    """Register a tampering, as tamperings.says does, with one GIC; 0: with any."""
    def register(function):
        TAMPERINGS.append((function.__name__, function, patterns, gic))
        return function
    return register


def says(*patterns):
    return on(0, *patterns)


def window(s, slot):
    return next(w for w in s.windows if w["page"] == ECAM + (slot << 3))


def word(s, slot, number):
    """The rule for a word of the function in a slot."""
    first = window(s, slot)["rules.first"]
    return next(r for r in s.window_rules[first:] if r["word"] == number)


def device(s, base):
    return next(d for d in s.devices if d["page"] == base // PAGE)


def drop_window(s, index):
    w = s.windows.pop(index)
    del s.window_rules[w["rules.first"]:w["rules.first"] + w["rules.count"]]
    for later in s.windows[index:]:
        later["rules.first"] -= w["rules.count"]
    for cap in s.caps:
        if cap["type"] == abi.PV_CAP_WINDOW and cap["object"] > index:
            cap["object"] -= 1


def add_rule(s, slot, new):
    """One more rule, in its order."""
    w = window(s, slot)
    rules = s.window_rules[w["rules.first"]:w["rules.first"] + w["rules.count"]] + [new]
    s.window_rules[w["rules.first"]:w["rules.first"] + w["rules.count"]] = \
        sorted(rules, key=lambda r: r["word"])
    w["rules.count"] += 1
    for later in s.windows[s.windows.index(w) + 1:]:
        later["rules.first"] += 1


# Registers.

@says(r"extra: vm_a can read and write 4 KiB of registers at 0x9050000 of the board",
      r"lets domain \d reach 0x9050000, which the board keeps from all")
def smmu_given(s, n):
    add_device(s, n.a, 0x9050000, PAGE, IPA)
    s.devices.sort(key=lambda d: d["page"])


@says(r"extra: vm_a can read and write 4 KiB of registers at 0xa000000 of the board",
      r"lets domain \d reach 0xa000000, which the board keeps from all")
def virtio_mmio_given(s, n):
    add_device(s, n.a, 0xa000000, PAGE, IPA)
    s.devices.sort(key=lambda d: d["page"])


@says(r"extra: vm_a can read and write 4 KiB of registers at 0x9040000 of the board: not in",
      r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_another(s, n):
    device(s, 0x9040000)["domain"] = n.a


@says(r"extra: the VMM of vm_b can read and write 4 KiB of registers at 0x9040000 of the board, pl",
      r"missing: vm_b cannot read and write pl011@9040000")
def registers_to_vmm(s, n):
    device(s, 0x9040000)["space"] = VMM


@says(r"missing: vm_b cannot write pl011@9040000")
def registers_read_only(s, n):
    device(s, 0x9040000)["rights"] = READ


@says(r"extra: vm_b can read and write 4 KiB of registers at 0x9041000 of the board: not in")
def registers_enlarged(s, n):
    device(s, 0x9040000)["page_count"] = 2


@says(r"vm_b finds pl011@9040000 at 0x9041000, not at 0x9040000")
def registers_elsewhere(s, n):
    device(s, 0x9040000)["ipa_page"] += 1


@says(r"registers and memory overlap|memory and registers overlap")
def registers_over_ram(s, n):
    device(s, 0x9040000)["ipa_page"] = 0x40000


@says(r"missing: vm_b cannot read and write pl031@9010000")
def registers_lost(s, n):
    s.devices.remove(device(s, 0x9010000))


@says(r"extra: vm_b can read and write 128 KiB of registers at 0x\w+ of the board: not in")
def range_of_function_to_another(s, n):
    device(s, word(s, 2, 4)["initial"])["domain"] = n.b


@says(r"missing: vm_hub cannot read and write BAR 0 of function 0:2.0 \(nic\)")
def range_of_function_lost(s, n):
    s.devices.remove(device(s, word(s, 2, 4)["initial"]))


@says(r"vm_hub finds BAR 0 of function 0:2.0 \(nic\) in pieces")
def range_of_function_in_pieces(s, n):
    first = device(s, word(s, 2, 4)["initial"])
    first["page_count"] = 16
    s.devices.insert(s.devices.index(first) + 1, dict(
        first, page=first["page"] + 16, ipa_page=first["ipa_page"] + 4096))


# Lines.

@says(r"extra: vm_a has line 37 of the board: not in the topology")
def line_given(s, n):
    add_line(s, n.a, 37)
    s.irqs.sort(key=lambda i: i["intid"])


@says(r"extra: vm_a has line 40 of the board: not in", r"missing: vm_b has not line 40")
def line_to_another(s, n):
    next(i for i in s.irqs if i["intid"] == 40)["domain"] = n.a


@says(r"missing: vm_b has not line 34 of the board")
def line_lost(s, n):
    s.irqs.pop(0)


@says(r"line 35 of vm_a is edge-triggered")
def line_by_edge(s, n):
    s.irqs[1]["flags"] = abi.PV_IRQ_EDGE


@says(r"vm_b has interrupt 34 from two lines")
def lines_as_one(s, n):
    s.irqs[2]["virq"] = 34


@says(r"vm_b has line 40 of the board as interrupt 33, which is another's")
def line_as_console(s, n):
    s.irqs[2]["virq"] = 33


@says(r"irq 0 of the image gives domain \d line 33, which the board keeps from all")
def line_of_the_kernel(s, n):
    s.irqs[0]["intid"] = 33


@says(r"irq 3 of the image gives domain \d line 48, which the board keeps from all")
def line_of_virtio_mmio(s, n):
    add_line(s, n.b, 48)


@on(2, r"irq 3 of the image gives domain \d line 82, which the board keeps from all")
def line_of_msis(s, n):
    add_line(s, n.b, 82)


# Streams and what they reach.

@says(r"extra: function 0:2.0 reaches what the devices of vm_b do", r"function 0:2.0 \(nic\) of "
      r"vm_hub has no stream")
def stream_to_another(s, n):
    s.streams[0]["domain"] = n.b


@says(r"extra: function 0:6.0 reaches what the devices of vm_hub do: not in the topology")
def stream_given(s, n):
    s.streams.append({"id": 6 << 3, "domain": n.hub})


@says(r"missing: function 0:4.0 \(emmc\) of vm_a has no stream")
def stream_lost(s, n):
    s.streams.pop()


@says(r"extra: devices of vm_hub can read and write the RAM of vm_a")
def devices_reach_ram_of_another(s, n):
    s.map(n.ram[n.a][0], n.hub, DMA, RW, IPA)


@says(r"extra: devices of vm_hub can read and write (the pool|8 MiB of memory)")  # no pool any more
def devices_reach_pool(s, n):
    region, m = n.pool[n.a]
    place = s.mappings[n.other(s, region, n.a)]["ipa_page"]
    s.map(region, n.hub, DMA, RW, place * PAGE)


@says(r"extra: devices of vm_hub can read iobuf page 0 of connection hub -> a")
def devices_reach_control_page(s, n):
    region = n.page[n.a, 0][0]
    s.map(region, n.hub, DMA, READ, s.mappings[n.other(s, region, n.a)]["ipa_page"] * PAGE)


@says(r"extra: devices of vm_hub can read the configuration of the VMM of vm_hub")
def devices_reach_vmm(s, n):
    s.map(s.config(n.hub), n.hub, DMA, READ, IPA)


@says(r"extra: devices of vm_b can read and write the RAM of vm_b")
def devices_of_nobody_reach_ram(s, n):
    share_with_devices(s, n.b)


def dma_of(s, n, domain):
    return next(s.mappings[m] for m in s.mappings_of(n.ram[domain][0])
                if s.mappings[m]["space"] == DMA)


@says(r"devices of vm_a finds the RAM of vm_a at 0x40200000, but was told 0x40000000")
def devices_find_ram_elsewhere(s, n):
    dma_of(s, n, n.a)["ipa_page"] += 512


@says(r"extra: devices of vm_a can execute the RAM of vm_a")
def devices_execute(s, n):
    dma_of(s, n, n.a)["rights"] = 7


@says(r"missing: devices of vm_a cannot write the RAM of vm_a")
def devices_read_only(s, n):
    dma_of(s, n, n.a)["rights"] = READ


@says(r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_without_ram(s, n):
    region = n.ram[n.a][0]
    m = next(m for m in s.mappings_of(region) if s.mappings[m]["space"] == DMA)
    s.unmap(region, m)


@says(r"extra: devices of vm_hub can read and write the RAM of vm_a",
      r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_of_another(s, n):
    dma_of(s, n, n.a)["domain"] = n.hub
    dma_of(s, n, n.a)["ipa_page"] = IPA // PAGE


# Windows.

@says(r"extra: the VMM of vm_b can reach the configuration space of function 0:2.0 \(nic\) of vm_hub",
      r"missing: the VMM of vm_hub cannot reach the configuration space of function 0:2.0 \(nic\)")
def window_to_another(s, n):
    window(s, 2)["domain"] = n.b


@says(r"extra: the VMM of vm_b can reach the configuration space of function 0:6.0")
def window_given(s, n):
    add_window(s, ECAM + (6 << 3), n.b, [])


@says(r"extra: the VMM of vm_b can reach the configuration space of function 0:4.0 \(emmc\) of vm_a")
def window_shared(s, n):
    index = s.windows.index(window(s, 5))
    drop_window(s, index)
    add_window(s, ECAM + (4 << 3), n.b, [])


@says(r"sets the configuration space of function 0:4.0 \(emmc\), which is vm_a's")
def window_of_nobody_on_given(s, n):
    window(s, 5)["page"] = ECAM + (4 << 3)


@says(r"missing: the VMM of vm_a cannot reach the configuration space of function 0:4.0 \(emmc\)")
def window_lost(s, n):
    drop_window(s, s.windows.index(window(s, 4)))


@says(r"missing: function 0:5.0, which is nobody's, is not turned off")
def nobody_not_turned_off(s, n):
    drop_window(s, s.windows.index(window(s, 5)))


@says(r"word 1 of the configuration space of function 0:2.0 \(nic\) has the rule .* initial 0x404")
def master_from_the_start(s, n):
    word(s, 2, 1)["initial"] |= 4


@says(r"word 1 of the configuration space of function 0:5.0 has the rule .* initial 0x404")
def master_of_nobody(s, n):
    word(s, 5, 1)["initial"] |= 4


@says(r"word 1 of the configuration space of function 0:5.0 is writable in 0x4")
def nobody_writes(s, n):
    word(s, 5, 1)["writable"] = 4


@says(r"nobody: word 4 of the configuration space of function 0:5.0 has a rule")
def address_of_nobody(s, n):
    add_rule(s, 5, rule(4, initial=0x10000000, flags=INITIAL))


@says(r"word 1 of the configuration space of function 0:2.0 \(nic\) is writable in 0x1")
def ports_writable(s, n):
    word(s, 2, 1)["writable"] |= 1


@says(r"word 1 of the configuration space of function 0:2.0 \(nic\) is writable in 0x400")
def pin_writable(s, n):
    word(s, 2, 1).update(writable=0x406, keep=0, initial=0)


@says(r"word 1 of the configuration space of function 0:4.0 \(emmc\) has the rule")
def pin_taken_away(s, n):
    word(s, 4, 1).update(writable=6, keep=NO_PIN, initial=NO_PIN)


@says(r"BAR 0 of function 0:2.0 \(nic\) has a place of 256 KiB; an? e1000e takes 128 KiB")
def aperture_doubled(s, n):
    word(s, 2, 4).update(keep=0xfffc0000, writable=0x3fff0)


@says(r"missing: BAR 0 of function 0:2.0 \(nic\) has a place of 64 KiB")
def aperture_halved(s, n):
    word(s, 2, 4).update(keep=0xffff0000, writable=0xfff0)


@says(r"BAR 0 of function 0:2.0 \(nic\) and BAR 0 of function 0:4.0 \(emmc\) can answer at one",
      r"missing: vm_a cannot read and write BAR 0 of function 0:4.0")
def aperture_over_another(s, n):
    word(s, 4, 4)["initial"] = word(s, 2, 4)["initial"]


@says(r"function 0:4.0 \(emmc\) can answer at 0x9040000 by BAR 0, which is no range of the host")
def aperture_over_registers(s, n):
    word(s, 4, 4)["initial"] = 0x9040000


@says(r"word 4 of the configuration space of function 0:4.0 \(emmc\) has the rule .* flags 1;")
def aperture_not_probed(s, n):
    word(s, 4, 4)["flags"] = INITIAL


@says(r"word 4 of the configuration space of function 0:4.0 \(emmc\) has the rule")
def address_free(s, n):
    word(s, 4, 4).update(keep=0, writable=0xfffffff0)


@says(r"word 8 of the configuration space of function 0:2.0 \(nic\) is writable in 0xf")
def upper_half_writable(s, n):
    word(s, 2, 8).update(writable=0xf)


@says(r"word 12 of the configuration space of function 0:2.0 \(nic\) is writable in 0xffffffff")
def rom_writable(s, n):
    word(s, 2, 12)["writable"] = 0xffffffff


@says(r"word 15 of the configuration space of function 0:2.0 \(nic\) has a rule, which is not")
def line_register_writable(s, n):
    add_rule(s, 2, rule(15, 0xff))


@says(r"word 64 of the configuration space of function 0:2.0 \(nic\) has a rule, which is not")
def extended_writable(s, n):
    add_rule(s, 2, rule(64, 0xffffffff))


@says(r"word 6 of the configuration space of function 0:4.0 \(emmc\) has no rule")
def address_without_rule(s, n):
    w = window(s, 4)
    rule_of_bar = word(s, 4, 6)
    del s.window_rules[next(i for i, r in enumerate(s.window_rules) if r is rule_of_bar)]
    w["rules.count"] -= 1
    for later in s.windows[s.windows.index(w) + 1:]:
        later["rules.first"] -= 1


@says(r"missing: the VMM of vm_a cannot reach the configuration space of function 0:4.0")
def window_capability_of_another(s, n):
    next(c for c in s.caps[s.domains[n.a]["caps.first"]:]
         if c["type"] == abi.PV_CAP_WINDOW)["object"] = 0


@says(r"the VMM of vm_b can let function 0:2.0 reach memory: not in the topology")
def stream_capability_given(s, n):
    s.add_cap(n.b, abi.PV_CAP_STREAM, 0)


# Interrupts by memory.

@says(r"devices of vm_a can raise 4 interrupts by memory from 100 on: not in the topology")
def msis_given(s, n):
    s.domains[n.a].update(msi_ipa_page=V2M // PAGE, msi_first=100, msi_count=4)


@on(2, r"domains 0 and 1 of the image have message-signalled interrupts in common")
def msis_shared(s, n):
    s.domains[n.a].update(msi_ipa_page=V2M // PAGE, msi_first=84, msi_count=4)


@says(r"devices of vm_hub cannot raise interrupts by memory, as the topology wants")
def msis_lost(s, n):
    s.domains[n.hub].update(msi_ipa_page=0, msi_first=0, msi_count=0)


@on(2, r"devices of vm_hub can raise interrupts 80 to 143 by memory; its frame has 80 to 87")
def msis_enlarged(s, n):
    s.domains[n.hub]["msi_count"] = 64


@on(2, r"devices of vm_hub can raise interrupts 90 to 97 by memory; its frame has 80 to 87")
def msis_moved(s, n):
    s.domains[n.hub]["msi_first"] = 90


@on(2, r"domain 0 of the image has message-signalled interrupts that the board lacks")
def msis_of_lines(s, n):
    s.domains[n.hub]["msi_first"] = 36


@on(3, r"devices of vm_hub can raise interrupts (\d+) to \d+ by memory; its frame has \1 to \d+")
def events_enlarged(s, n):
    s.domains[n.hub]["msi_count"] += 57


@on(3, r"devices of vm_hub can raise interrupts (\d+) to \d+ by memory; its frame has (?!\1)\d+ to")
def events_moved(s, n):
    s.domains[n.hub]["msi_first"] += 30


@on(3, r"extra: devices of vm_a can raise \d+ interrupts by memory from \d+ on: not in the topology")
def events_of_another(s, n):
    s.domains[n.a].update({field: s.domains[n.hub][field]
                           for field in ("msi_ipa_page", "msi_first", "msi_count")})


@says(r"devices of vm_hub write interrupts to 0x8021000, its frame is at 0x8020000")
def msi_page_moved(s, n):
    s.domains[n.hub]["msi_ipa_page"] += 1
