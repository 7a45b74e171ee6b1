# SPDX-License-Identifier: BSD-2-Clause
"""The little of GDB's remote protocol that stores into the machine's memory: QEMU's stub, at a
socket. While somebody is connected the machine stands still."""
import socket

CHUNK = 1024


class Debugger:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.path = path

    def __enter__(self):
        self.socket.connect(self.path)
        self.ask(b"Qqemu.PhyMemMode:1")
        return self

    def __exit__(self, *_):
        self.ask(b"D")
        self.socket.close()

    def ask(self, packet):
        """Send a packet that has OK for an answer."""
        self.socket.sendall(b"$%s#%02x" % (packet, sum(packet) % 256))
        answer = b""
        while b"$OK#9a" not in answer:
            more = self.socket.recv(4096)
            if not more or b"$E" in answer:
                raise OSError(f"{packet[:40]}: {answer}")
            answer += more
        self.socket.sendall(b"+")

    def fill(self, address, size, byte):
        """Physical memory."""
        for at in range(address, address + size, CHUNK):
            count = min(CHUNK, address + size - at)
            self.ask(b"M%x,%x:%s" % (at, count, (b"%02x" % byte) * count))
