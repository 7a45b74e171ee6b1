# SPDX-License-Identifier: BSD-2-Clause
"""The host's side of the guest agent's protocol (abi/agent.h), written a second time for the tests.

Works on any file descriptor: a pty's master, a socket. It can lose bytes on purpose on their way
to the guest, which is what a UART's full receive ring does.
"""
import binascii
import os
import random
import select
import struct
import time

MAGIC = 0xA5
PING, EXEC, EXEC_GO, STDIN, STDIN_EOF, SIGNAL = range(1, 7)
HELLO, ACK, STDOUT, STDERR, EXIT = range(0x81, 0x86)
OK, BUSY, NO_COMMAND, FULL, BAD, FAILED = range(6)
EXITED, SIGNALED, TIMED_OUT = range(3)
TO_GUEST_MAX = 48
IN_WINDOW = 0x40
WINDOW_BYTES, WINDOW_TO_GUEST, WINDOW_TO_HOST = 65536, 28672, 32768
AT_TO_GUEST = 4096
AT_TO_HOST = AT_TO_GUEST + WINDOW_TO_GUEST
HEADER = struct.Struct("<BBHIB")
RETRANSMIT_S = 0.25


class AgentError(Exception):
    """The agent refused, or did not answer in time."""


class Result:
    """What a command said and how it ended."""

    def __init__(self):
        self.out = b""
        self.err = b""
        self.end = None


