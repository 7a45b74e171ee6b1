# SPDX-License-Identifier: BSD-2-Clause
"""How the work grows with a topology, in instructions, which other loads of the machine do not add to.

Four times the VMs cost 5 times as much where it grows as n log n, and 16 times where each VM, or
each line that is printed, looks at all others.
"""
import os
import re
import subprocess

SMALL, LARGE, GROWTH_MAX = 250, 1000, 7
# Not PV_TOPO: valgrind runs no program that is under ASan.
TOPO = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                    os.environ.get("BUILD", "build"), "topo")


def instructions(command, status):
    """Of one process, None if it ends with another status."""
    done = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no",
                           "--cachegrind-out-file=/dev/null", *command], text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    counted = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    return int(counted[1].replace(",", "")) if counted and done.returncode == status else None


def problem(off, write, generated):
    """Two topologies that have no VM in common: each line of both is a difference."""
    counts = []
    for count in (SMALL, LARGE):
        one = write(generated("mesh", count), "one.camkes")
        other = write(re.sub(r'(\bvm_|[(" ])n(?=\d)', r"\1m", generated("mesh", count)), "other.camkes")
        counts.append(instructions([TOPO, "diff", "--off", off, one, other], 1))
    if None in counts:
        return "the exit status is not 1, or valgrind does not run"
    growth = counts[1] / counts[0]
    return "" if growth <= GROWTH_MAX else f"{growth:.1f} times for {LARGE // SMALL} times the VMs"
