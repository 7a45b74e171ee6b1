# SPDX-License-Identifier: BSD-2-Clause
"""Corrupted system images: each field of the header and of each kind of table entry, changed in
several ways, is refused with a message that names what was changed or what depends on it, or boots
without harm.

"Without harm" is judged by a system of two domains that share a page and a doorbell, each with a
pattern of its own in its memory. The domain whose own entry was changed may do whatever its rights
allow, or end; the other comes to its end as if nothing had been, and neither ever finds in its
memory what is not its own.
"""
import functools
import random
import re

import abi
import machine
from cases import Setup, add_bystander, place_rules
from image import TABLES

REFUSED = re.compile(r"^pv: image refused: (\w+)\[(\d+)\]\.([\w.]+): .+")
STOPPED = re.compile(r"^pv: domain (\S+) stopped: (\w+)")
LIMIT = 10
HARDWARE_IPA = 0x0b000000
MSI_FIRST = 80     # where the board does not say which SPIs messages are
VALUES_EACH = 3   # of a field of a table's first and last entry, and that of an entry of others'
RANDOM_MORE = 60

# What else a refusal may name, by the field that was changed: fields of entries whose meaning
# rests on it; those with "=" of the same entry. Without a row here it names what was changed.
DEPENDENTS = {
    # The machine: what lies outside of it, or where the pool is now, is found in who lies there.
    "header.cpu_count": ["vcpus.cpu"],
    "header.ram_page": ["header.header_bytes", "header.pool_page", "header.ram_page_count",
                        "regions.page_count"],
    "header.ram_page_count": ["header.header_bytes", "header.pool_page", "regions.page_count"],
    "header.pool_page": ["regions.page"],
    "header.pool_page_count": ["header.pool_page", "regions.page", "domains.guest",
                               "domains.vmm", "domains.ipa_page", "mappings.ipa_page"],
    "header.image_bytes": ["header.pool_page", "regions.page"],
    # A table's place: the next one begins where it ends; its count: who covers it.
    **{f"header.{name}.{part}": [f"header.{other}" for other, _ in TABLES] +
       [f"domains.{name}", f"{name}.domain", f"{name}.region"] +
       (["windows.rules", "window_rules.window"] if name == "window_rules" else [])
       for name, _ in TABLES for part in ("offset", "count")},
    # Slices follow each other, and cover their tables.
    "domains.vcpus.first": ["domains.vcpus"],
    "domains.vcpus.count": ["domains.vcpus", "vcpus.domain"],
    "domains.caps.first": ["domains.caps"],
    "domains.caps.count": ["domains.caps", "caps.domain", "caps.object", "doorbell_pages.caps"],
    "domains.doorbell_pages.first": ["domains.doorbell_pages"],
    "domains.doorbell_pages.count": ["domains.doorbell_pages", "doorbell_pages.domain"],
    # Windows of a guest's space: what else is mapped there.
    "domains.doorbell_ipa_page": ["domains.gicc_ipa_page", "mappings.ipa_page", "devices.ipa_page"],
    "domains.gicc_ipa_page": ["mappings.ipa_page", "devices.ipa_page"],
    "domains.channel_first": ["domains.channel_first"],
    "domains.channel_count": ["domains.channel_first", "caps.object"],
    "domains.budget_us": ["=period_us"],
    "domains.period_us": ["=budget_us"],
    # Regions are sorted; their mappings stand in their order, and are as long as they.
    "regions.page": ["=page_count", "regions.page"],
    "regions.page_count": ["regions.page", "mappings.ipa_page", "domains.vmm_entry",
                           "domains.vmm_stack", "domains.entry"],
    "regions.flags": ["=mappings.count", "mappings.space"],
    "regions.mappings.first": ["regions.mappings.first"],
    "regions.mappings.count": ["regions.mappings.first", "regions.mappings.count",
                               "mappings.region"],
    # Without a mapping, or in another's space, a start leads nowhere or two overlap.
    # What a VMM executes has no writer: the later one of the two mappings is named.
    **{f"mappings.{part}": ["mappings.ipa_page", "domains.vmm_entry", "domains.vmm_stack",
                            "domains.entry"] for part in ("domain", "ipa_page")},
    **{f"mappings.{part}": ["mappings.rights", "mappings.ipa_page", "domains.vmm_entry",
                            "domains.vmm_stack", "domains.entry"] for part in ("rights", "space")},
    "caps.type": ["=object", "doorbell_pages.caps"],
    # Of hardware: sorted, held by capabilities; MSIs are of a domain with streams.
    "domains.msi_ipa_page": ["=msi_count", "mappings.ipa_page", "devices.ipa_page"],
    "domains.msi_first": ["domains.msi_first", "irqs.virq"],
    "domains.msi_count": ["domains.msi_first", "irqs.virq"],
    "devices.page": ["=page_count", "devices.page"],
    "devices.page_count": ["=page", "devices.page", "=ipa_page"],
    "devices.domain": ["devices.ipa_page"],
    "devices.space": ["=ipa_page"],
    "irqs.intid": ["irqs.intid"],
    "irqs.domain": ["irqs.virq"],
    "streams.id": ["streams.id"],
    "streams.domain": ["caps.object", "mappings.space", "domains.msi_count"],
    "windows.page": ["windows.page", "window_rules.writable"],
    "windows.domain": ["caps.object", "window_rules.writable"],
    "windows.rules.first": ["windows.rules"],
    "windows.rules.count": ["windows.rules", "window_rules.window"],
    "window_rules.word": ["window_rules.word", "=writable", "window_rules.flags", "windows.rules"],
    "window_rules.writable": ["=keep"],
    "window_rules.keep": ["=writable"],
    "window_rules.initial": ["=writable"],
    "window_rules.flags": ["=initial", "=writable"],
    "doorbells.domain": ["caps.object"],
    "doorbells.kind": ["=number", "caps.object"],
}


