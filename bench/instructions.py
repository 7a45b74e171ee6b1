# SPDX-License-Identifier: BSD-2-Clause
"""Count executed instructions by place, without anything in the kernel that helps: QEMU executes
one instruction at a time, in turn on all CPUs, on a clock of instructions, and logs the address of
each that lies in EL2's or the VMM's text, or is a guest's mark. Two runs give the same numbers.
"""
import bisect
import collections
import os
import re
import subprocess

import image
import machine

TRACE = re.compile(rb"^Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/")


def text_range(elf):
    (address, body, _) = elf.segments[0]
    return address, len(body)


def command(path, system, ranges, log, shift):
    base = machine.command(path, system.cpus, system.extra)
    place = base.index("-kernel")
    return base[:place] + [
        "-accel", "tcg,one-insn-per-tb=on", "-icount", f"shift={shift},sleep=off",
        "-d", "exec,nochain", "-dfilter", ",".join(f"{a:#x}+{n:#x}" for a, n in ranges),
        "-D", log] + base[place:]


class Count:
    """Instructions of one event: at EL2 on each CPU, and at EL0."""

    def __init__(self, rounds, el2, el0, places, shown):
        self.rounds, self.el2, self.el0, self.shown = rounds, el2, el0, shown
        self.places = places  # address -> how often, all rounds

    def functions(self, elf):
        """(instructions of one event, function) by the symbols of `elf`, the most first."""
        starts = sorted((value, name) for name, value in elf.symbols.items()
                        if name and not name.startswith("$"))
        addresses = [value for value, _ in starts]
        sums = collections.Counter()
        for address, number in self.places.items():
            sums[starts[bisect.bisect_right(addresses, address) - 1][1]] += number
        return [(number / self.rounds, name) for name, number in sums.most_common()]

    @property
    def el2_total(self):
        return sum(self.el2.values())


def run(build, directory, name, system, ranges, shift=0):
    """Run `system`, an instruction of which takes 2^shift ns, with a log of what it executes in
    `ranges`: (log, the command as shown)."""
    path, log = (os.path.join(directory, name + suffix) for suffix in (".img", ".log"))
    with open(image.kernel_binary(build), "rb") as file:
        data = image.with_kernel(file.read(), system.build().data)
    with open(path, "wb") as file:
        file.write(data)
    line = command(path, system, ranges, log, shift)
    subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=600, check=True)
    return log, " ".join(line)


def count(build, directory, name, system, mark, kernel, vmm, shift=0):
    """Run `system`; average between the first and the last mark. kernel, vmm: (address, bytes)."""
    log, shown = run(build, directory, name, system, [kernel, vmm, (mark, 4)], shift)
    return tally(log, mark, kernel, vmm, shown)


def longest(build, directory, name, system, mark, kernel, elf):
    """The most instructions at EL2 between an exception from below, or the end of a sleep, and the
    next return or sleep, between the first and the last mark: (instructions, the command)."""
    log, shown = run(build, directory, name, system, [kernel, (mark, 4)])
    vectors = elf.symbols["vectors"]
    starts = {vectors + 0x400 + 0x80 * n for n in range(8)} | {elf.symbols["arch_idle"]}
    best, so_far, path, marked = 0, 0, collections.Counter(), False
    with open(log, "rb") as lines:
        for match in filter(None, map(TRACE.match, lines)):
            cpu, pc = int(match.group(1)), int(match.group(2), 16)
            if pc == mark:
                marked, best = True, so_far
            elif pc in starts or not marked:
                path[cpu] = 0
            path[cpu] += pc != mark
            so_far = max(so_far, path[cpu])
    os.unlink(log)
    return best, shown


def tally(log, mark, kernel, vmm, shown):
    el2, el0, places, marks = collections.Counter(), 0, collections.Counter(), 0
    pending = []
    with open(log, "rb") as lines:
        for match in filter(None, map(TRACE.match, lines)):
            cpu, pc = int(match.group(1)), int(match.group(2), 16)
            if pc == mark:
                if marks:  # what lies between two marks belongs to the first
                    for where, address in pending:
                        if kernel[0] <= address < kernel[0] + kernel[1]:
                            el2[where] += 1
                            places[address] += 1
                        else:
                            el0 += 1
                marks += 1
                pending = []
            else:
                pending.append((cpu, pc))
    os.unlink(log)
    rounds = marks - 1
    return Count(rounds, {cpu: n / rounds for cpu, n in el2.items()}, el0 / rounds, places, shown)


WFE = 0xd503205f


def lock_waits(build, directory, system, mark):
    """How often the CPUs turned in wait loops of locks, between each two marks, sorted. Not with
    -icount, which runs one CPU at a time: two CPUs run at once, so two runs differ. The loops are
    found by their WFE; the kernel has no other."""
    (address, body, _) = image.kernel_elf(build).segments[0]
    loops = [address + at for at in range(0, len(body) - 3, 4)
             if int.from_bytes(body[at:at + 4], "little") == WFE]
    path, log = (os.path.join(directory, "waits" + suffix) for suffix in (".img", ".log"))
    with open(image.kernel_binary(build), "rb") as file:
        data = image.with_kernel(file.read(), system.build().data)
    with open(path, "wb") as file:
        file.write(data)
    base = machine.command(path, system.cpus)
    place = base.index("-kernel")
    line = base[:place] + ["-accel", "tcg,thread=multi", "-d", "exec,nochain", "-dfilter",
                           ",".join(f"{a:#x}+4" for a in loops + [mark]), "-D", log] + base[place:]
    subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=600, check=True)
    rounds = []
    with open(log, "rb") as lines:
        for match in filter(None, map(TRACE.match, lines)):
            if int(match.group(2), 16) == mark:
                rounds.append(0)
            elif rounds:
                rounds[-1] += 1
    os.unlink(log)
    return sorted(rounds[:-1]), " ".join(line)
