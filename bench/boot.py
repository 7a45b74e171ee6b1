# SPDX-License-Identifier: BSD-2-Clause
"""Seconds from power-on to the shell: the guest kernel alone in QEMU, and both VMs of a pair, in
turns on the same machine. What counts is the same line of the same init on each console. Then the
device VM of that pair is started anew: seconds until its connection is up again.
"""
import contextlib
import json
import os
import re
import selectors
import subprocess
import tempfile
import threading
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
    """(seconds, those of a restart, QEMU's command line, as topo's log of QEMU begins with it)"""
    topo, name = os.path.join(build, "topo"), "bench-pair"
    with tempfile.TemporaryDirectory(prefix="pv-bench-") as logs:
        try:
            subprocess.run([topo, "run", "--detach", "--timeout", str(LIMIT), "--no-advice",
                            "--board", abi.BOARD["NAME"], "--name", name, "--log-dir", logs,
                            topology], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            seconds = shells(topo, name)
            with open(os.path.join(logs, "qemu.log"), encoding="utf-8") as log:
                return seconds, comes_back(topo, name), log.readline().strip()
        finally:
            subprocess.run([topo, "stop", name], check=False, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def said_by(*command):
    """Lines of a command that goes on by itself: it ends with the block, and after LIMIT."""
    with subprocess.Popen(command, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        late = threading.Timer(LIMIT, process.kill)
        late.start()
        try:
            yield process.stdout
        finally:
            late.cancel()
            process.kill()


def shells(topo, name):
    """When the last of two VMs showed its shell, by the clock of the system's log."""
    times = {}
    with said_by(topo, "logs", "--follow", "--name", name) as log:
        for line in log:
            found = re.match(r"^\[\s*([\d.]+)\] (\w+): .*" + re.escape(SHELL), line)
            if found:
                times[found.group(2)] = float(found.group(1))
            if len(times) == 2:
                return max(times.values())
    raise ValueError(f"shells of {sorted(times)} only")


def comes_back(topo, name):
    """From the wish that the device VM begin anew until its next session is up with all its devices."""
    told, before, start = {}, None, None
    with said_by(topo, "events", "--json", name) as events:
        for line in events:
            event = json.loads(line)
            if event["event"] == "connection":
                told = event
            elif event["event"] == "now":
                before = told["sessions"]
                start = time.monotonic()
                subprocess.run([topo, "restart", "--force", "--name", name, "device"], check=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if before is not None and told["sessions"] > before and ready(told):
                return time.monotonic() - start
    raise ValueError(f"the connection does not come back: {told}")


def ready(connection):
    """A disk in the RAM of the VM that began anew is lost, and that is all that is to be had of it."""
    return all(device["state"] in ("ready", "lost") for device in connection["devices"])


def compare(build, topology, rounds):
    """(best plain, best pair, best restart, their commands): the best of some, since others use the
    machine."""
    turns = [(plain(build), *pair(build, topology)) for _ in range(rounds)]
    return (*(min(t[i] for t in turns) for i in range(3)),
            (" ".join(plain_command(build)), turns[-1][3]))
