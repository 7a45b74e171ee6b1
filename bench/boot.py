# SPDX-License-Identifier: BSD-2-Clause
"""Seconds from power-on to the shell: the guest kernel alone in QEMU, and both VMs of a pair, in
turns on the same machine. What counts is the same line of the same init on each console.
"""
import os
import re
import selectors
import subprocess
import tempfile
import time

import abi  # of tests/baremetal

SHELL = "built-in shell (ash)"
CMDLINE = "console=ttyAMA0 quiet loglevel=4 panic=-1"
LIMIT = 180


def plain_command(build):
    guest = os.path.join(build, "share/peervisor/guest")
    return ["qemu-system-aarch64", "-M", f"virt,gic-version={abi.BOARD['GIC_VERSION']}", "-cpu",
            "cortex-a72", "-smp", "1", "-m", "256M", "-nodefaults", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-kernel", os.path.join(guest, "Image"), "-initrd",
            os.path.join(guest, "base.cpio"), "-append", CMDLINE]


def plain(build):
    start = time.monotonic()
    with subprocess.Popen(plain_command(build), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        said = b""
        selector = selectors.DefaultSelector()
        selector.register(process.stdout, selectors.EVENT_READ)
        try:
            while SHELL.encode() not in said:
                if not selector.select(max(0, start + LIMIT - time.monotonic())):
                    raise TimeoutError("the plain kernel has not booted")
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    raise OSError(f"QEMU ended: {said[-300:]}")
                said += data
            return time.monotonic() - start
        finally:
            process.kill()


def pair(build, topology):
    """(seconds, QEMU's command line, as topo's log of QEMU begins with it)"""
    topo, name = os.path.join(build, "topo"), "bench-pair"
    with tempfile.TemporaryDirectory(prefix="pv-bench-") as logs:
        try:
            subprocess.run([topo, "run", "--detach", "--timeout", str(LIMIT), "--no-advice",
                            "--board", abi.BOARD["NAME"], "--name", name, "--log-dir", logs,
                            topology], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            seconds = shells(topo, name)
            with open(os.path.join(logs, "qemu.log"), encoding="utf-8") as log:
                return seconds, log.readline().strip()
        finally:
            subprocess.run([topo, "stop", name], check=False, stdout=subprocess.DEVNULL)


def shells(topo, name):
    """When the last of two VMs showed its shell, by the clock of the system's log."""
    times = {}
    with subprocess.Popen([topo, "logs", "--follow", "--name", name], text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as log:
        for line in log.stdout:
            found = re.match(r"^\[\s*([\d.]+)\] (\w+): .*" + re.escape(SHELL), line)
            if found:
                times[found.group(2)] = float(found.group(1))
            if len(times) == 2:
                log.kill()
    if len(times) != 2:
        raise ValueError(f"shells of {sorted(times)} only")
    return max(times.values())


def compare(build, topology, rounds):
    """(best plain, best pair, their commands): the best of some, since others use the machine."""
    turns = [(plain(build), *pair(build, topology)) for _ in range(rounds)]
    return (min(t[0] for t in turns), min(t[1] for t in turns),
            (" ".join(plain_command(build)), turns[-1][2]))
