# SPDX-License-Identifier: BSD-2-Clause
"""How CPU time grows with a topology: of two runs on one machine, so no clock sets a bound.

Four times the VMs cost 4.8 times as much where it grows as n log n, and 16 times where each VM, or
each line that is printed, looks at all others.
"""
import os
import re
import subprocess

SMALL, LARGE, GROWTH_MAX, RUNS = 500, 2000, 9, 3


def cpu_seconds(command, status):
    """The least of some runs: what else the machine does only adds to it."""
    least = None
    for _ in range(RUNS):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, raw, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(raw)
        if child.returncode != status:
            return None
        seconds = usage.ru_utime + usage.ru_stime
        least = seconds if least is None else min(least, seconds)
    return least


def problem(topo, off, write, generated):
    """Two topologies that have no VM in common: each line of both is a difference."""
    seconds = []
    for count in (SMALL, LARGE):
        one = write(generated("mesh", count), "one.camkes")
        other = write(re.sub(r'(\bvm_|[(" ])n(?=\d)', r"\1m", generated("mesh", count)), "other.camkes")
        seconds.append(cpu_seconds([topo, "diff", "--off", off, one, other], 1))
    if None in seconds:
        return "the exit status is not 1"
    growth = seconds[1] / seconds[0]
    return "" if growth <= GROWTH_MAX else f"{growth:.1f} times for {LARGE // SMALL} times the VMs"