class AgentHost:
    """One conversation with an agent; @window is the memory that both have mapped, if they have."""

    def __init__(self, fd, loss=0.0, seed=1, window=None):
        self.fd = fd
        self.window = window
        self.heard = 0  # through the window
        self.takes = True  # and gives room back
        self.wrapped = 0  # frames from the guest with their payload there
        self.loss = loss
        self.random = random.Random(seed)
        self.seq = self.random.randrange(256)
        self.next_id = self.random.randrange(1, 1 << 30)
        self.buffer = b""
        self.commands = {}
        self.hellos = []
        self.acks = []
        self.sent_again = 0
        self.taken = 0  # of the last payload that was answered
        self.settled = False

    def encode(self, kind, command, payload):
        """A frame as bytes."""
        body = HEADER.pack(MAGIC, kind, len(payload), command, self.seq) + payload
        return body + struct.pack("<H", binascii.crc_hqx(body, 0xFFFF))

    def write(self, data):
        """Send, less what is lost on the way."""
        kept = bytes(b for b in data if self.random.random() >= self.loss)
        while kept:
            kept = kept[os.write(self.fd, kept):]

    def receive(self, wait):
        """Read what there is, waiting at most @wait seconds for a first byte; take it apart."""
        if not select.select([self.fd], [], [], max(wait, 0))[0]:
            return
        data = os.read(self.fd, 65536)
        if not data:
            raise AgentError("the line is closed")
        self.buffer += data
        while len(self.buffer) >= HEADER.size:
            magic, kind, size, command, seq = HEADER.unpack_from(self.buffer)
            end = HEADER.size + size + 2
            plausible = magic == MAGIC and size <= 1024 and kind >= HELLO
            if plausible and len(self.buffer) < end:
                return
            frame = self.buffer[:end]
            if not plausible or not self.good_crc(frame):
                # Until the agent has the terminal in raw mode, it echoes.
                if self.settled:
                    raise AgentError(f"not a frame: {self.buffer[:32]!r}")
                self.buffer = self.buffer[1:]
                continue
            self.buffer = self.buffer[end:]
            self.settled = True
            self.on_frame(kind, command, seq, frame[HEADER.size:-2])

    @staticmethod
    def good_crc(frame):
        """The way to the host loses nothing, so a bad checksum is a bug."""
        return binascii.crc_hqx(frame[:-2], 0xFFFF) == struct.unpack("<H", frame[-2:])[0]

    def on_frame(self, kind, command, seq, payload):
        """Sort a frame from the guest."""
        if kind & IN_WINDOW:
            kind, payload = kind & ~IN_WINDOW, self.unwrap(*struct.unpack("<I", payload))
        if kind == HELLO:
            self.hellos.append(seq)
            if payload[1] != (self.window is not None):
                raise AgentError(f"HELLO is {payload!r}")
        elif kind == ACK:
            self.acks.append((seq, payload[0]))
            self.taken, = struct.unpack("<I", payload[1:])
        elif command in self.commands:
            result = self.commands[command]
            if result.end is not None:
                raise AgentError("a frame after EXIT")
            if kind == STDOUT:
                result.out += payload
            elif kind == STDERR:
                result.err += payload
            elif kind == EXIT:
                result.end = (payload[0], payload[1])

    def unwrap(self, count):
        """The next @count bytes that came through the window."""
        at = self.heard % WINDOW_TO_HOST
        ring = self.window[AT_TO_HOST:AT_TO_HOST + WINDOW_TO_HOST]
        self.heard += count
        self.wrapped += 1
        if self.takes:
            self.window[:4] = struct.pack("<I", self.heard)
        return (ring[at:] + ring[:at])[:count]

    def request(self, kind, command=0, payload=b"", limit=180.0):
        """Send one frame until it is answered; returns the status."""
        self.seq = (self.seq + 1) & 0xFF
        frame = self.encode(kind, command, payload)
        self.acks.clear()
        self.hellos.clear()
        end = time.monotonic() + limit
        again = 0.0
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= again:
                self.sent_again += again > 0
                self.write(frame)
                again = now + RETRANSMIT_S
            self.receive(again - now)
            if kind == PING and self.seq in self.hellos:
                return OK
            for seq, status in self.acks:
                if seq == self.seq:
                    return status
        raise AgentError(f"no answer to type {kind} within {limit} s")

    def must(self, kind, command=0, payload=b""):
        """A request that has to succeed; one that finds no room is made again."""
        while True:
            status = self.request(kind, command, payload)
            if status == OK:
                return
            if status != BUSY:
                raise AgentError(f"type {kind} refused with status {status}")
            self.receive(0.02)

    def ping(self, limit=180.0):
        """Begin a conversation."""
        self.request(PING, payload=bytes([self.window is not None]) + bytes(8), limit=limit)

    def wait_hello(self, limit):
        """Wait until an agent says that it has started; none is asked."""
        end = time.monotonic() + limit
        while not self.hellos:
            if time.monotonic() > end:
                raise AgentError(f"no agent started within {limit} s")
            self.receive(end - time.monotonic())

    def start(self, argv, limit_ms=0):
        """Start a command; returns its id."""
        command = self.next_id
        self.next_id += 1
        self.commands[command] = Result()
        data = b"".join(os.fsencode(a) + b"\0" for a in argv)
        for at in range(0, len(data), TO_GUEST_MAX):
            self.must(EXEC, command, data[at:at + TO_GUEST_MAX])
        self.must(EXEC_GO, command, struct.pack("<I", limit_ms))
        return command

    def feed(self, command, data):
        """Write to a command's standard input and close it."""
        while data and self.window is not None:
            part = data[:WINDOW_TO_GUEST]
            self.window[AT_TO_GUEST:AT_TO_GUEST + len(part)] = part
            self.must(STDIN | IN_WINDOW, command, struct.pack("<I", len(part)))
            data = data[self.taken:]
        for at in range(0, len(data), TO_GUEST_MAX):
            self.must(STDIN, command, data[at:at + TO_GUEST_MAX])
        status = self.request(STDIN_EOF, command)
        if status not in (OK, NO_COMMAND):
            raise AgentError(f"STDIN_EOF refused with status {status}")

    def wait(self, command, limit=180.0):
        """Wait for a command's end."""
        end = time.monotonic() + limit
        result = self.commands[command]
        while result.end is None:
            left = end - time.monotonic()
            if left <= 0:
                raise AgentError(f"no end of the command within {limit} s: {result.out!r}")
            self.receive(left)
        return result

    def run(self, argv, stdin=b"", limit=180.0, limit_ms=0):
        """Start, feed, wait."""
        command = self.start(argv, limit_ms)
        self.feed(command, stdin)
        return self.wait(command, limit)