def base(programs):
    """Two domains with one of everything that an image can hold."""
    setup = Setup(programs, 2)
    one = add_bystander(setup, "one", cpus=[0, 1], budget=(15000, 20000))
    two = add_bystander(setup, "two", cpus=[1])
    for domain, peer in ((one, two), (two, one)):
        domain.send(setup.system.doorbell(peer, 40))
        domain.doorbell_pages.append((0, 1))
    for domain, doorbell in ((one, 1), (two, 0)):
        domain.receive(doorbell)
    setup.system.share(2, one, two)
    add_hardware(setup.system, (one, two))
    return setup


def add_hardware(system, domains):
    """Of the machine's clock and second console, and of functions of PCI that are not there:
    nothing that a guest of these tests uses."""
    for n, domain in enumerate(domains):
        system.device(domain, (0x09010000, 0x09040000)[n], HARDWARE_IPA)
        system.line(domain, (34, 40)[n], 60)
        system.stream(domain, 8 * (1 + n))
        system.window(domain, abi.BOARD["ECAM_BASE"] + 0x8000 * (1 + n),
                      place_rules(0x406, 0x10000000, 0x1000))
        domain.msis = {"msi_ipa_page": HARDWARE_IPA // 4096 + 1, "msi_count": 8,
                       "msi_first": (abi.BOARD["MSI_FIRST"] or MSI_FIRST) + 8 * n}


class Mutation:
    """One change: name, place and bytes; what it changed, as (table, index, field); and which
    domains it concerns."""

    def __init__(self, name, offset, change, built):
        self.name, self.offset, self.change = name, offset, change
        self.touched = [(table, index, field) for table, index, field, at, size in built.fields
                        if at < offset + len(change) and offset < at + size]
        self.domains = {owner for table, index, _ in self.touched
                        for owner in built.owners(table, index)} | self._new_owners(built)

    def _new_owners(self, built):
        """Domains that an entry is about since it names another domain or region."""
        data = bytearray(built.data)
        data[self.offset:self.offset + len(self.change)] = self.change
        found = set()
        for table, index, field, at, size in built.fields:
            if (table, index, field) in self.touched and field in ("domain", "region"):
                value = int.from_bytes(data[at:at + size], "little")
                if field == "domain":
                    found.add(value)
                elif value < len(built.rows["regions"]):
                    found |= built.owners("regions", value)
        return found

    def blames_rightly(self, table, index, field):
        """Whether a refusal may name this entry."""
        said = f"{table}.{field}"
        for changed, at, name in self.touched:
            # A slice or a table's place is named as a whole.
            own = name in (field, field + ".first", field + ".count", field + ".offset")
            also = DEPENDENTS.get(f"{changed}.{name}", ())
            if said in also or ((changed, at) == (table, index) and (own or f"={field}" in also)):
                return True
        return False


def values(old, size):
    """What to put in the place of a field's value."""
    top = (1 << (8 * size)) - 1
    return [value for value in (0, old + 1, top, 1 << (8 * size - 1), old ^ 0x1000, top - old)
            if value != old and 0 <= value <= top]


def twin(built, table, index):
    """An entry of the same table that is about others."""
    return next((other for other in range(len(built.rows.get(table, ())))
                 if built.owners(table, other) != built.owners(table, index)), None)


