# SPDX-License-Identifier: BSD-2-Clause
"""Run one image in QEMU and take its UART apart into channels (abi/mux.h)."""
import os
import selectors
import subprocess
import tempfile
import time

import abi

QEMU = "qemu-system-aarch64"
# A limit is one of the CPU time that QEMU takes, which other loads of the host do not change. What
# sleeps takes none: it is ended after so many times as long.
PATIENCE = 20
LOOK_SECONDS = 1


class Demux:
    """Bytes of the UART in, text of each channel out."""

    def __init__(self):
        self.text = {}
        self.channel = 0
        self.escaped = False

    def feed(self, data):
        for byte in data:
            if self.escaped:
                self.escaped = False
                if byte == abi.PV_MUX_ESC:
                    self._put(byte)
                elif byte < abi.PV_CHANNELS_MAX:
                    self.channel = byte
            elif byte == abi.PV_MUX_ESC:
                self.escaped = True
            else:
                self._put(byte)

    def _put(self, byte):
        self.text.setdefault(self.channel, bytearray()).append(byte)

    def lines(self, channel):
        return self.text.get(channel, b"").decode("ascii", "replace").split("\n")


class Run:
    """The end of a run: channels, QEMU's exit status or None when it was killed at the limit."""

    def __init__(self, demux, status, seconds):
        self.demux, self.status, self.seconds = demux, status, seconds

    def channel(self, number):
        return self.demux.lines(number)

    @property
    def log(self):
        return [line for line in self.demux.lines(0) if line]


def command(image_path, cpus, extra=()):
    return [QEMU, "-M", abi.BOARD["QEMU_MACHINE"], "-cpu", abi.BOARD["QEMU_CPU"],
            "-smp", str(cpus), "-m", "128M", "-nodefaults", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-kernel", image_path] + list(extra)


def cpu_seconds(pid):
    """CPU time of a process of ours, which has not been waited for."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def run(image_path, cpus, limit, extra=(), until=None, feed=None):
    """Run to the machine's end, or to `limit` seconds of CPU time, or until `until(demux)` is true. `feed`:
    (channel text to wait for, bytes to send then)."""
    start = time.monotonic()
    said = tempfile.TemporaryFile()  # QEMU's own words are none of the machine's
    process = subprocess.Popen(command(image_path, cpus, extra), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=said)
    demux = Demux()
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    status = None
    try:
        while True:
            if cpu_seconds(process.pid) > limit or time.monotonic() - start > PATIENCE * limit:
                break
            if not selector.select(LOOK_SECONDS):
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                status = process.wait(timeout=10)
                break
            demux.feed(data)
            if feed and any(feed[0] in bytes(text) for text in demux.text.values()):
                process.stdin.write(feed[1])
                process.stdin.flush()
                feed = None
            if until and until(demux):
                break
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        with said:
            said.seek(0)
            words = said.read() if status != 0 else b""
    if words:
        demux.channel = 0
        demux.feed(b"\n" + words)
    return Run(demux, status, time.monotonic() - start)
