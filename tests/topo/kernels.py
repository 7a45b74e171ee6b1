# SPDX-License-Identifier: BSD-2-Clause
"""What is asked of a kernel's configuration: a text that is too long tells nothing, rather than what its
first part says, and a kernel is read once, however many VMs boot it.

How much is read is counted in pages: an image is mapped, and each part of it that is looked at faults.
"""
import os
import subprocess
import tempfile

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
    with tempfile.TemporaryFile() as out:
        with subprocess.Popen([topo, "check", "x.camkes"], cwd=directory, stdout=out,
                              stderr=subprocess.STDOUT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return out.read().decode(), usage.ru_minflt


def run(topo, result):
    """Report each case by result(name, why)."""
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
