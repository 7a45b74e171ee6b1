# SPDX-License-Identifier: BSD-2-Clause
"""Corrupted system images: every field of the header and of every kind of table entry, changed in
several ways, is refused with a message that names an entry, or boots without harm.

"Without harm" is judged by a system of two domains that share a page and a doorbell: a domain
whose own entry was changed may do whatever its rights allow, but the kernel must neither panic nor
hang, and one domain at least must live on to the end of its work.
"""
import random
import re

import machine
from cases import Setup

REFUSED = re.compile(r"^pv: image refused: (\w+)\[(\d+)\]\.([\w.]+): .+")
LIMIT = 10
ENTRIES = 2   # of each table: the first, and the last
RANDOM_MORE = 60


def base(programs):
    """Two domains with one of everything that an image can hold."""
    setup = Setup(programs, 2)
    one = setup.add("one", guest="guest_bystander", guest_params=[20], cpus=[0, 1])
    two = setup.add("two", guest="guest_bystander", guest_params=[20], cpus=[1])
    for domain, peer in ((one, two), (two, one)):
        domain.send(setup.system.doorbell(peer, 40))
        domain.doorbell_pages.append((0, 1))
    for domain, doorbell in ((one, 1), (two, 0)):
        domain.receive(doorbell)
    setup.system.share(2, one, two)
    return setup


def values(old, size):
    """What to put in the place of a field's value."""
    top = (1 << (8 * size)) - 1
    return [value for value in (0, old + 1, top, 1 << (8 * size - 1), old ^ 0x1000, top - old)
            if value != old and 0 <= value <= top]


def mutations(built):
    """(name, offset, bytes) of each single change, the same in each run."""
    last = {}
    for table, index, *_ in built.fields:
        last[table] = max(index, last.get(table, 0))
    chosen = []
    for table, index, field, offset, size in built.fields:
        if index not in (0, last[table]):
            continue
        if size > 8:
            chosen += [(f"{table}[{index}].{field} without NUL", offset, b"x" * size),
                       (f"{table}[{index}].{field} unprintable", offset, b"\x1b[2J\0")]
            continue
        old = int.from_bytes(built.data[offset:offset + size], "little")
        chosen += [(f"{table}[{index}].{field} = {value:#x}", offset,
                    value.to_bytes(size, "little")) for value in values(old, size)]
    # All of the header, a sample of the rest; the sample is fixed.
    header = [c for c in chosen if c[0].startswith("header")]
    rest = [c for c in chosen if not c[0].startswith("header")]
    sample = random.Random(20).sample(rest, min(len(rest), 260))
    return header + sample + random_changes(built)


def random_changes(built):
    """Changes of several bytes at once, anywhere in header and tables."""
    source = random.Random(7)
    end = max(offset + size for *_, offset, size in built.fields)
    found = []
    for number in range(RANDOM_MORE):
        offset = source.randrange(end - 8)
        found.append((f"random {number}: 8 bytes at {offset:#x}", offset, source.randbytes(8)))
    return found


def judge(run):
    """What is wrong with the run of a corrupted image."""
    log = "\n".join(run.log)
    if any(REFUSED.match(line) for line in run.log):
        return [] if run.status == 0 else ["refused, but the machine did not end"]
    if re.search(r"panic|assert|fault at EL2|unexpected", log, re.I):
        return [f"the kernel broke: {log[-200:]}"]
    ended = [channel for channel in (1, 2)
             if any(line.startswith("end ") for line in run.channel(channel))]
    if not ended:
        return [f"neither refused nor alive; log: {log[-200:] or 'empty'}"]
    return []


def run_one(runner, built, mutation):
    name, offset, change = mutation
    data = bytearray(built.data)
    data[offset:offset + len(change)] = change
    path = runner.image_file(name, bytes(data))

    def enough(demux):
        return all(any(line.startswith("end ") for line in demux.lines(c)[:-1]) for c in (1, 2))

    run = machine.run(path, 2, LIMIT, until=enough)
    bad = judge(run)
    return bad, [f"    log: {line}" for line in run.log] if bad else []


def submit(pool, runner):
    built = base(runner.programs).system.build()
    return [(f"corrupt {m[0]}", pool.submit(run_one, runner, built, m)) for m in mutations(built)]
