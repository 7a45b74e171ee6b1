# SPDX-License-Identifier: BSD-2-Clause
"""What a VM draws on its gpu, fetched from the device VM that serves it: each pixel is compared."""
import os
import struct
import subprocess
import tempfile
import zlib

from harness import TOPO, ensure


def read_png(path):
    """(width, height, rows): a PNG of 8-bit red, green and blue whose lines are differences."""
    with open(path, "rb") as file:
        data = file.read()
    ensure(data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG: {data[:8]}")
    at, packed, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        ensure(data[at + 8 + length:at + 12 + length] == struct.pack(">I", zlib.crc32(kind + body)),
               f"checksum of {kind}")
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    width, height = size
    flat, rows, above = zlib.decompress(packed), [], bytes(3 * width)
    for y in range(height):
        line = flat[y * (3 * width + 1):(y + 1) * (3 * width + 1)]
        ensure(line[0] == 2, f"line {y} has filter {line[0]}")
        above = bytes((a + b) & 0xff for a, b in zip(line[1:], above))
        rows.append(above)
    return width, height, rows


def drawn_row(y, width, seed):
    """What tests/system/probe_draw.c draws."""
    return b"".join(((x // 16 * 0x10204 + y // 16 * 0x30501 + seed) & 0xffffff).to_bytes(3, "big")
                    for x in range(width))


def take_picture(system, vm, path):
    done = subprocess.run([TOPO, "screenshot", "--name", system.name, "--output", path, vm],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=150, check=False)
    return done.returncode == 0


def check_picture(system, vm, seed):
    """A VM draws on all of its framebuffer, and the device VM has that picture."""
    width, height = map(int, system.run(vm, system.probe(vm), "draw", str(seed)).split())
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "shot.png")
        last = drawn_row(height - 1, width, seed)
        system.wait("the last line is shown", lambda: take_picture(system, vm, path) and
                    read_png(path)[2][-1] == last)
        # That picture may have been taken while it came, from the top on.
        ensure(take_picture(system, vm, path), "it has gone again")
        shown = read_png(path)
    ensure(shown[:2] == (width, height), f"{shown[:2]} are shown, {width} x {height} drawn")
    for y, row in enumerate(shown[2]):
        ensure(row == drawn_row(y, width, seed), f"line {y} is another one")


def check_no_picture(system, vm):
    """A display that is dark leaves the file as it was, and nothing beside it. It is dark soon after its
    program has ended."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "shot.png")
        system.wait("the display is dark", lambda: not take_picture(system, vm, path))
        with open(path, "w", encoding="ascii") as file:
            file.write("old")
        ensure(not take_picture(system, vm, path), "there is a picture of a dark display")
        with open(path, encoding="ascii") as file:
            ensure(file.read() == "old", "a picture that is not there replaced the file")
        ensure(os.listdir(directory) == ["shot.png"], f"{os.listdir(directory)} lie there")