def changes_of(built, table, index, field, places):
    """(what, bytes) of each change of one field."""
    offset, size = places[table, index, field]
    if size > 8:
        return [("without NUL", b"x" * size), ("unprintable", b"\x1b[2J\0")]
    old = int.from_bytes(built.data[offset:offset + size], "little")
    found = values(old, size)
    if table != "header":
        # Another choice for each field, the same in each run.
        found = random.Random(f"{table}[{index}].{field}").sample(
            found, min(VALUES_EACH, len(found)))
    changes = [(f"= {value:#x}", value.to_bytes(size, "little")) for value in dict.fromkeys(found)]
    other = twin(built, table, index)
    if other is not None:
        at, _ = places[table, other, field]
        if built.data[at:at + size] != built.data[offset:offset + size]:
            changes.append((f"as of [{other}]", built.data[at:at + size]))
    return changes


def mutations(built):
    """Every field of the header and of the first and the last entry of each table, and random
    ones."""
    last = {}
    for table, index, *_ in built.fields:
        last[table] = max(index, last.get(table, 0))
    places = {(table, index, field): (offset, size)
              for table, index, field, offset, size in built.fields}
    chosen = []
    for (table, index, field), (offset, _) in places.items():
        if index in (0, last[table]):
            chosen += [Mutation(f"{table}[{index}].{field} {what}", offset, change, built)
                       for what, change in changes_of(built, table, index, field, places)]
    done = {(table, field) for m in chosen for table, _, field in m.touched}
    for table, struct in [("header", "pv_image_header")] + TABLES:
        for leaf in abi.leaves(struct):
            assert (table, leaf.name) in done, f"nothing changes {table}.{leaf.name}"
    return chosen + random_changes(built)


def random_changes(built):
    """Changes of several bytes at once, anywhere in header and tables."""
    source = random.Random(7)
    end = max(offset + size for *_, offset, size in built.fields)
    found = []
    for number in range(RANDOM_MORE):
        offset = source.randrange(end - 8)
        found.append(Mutation(f"random {number}: 8 bytes at {offset:#x}", offset,
                              source.randbytes(8), built))
    return found


def judge_domain(domain, lines, why, concerned):
    """What is wrong with a domain of a system that booted from a corrupted image."""
    failures = [line for line in lines if line.startswith("FAIL")]
    if concerned:
        return [line for line in failures if "memory" in line]
    if failures:
        return failures
    if not any(line.startswith("end ") for line in lines):
        return [f"{domain.name} did not come to its end"]
    if why not in (None, "poweroff"):  # None: the run was over before it was told
        return [f"{domain.name} stopped: {why}"]
    return []


def judge(setup, mutation, run):
    """What is wrong with the run of a corrupted image."""
    for found in filter(None, map(REFUSED.match, run.log)):
        table, index, field = found.group(1), int(found.group(2)), found.group(3)
        if not mutation.blames_rightly(table, index, field):
            return [f"it blames {table}[{index}].{field}"]
        return [] if run.status == 0 else ["refused, but the machine did not end"]
    log = "\n".join(run.log)
    if re.search(r"panic|assert|fault at EL2|unexpected|refused", log, re.I):
        return [f"the kernel broke: {log[-200:]}"]
    # The last line may not be whole yet, and says "p" of a domain that powered off.
    whole = run.demux.lines(0)[:-1]
    stops = dict(found.groups() for found in filter(None, map(STOPPED.match, whole)))
    bad = []
    if not any(line.startswith("end ") for channel in (1, 2) for line in run.channel(channel)):
        bad.append(f"neither refused nor alive; log: {log[-200:] or 'empty'}")
    for domain in setup.system.domains:
        bad += [f"{domain.name}: {what}" for what in judge_domain(
            domain, run.channel(1 + domain.index), stops.get(domain.name),
            domain.index in mutation.domains)]
    return bad


def run_one(runner, setup, built, mutation):
    data = bytearray(built.data)
    data[mutation.offset:mutation.offset + len(mutation.change)] = mutation.change
    path = runner.image_file(mutation.name, bytes(data))

    def enough(demux):
        """Everybody whom it does not concern is at its end, and one at least in any case."""
        ended = {c - 1 for c in (1, 2)
                 if any(line.startswith("end ") for line in demux.lines(c)[:-1])}
        return ended and ended >= {0, 1} - mutation.domains

    run = machine.run(path, 2, LIMIT, until=enough)
    bad = judge(setup, mutation, run)
    return bad, [f"    log: {line}" for line in run.log] if bad else []


def work(programs):
    """Name -> function of the runner."""
    setup = base(programs)
    built = setup.system.build()
    return {f"corrupt {m.name}": functools.partial(run_one, setup=setup, built=built, mutation=m)
            for m in mutations(built)}
