# SPDX-License-Identifier: BSD-2-Clause
"""Two CPUs that run at once and ring each other wait for no lock: a poke that is sent while one is
held sends the CPU that it wakes into thousands of turns of a wait loop. Judged by the distribution
of the rounds, not by time: 99 of 100. A holder may lose its host CPU in any single round, and on a
busy host in many: one run of several that waits for nothing is enough, since with the fault an idle
host shows it in every round of every run."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
# pylint: disable=wrong-import-position
import instructions
from image import Domain, System

NAME = "lock waits of two CPUs at once"
TURNS_MOST = 10
RUNS = 5


def run(runner):
    system = System(runner.programs, 2)
    pair = [system.add(Domain(f"vm{n}", "guest_bench_rounds_asleep", cpus=[n],
                              guest_params=[1 - n])) for n in range(2)]
    bells = [system.doorbell(domain) for domain in pair]
    for n, domain in enumerate(pair):
        domain.send(bells[1 - n])
        domain.receive(bells[n])
        domain.doorbell_pages.append((0, 1))
    counts = []
    for _ in range(RUNS):
        waits = instructions.lock_waits(runner.build, runner.directory, system,
                                        system.guest_elf.symbols["bench_mark"])[0]
        long = sum(turns > TURNS_MOST for turns in waits)
        if waits and long <= len(waits) // 100:
            return [], []
        counts.append(f"{long} of {len(waits)}, up to {max(waits, default=0)} turns")
    return ["rounds that wait, in each run: " + "; ".join(counts)], []
