# SPDX-License-Identifier: BSD-2-Clause
"""Seconds from power-on to the shell: the guest kernel alone in QEMU, and both VMs of a pair, in
turns on the same machine. What counts is the same line of the same init on each console.
"""
import os
import re
import selectors
import subprocess
import time

SHELL = "built-in shell (ash)"
CMDLINE = "console=ttyAMA0 quiet loglevel=4 panic=-1"
LIMIT = 180


def plain_command(build):
    guest = os.path.join(build, "share/peervisor/guest")
    return ["qemu-system-aarch64", "-M", "virt,gic-version=2", "-cpu", "cortex-a72", "-smp", "1",
            "-m", "256M", "-nodefaults", "-display", "none", "-monitor", "none", "-serial",
            "stdio", "-kernel", os.path.join(guest, "Image"), "-initrd",
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
    topo, name = os.path.join(build, "topo"), "bench-pair"
    try:
        subprocess.run([topo, "run", "--detach", "--timeout", str(LIMIT), "--no-advice", "--name",
                        name, topology], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        return shells(topo, name)
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
    seconds = [(plain(build), pair(build, topology)) for _ in range(rounds)]
    return (min(s[0] for s in seconds), min(s[1] for s in seconds),
            (" ".join(plain_command(build)), f"topo run --detach {topology}; topo logs"))
