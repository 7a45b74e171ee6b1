# SPDX-License-Identifier: BSD-2-Clause
"""What is asked of a kernel: a file that is none is refused before anything is built, also where
kernel_entry_addr takes any binary, as is one that its VM's RAM has no room for. Of its configuration, a
text that is too long tells nothing, rather than what its first part says, and that is read once, however
many VMs boot the kernel.

How much is read is counted in pages: an image is mapped, and each part of it that is looked at faults.
"""
import bz2
import gzip
import lzma
import os
import subprocess
import tempfile

import measure

IMAGE_BYTES = 16 << 20
LIMIT = 1 << 20
OPTIONS = "".join(f"CONFIG_{name}=y\n" for name in (
    "VIRTIO_PCI", "VIRTIO_NET", "VIRTIO_BLK", "VIRTIO_CONSOLE", "HW_RANDOM_VIRTIO", "DMA_RESTRICTED_POOL"))


def topology(guests):
    names = [f"g{i}" for i in range(guests)]
    return "assembly { composition { component VM vm_d; " + "".join(
        f"component VM vm_{n}; VIRTIO_COMPOSITION_DEF(d, {n}) " for n in names) + \
        "} configuration { vm_d.ram_size = 0x20000000; " + "".join(
            f'vm_{n}.vm_image_config = {{ kernel_name: "vmlinuz-1" }}; ' for n in names) + "} }"


def check(topo, directory, config, guests):
    """What is said, and how often a page was not there yet."""
    with open(os.path.join(directory, "config-1"), "w") as file:
        file.write(config)
    with open(os.path.join(directory, "x.camkes"), "w") as file:
        file.write(topology(guests))
    _, said, usage = measure.check(topo, directory)
    return said, usage.ru_minflt


def run_forms(topo, result):
    """A file each, with an address: "" is a binary that is taken. Its RAM ends 8 KiB behind the address."""
    text = """assembly { composition { component VM vm_a; } configuration {
        vm_a.ram_size = 0x8000000;
        vm_a.vm_address_config = { kernel_entry_addr: 0x47ffe000, dtb_addr: 0x47000000 };
        vm_a.vm_image_config = { kernel_name: "kernel", initrd_name: "" }; } }"""
    for name, content, says in (
            ("an empty file", b"", "is empty"), ("gzip", gzip.compress(b"a"), "gzip -dc"),
            ("bzip2", bz2.compress(b"a"), "bzip2 -dc"), ("xz", lzma.compress(b"a"), "xz -dc"),
            ("lzma", lzma.compress(b"a", lzma.FORMAT_ALONE), "xz -dc --format=lzma"),
            ("lzo", b"\x89LZO\0\r\n\x1a\n", "lzop -dc"), ("lz4", b"\x04\x22\x4d\x18", "lz4 -dc"),
            ("lz4 as Linux packs it", b"\x02\x21\x4c\x18", "lz4 -dc"),
            ("zstd", b"\x28\xb5\x2f\xfd", "zstd -dc"), ("ELF", b"\x7fELF", "objcopy"),
            ("an EFI program", b"MZ" + bytes(62), "no arm64 Image"),
            ("a uImage", b"\x27\x05\x19\x56", "tail -c +65"),
            ("one that is too large", bytes(8193), "takes 9 KiB of memory, and its RAM has 8"),
            ("one that just fits", bytes(8192), "")):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "kernel"), "wb") as file:
                file.write(content)
            with open(os.path.join(directory, "x.camkes"), "w") as file:
                file.write(text)
            done = subprocess.run([topo, "check", "x.camkes"], cwd=directory, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
        refused = [line for line in done.stdout.split("\n") if "/kernel' of 'a' " in line]
        right = says in done.stdout and len(refused) == bool(says) and done.returncode == bool(says)
        result(f"kernels: {name}", "" if right else f"status {done.returncode}: {done.stdout[:400]!r}")


def run(topo, result):
    """Report each case by result(name, why)."""
    run_forms(topo, result)
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "vmlinuz-1"), "wb") as file:
            # An arm64 image by its header: text_offset 0, image_size, flags, and the magic of 0x38.
            header = bytearray(64)
            header[16:24] = IMAGE_BYTES.to_bytes(8, "little")
            header[24] = 2
            header[56:60] = b"ARM\x64"
            file.write(header + bytes(IMAGE_BYTES - 64))
        filler = "#" * (LIMIT - len(OPTIONS) - 1) + "\n"
        for name, config, lacks in (
                ("all of the limit is read", filler + OPTIONS, False),
                ("one that is longer tells nothing", "#" * LIMIT + "\n" + OPTIONS, False),
                ("one that lacks all says so", filler, True)):
            said, _ = check(topo, directory, config, 1)
            result(f"kernels: {name}", "" if lacks == ("was built without" in said) else said[:400])
        few = check(topo, directory, OPTIONS, 1)[1]
        many = check(topo, directory, OPTIONS, 20)[1]
        result("kernels: read once", "" if many < 2 * few else f"{few} pages for one VM, {many} for 20")
