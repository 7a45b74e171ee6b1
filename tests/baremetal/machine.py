# SPDX-License-Identifier: BSD-2-Clause
"""Run one image in QEMU and take its UART apart into channels (abi/mux.h)."""
import os
import selectors
import subprocess
import time

import abi

QEMU = "qemu-system-aarch64"


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
    return [QEMU, "-M", "virt,virtualization=on,gic-version=2", "-cpu", "cortex-a72",
            "-smp", str(cpus), "-m", "128M", "-nodefaults", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-kernel", image_path] + list(extra)


def run(image_path, cpus, limit, extra=(), until=None, feed=None):
    """Run to the machine's end, or to `limit` seconds, or until `until(demux)` is true. `feed`:
    (channel text to wait for, bytes to send then)."""
    start = time.monotonic()
    process = subprocess.Popen(command(image_path, cpus, extra), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    demux = Demux()
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    status = None
    try:
        while True:
            left = limit - (time.monotonic() - start)
            if left <= 0:
                break
            if not selector.select(left):
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
    return Run(demux, status, time.monotonic() - start)
