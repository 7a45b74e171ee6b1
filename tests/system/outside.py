# SPDX-License-Identifier: BSD-2-Clause
"""What is around a machine: a port of the build host that leads to a function of it, QEMU's monitor,
the picture on a screen. For Scenarios whose VMs have hardware.
"""
import hashlib
import json
import os
import socket
import tempfile
import threading

from harness import LIMIT, ensure

NIC = "10.0.2.15"  # what QEMU's network of its user leads a forwarded port to
ENTRANCE, ECHO = 5000, 5001


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Monitor:
    """QEMU's, by its protocol of JSON lines (QMP)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rw", encoding="utf-8")
        json.loads(self.lines.readline())
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        while True:
            answer = json.loads(self.lines.readline())
            if "event" not in answer:
                ensure("return" in answer, f"{command}: {answer}")
                return answer["return"]

    def close(self):
        self.lines.close()
        self.socket.close()


class Outside:
    """For a Scenario: files behind its disks, a forwarded port, the monitor."""
    disks = {}  # macro of the topology -> bytes

    def prepare(self):
        self.directory = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.written = {}
        self.system.arguments += [
            "-D", f'FORWARD="{self.port}:{ENTRANCE}"',
            "--qemu-arg=-qmp", f"--qemu-arg=unix:{self.file('monitor')},server=on,wait=off"]
        for name, size in self.disks.items():
            with open(self.file(name), "wb") as out:
                out.truncate(size)
            self.system.arguments += ["-D", f'{name}="{self.file(name)}"']

    def file(self, name):
        return os.path.join(self.directory.name, name)

    def monitor(self):
        return Monitor(self.file("monitor"))

    def screen(self, slot):
        """(width, height, rows) of the screen of the function in a slot."""
        monitor = self.monitor()
        monitor.ask("screendump", filename=self.file("shot"), device=f"slot{slot}", format="ppm")
        monitor.close()
        with open(self.file("shot"), "rb") as file:
            kind, size, depth, data = file.read().split(b"\n", 3)
        width, height = map(int, size.split())
        ensure(kind == b"P6" and depth == b"255" and len(data) == 3 * width * height,
               f"a picture of {width} x {height} has {len(data)} bytes")
        return width, height, [data[y * 3 * width:(y + 1) * 3 * width] for y in range(height)]

    def await_nic(self, vm):
        """The root file system raises it by itself; the card may need a while."""
        self.system.wait("the link is up", lambda: self.system.shell(
            vm, f"set -- $(ip -4 -o addr show up to {NIC}); "
            "cat /sys/class/net/$2/carrier || true").strip() == "1")

    def listen(self, vm, port, program):
        """Let a program talk to whoever connects."""
        self.system.shell(vm, f"nc -ll -p {port} -e {program} < /dev/null > /dev/null 2>&1 &")
        self.system.wait(f"{vm} listens", lambda: f":{port}" in self.system.shell(
            vm, "netstat -ltn || true"))

    def exchange(self, vm, count):
        """From outside through the forwarded port: @vm says its name and all that it hears."""
        sent = os.urandom(count)
        want = f"{vm}\n".encode() + sent
        got = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT) as stream:
            sender = threading.Thread(target=stream.sendall, args=(sent,))
            sender.start()
            while len(got) < len(want):
                piece = stream.recv(65536)
                ensure(piece, f"the stream ends after {len(got)} of {len(want)} bytes")
                got += piece
            sender.join()
        ensure(got == want, f"other bytes came back: {got[:40]}")

    def write(self, vm, disk, name, count):
        """Random bytes to the beginning of a disk that is in the end in the file @name."""
        data = os.urandom(count)
        said = self.system.shell(vm, f"cat > /tmp/bytes; dd if=/tmp/bytes of=/dev/{disk} bs=4k "
                                 "conv=fsync 2>/dev/null; sha256sum < /tmp/bytes", stdin=data)
        ensure(said.split()[0] == digest(data), "the VM got other bytes")
        self.written.setdefault(name, []).append(data)

    def ensure_kept(self):
        """The files have all that was written, block by block: between VM and file there may be a
        file system."""
        for name, pieces in self.written.items():
            with open(self.file(name), "rb") as file:
                kept = file.read()
            for data in pieces:
                for at in range(0, len(data), 4096):
                    ensure(data[at:at + 4096] in kept, f"{name} lacks bytes {at} and more")
