# SPDX-License-Identifier: BSD-2-Clause
"""What topo ships beside itself, made small: guests' kernel and root file systems are made up, as those are
of tens of megabytes, which every image holds."""
import glob
import os
import shutil
import struct
import subprocess

import newc

# Of the kernel of EL2: in the file, and in memory. The header lies where 64 KiB are full.
KERNEL_BYTES, KERNEL_SIZE = 0x12340, 0x18000


def pattern(count, seed):
    return bytes((seed + 7 * i + (i >> 8)) & 255 for i in range(count))


def arm64_image(count, seed):
    """A kernel, as far as its header tells."""
    data = bytearray(pattern(count, seed))
    data[8:24] = struct.pack("<QQ", 0, 0x20000)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def archive(count, seed):
    """A root file system with a file of @count bytes, since files are put into what can be read only."""
    return newc.archive({"data": pattern(count, seed)})


def _write(share, name, data):
    with open(os.path.join(share, name), "wb") as file:
        file.write(data)


def _cut(path, share):
    """The beginning of EL2's kernel, whose header says so."""
    with open(path, "rb") as file:
        kernel = bytearray(file.read(KERNEL_BYTES))
    kernel[16:24] = struct.pack("<Q", KERNEL_SIZE)
    _write(share, os.path.basename(path), kernel)


def make(build, share, whole=False):
    """Make the directory @share of that of @build. @whole: with EL2's kernel and the VMM as they are,
    instead of a beginning, and without symbols."""
    os.makedirs(os.path.join(share, "guest"))
    _write(share, "guest/Image", arm64_image(5000, 1))
    archives = sorted(glob.glob(os.path.join(build, "share/peervisor/guest/*.cpio")))
    for seed, path in enumerate(archives):
        _write(share, f"guest/{os.path.basename(path)}", archive(4097 + 1000 * seed, seed + 2))
    for path in glob.glob(os.path.join(build, "share/peervisor/*")):
        name = os.path.basename(path)
        if name == "vmm.elf" and not whole:
            subprocess.run(["aarch64-linux-gnu-strip", "-o", os.path.join(share, name), path],
                           check=True)
        elif name.startswith("kernel-") and not whole:
            _cut(path, share)
        elif name != "guest":
            os.symlink(path, os.path.join(share, name))
