# SPDX-License-Identifier: BSD-2-Clause
"""Which registers a VMM can touch, while its guest has opened to EL0 all that an EL1 can open.

A VMM that touches what it may not is lost with its VM, so each access is a domain of its own, with
the instruction filled into its program; 32 of them make a system. By architecture EL0 reaches
registers of op1 3 alone. Most of their encodings are not allocated; by default those are touched
that EL0 could have, with --all-registers every one.
"""
import functools
import os
import re

import abi
import machine
from cases import Setup

MRS, MSR, SYS = 0xd5300000, 0xd5100000, 0xd5080000
GROUP = abi.PV_DOMAINS_MAX
LIMIT = 60
CPUS = ("cortex-a72", "max")
STOPPED = re.compile(r"^pv: domain (\S+) stopped: (\w+)")

# Registers by (op0, op1, CRn, CRm, op2): what a VMM may do, and why that is nobody else's.
STATE = "in its saved PSTATE"
MAY = {
    (3, 3, 0, 0, 7): ("r", "DCZID_EL0", "constant: SCTLR_EL1.DZE is 0, it reads as prohibited"),
    (3, 3, 2, 4, 0): ("r", "RNDR", "random numbers, new ones for each"),
    (3, 3, 2, 4, 1): ("r", "RNDRRS", "random numbers, new ones for each"),
    (3, 3, 4, 2, 0): ("rw", "NZCV", STATE),
    (3, 3, 4, 2, 5): ("rw", "DIT", STATE),
    (3, 3, 4, 2, 6): ("rw", "SSBS", STATE),
    (3, 3, 4, 2, 7): ("rw", "TCO", STATE),
    (3, 3, 13, 0, 2): ("rw", "TPIDR_EL0", "switched"),
    (3, 3, 13, 0, 3): ("r", "TPIDRRO_EL0", "switched"),
    (3, 3, 14, 0, 0): ("r", "CNTFRQ_EL0", "constant"),
    (3, 3, 14, 0, 2): ("r", "CNTVCT_EL0", "time, the same for all"),
    (3, 3, 14, 0, 6): ("r", "CNTVCTSS_EL0", "time, the same for all"),
}
# Where EL0 has registers, or may get them: CRn and CRm of op0 3, op1 3.
NAMED = [(0, 0), (2, 4), (2, 5), (4, 2), (4, 4), (9, 12), (9, 13), (9, 14), (10, 2), (13, 0),
         (13, 2), (14, 0), (14, 2), (14, 3), (14, 8), (14, 12), (14, 15)]


def encoding(op0, op1, crn, crm, op2):
    return op0 << 19 & 0x80000 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5


def accesses(everything):
    """(name, instruction, whether the VMM may) of each access."""
    found = []
    for op0 in (2, 3):
        for crn, crm in [(n, m) for n in range(16) for m in range(16)]:
            if not everything and (crn, crm) not in (NAMED if op0 == 3 else [(0, 1), (0, 4)]):
                continue
            for op2 in range(8):
                fields = (op0, 3, crn, crm, op2)
                may, name, _ = MAY.get(fields, ("", "S%d_%d_C%d_C%d_%d" % fields, ""))
                for letter, base in (("r", MRS), ("w", MSR)):
                    found.append((f"{letter} {name}", base | encoding(*fields), letter in may))
    # Cache maintenance, DC ZVA, prediction restrictions: SYS with op1 3, CRn 7.
    for crm, op2 in [(m, n) for m in range(16) for n in range(8)]:
        found.append((f"SYS C7_C{crm}_{op2}", SYS | 3 << 16 | 7 << 12 | crm << 8 | op2 << 5, False))
    return found


def run_group(runner, cpu, group):
    """Names of those accesses of a group that did what they may not, or not what they may."""
    setup = Setup(runner.programs)
    for number, (_, instruction, _) in enumerate(group):
        setup.add(f"d{number}", guest="guest_opened", vmm="vmm_instruction_any",
                  vmm_code=instruction, reports=False)
    path = runner.image_file(f"el0-{cpu}-{group[0][0]}", setup.system.build().data)
    done = machine.run(path, 1, LIMIT, ["-cpu", cpu])
    os.unlink(path)
    stops = dict(found.groups() for found in map(STOPPED.match, done.log) if found)
    bad = []
    for number, (name, _, may) in enumerate(group):
        ends = ("poweroff", "vmm") if may and cpu != "max" else ("poweroff",) if may else ("vmm",)
        if stops.get(f"d{number}") not in ends:
            bad.append(f"{name}: {stops.get(f'd{number}')}")
    return bad


def run(runner, cpu, everything):
    """What is wrong, and what to show of it."""
    work = accesses(everything)
    bad = []
    for first in range(0, len(work), GROUP):
        bad += run_group(runner, cpu, work[first:first + GROUP])
    return bad, []


def work(everything):
    """Name -> function of the runner."""
    return {f"registers that a VMM can touch on {cpu}":
            functools.partial(run, cpu=cpu, everything=everything) for cpu in CPUS}
