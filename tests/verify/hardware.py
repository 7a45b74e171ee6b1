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
    for domain in range(len(s.domains)):  # the machine's device tree stays where it was
        first = s.loads(domain, again=False)
        for index, row in enumerate(first.rows):
            if row["from"] == 0:
                first.set_row(index, "to", row["to"] - more * PAGE)
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
    for vm, msis in ((hub, (80, 7)), (a, None), (b, None)):
        if any(stream["domain"] == vm for stream in s.streams):
            share_with_devices(s, vm)
        tell(s, vm, [f for f in functions if f.vm == vm], msis)
    make_room(s)
    return s


# Images that give other hardware than their topology, each with what topo verify must say.

KINDS = []


class Kind:
    """Tamperings with one kind of hardware, each registered with what topo verify must say."""

    def __init__(self, name):
        self.name, self.tamperings = name, []
        KINDS.append(self)

    def on(self, gic, *patterns):
        """With one GIC; 0: with any. The output of topo verify must match every pattern."""
        def register(function):
            self.tamperings.append((function.__name__, function, patterns, gic))
            return function
        return register

    def says(self, *patterns):
        return self.on(0, *patterns)


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
