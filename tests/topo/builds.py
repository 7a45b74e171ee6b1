# SPDX-License-Identifier: BSD-2-Clause
"""What `topo check` passes `topo build` takes: each of these is wrong in a way that only what is in files
tells, or how large they are, and check says so in the words of build."""
import gzip
import io
import os
import re
import struct
import subprocess
import tarfile
import tempfile

import newc
import served

PASSWD = b"root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv:/bin/false\n"


def topology(*settings):
    return "\n".join(["assembly { composition { component VM vm_a; component VM vm_b; } configuration {",
                      *settings, "} }", ""])


def one(**settings):
    """VM a with these attributes."""
    return topology(*(f"vm_a.{name} = {value};" for name, value in settings.items()))


def rootfs(**settings):
    return one(vm_image_config='{ rootfs: "root" }', **settings)


def initrd(name, **settings):
    return one(vm_image_config=f'{{ initrd_name: "{name}" }}', agent="false", **settings)


def kernel(megabytes, offset=0):
    """A kernel that takes so much of RAM, and nothing in its file."""
    data = bytearray(4096)
    data[8:24] = struct.pack("<QQ", offset, megabytes << 20)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def files(where):
    """What the cases name."""
    def write(name, data):
        with open(os.path.join(where, name), "wb") as file:
            file.write(data)
    os.makedirs(os.path.join(where, "root/etc"))
    os.makedirs(os.path.join(where, "root/sbin"))
    os.makedirs(os.path.join(where, "root/srv"))
    write("root/sbin/init", b"#!/bin/sh\n")
    os.chmod(os.path.join(where, "root/sbin/init"), 0o755)
    write("root/etc/passwd", PASSWD)
    write("root/etc/group", b"root:x:0:\n")
    write("file", b"x")
    write("empty", b"")
    write("passwd", PASSWD)
    write("large", b"\0" * (24 << 20))
    write("kernel", kernel(16))
    write("wide", kernel(80))
    write("offset", kernel(2, 0x80000))
    write("not.dtb", b"text")
    write("plain.cpio", newc.archive({"init": b"#!/bin/sh\n", "etc/passwd": PASSWD}))
    write("cut.cpio.gz", gzip.compress(newc.archive({"init": os.urandom(9999)}))[:-900])
    write("ten.img", b"\0" * 10000)
    with tarfile.open(os.path.join(where, "root.tar"), "w") as tar:
        for name, data in (("sbin/init", b"#!/bin/sh\n"), ("etc/passwd", PASSWD)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))


COMMAND = {"command": '["true"]'}
NO_USER = "is to run as 'nobody-here', and in its root file system is no user 'nobody-here' in /etc/passwd"
# The topology, and what is said of it.
BAD = [
    ("a user that the root file system lacks", rootfs(user='"nobody-here"', **COMMAND), NO_USER),
    ("a user that an archive of tar lacks",
     one(vm_image_config='{ rootfs: "root.tar" }', user='"nobody-here"', **COMMAND), NO_USER),
    ("a user that the project's lacks", one(user='"nobody-here"', **COMMAND), "is to run as 'nobody-here'"),
    ("a user of a health check", rootfs(user='"nobody-here"', health='{ command: ["true"] }', **COMMAND),
     NO_USER),
    ("a directory that is a file", rootfs(workdir='"/etc/passwd"', **COMMAND),
     "'/etc/passwd' is no directory, nor can one be made there"),
    ("a directory below a file", rootfs(workdir='"/etc/passwd/below"', **COMMAND), "is no directory"),
    ("a file at a directory", rootfs(files='[{ from: "file", to: "/etc" }]'),
     "'/etc' is a directory, and '.*/file' is none"),
    ("a file below a file", rootfs(files='[{ from: "file", to: "/etc/passwd/x" }]'),
     "no file can be at '/etc/passwd/x'"),
    ("files in an initrd that ends too early", initrd("cut.cpio.gz", files='[{ from: "file", to: "/f" }]'),
     "nothing can be put into a root file system|no archive that the kernel can unpack to its end"),
    ("an initrd with nothing in it", initrd("empty"), "the initrd '.*/empty' is empty"),
    ("a device tree that is none", one(vm_image_config='{ dtb_name: "not.dtb", generate_dtb: false }'),
     "not.dtb' is not a device tree blob"),
    ("a kernel as large as RAM", one(vm_image_config='{ kernel_name: "wide" }', ram_size='"64M"'),
     "kernel"),
    ("files between fixed addresses",
     one(vm_address_config='{ kernel_entry_addr: "0x48000000", initrd_addr: "0x4a000000", '
                           'dtb_addr: "0x4b000000" }',
         ram_base='"0x48000000"', ram_size='"256M"', files='[{ from: "large", to: "/large" }]'),
     "overlaps"),
    ("a kernel elsewhere than its header says",
     one(vm_image_config='{ kernel_name: "offset" }',
         vm_address_config='{ kernel_entry_addr: "0x48000000" }', ram_base='"0x48000000"'),
     "cannot start at 0x48000000: by its header"),
    ("a disk of the machine of another size",
     topology('system.machine = [{ pci: "0:1.0", model: "nvme", file: "ten.img", size: "1M" }];'),
     "ten.img' is there, and has another size"),
    ("a card whose size is no power of two",
     topology('system.machine = [{ pci: "0:1.0", model: "sdhci-pci", file: "ten.img" }];'),
     "ten.img' is that of a card"),
    ("a disk of the machine where nothing can be made",
     topology('system.machine = [{ pci: "0:1.0", model: "nvme", file: "no/where.img", size: "1M" }];'),
     "cannot make the disk '.*no/where.img': No such file or directory"),
]
# What is not wrong although it looks so.
GOOD = [
    ("a user of files", initrd("plain.cpio", files='[{ from: "file", to: "/f" }]')),
    ("a user by name", rootfs(user='"web"', **COMMAND)),
    ("a user by number", rootfs(user='"4711"', **COMMAND)),
    ("a user that `files` bring",
     rootfs(user='"web"', files='[{ from: "passwd", to: "/etc/passwd" }]', **COMMAND)),
    ("a directory that is not there", rootfs(workdir='"/srv/deep/below"', **COMMAND)),
    ("an archive of tar", one(vm_image_config='{ rootfs: "root.tar" }', user='"web"', **COMMAND)),
]


def call(topo, where, *arguments):
    done = served.run([topo, *arguments], cwd=where, timeout=120)
    return done.returncode, done.stdout + done.stderr


def errors(said):
    return sorted(set(re.findall(r"error: (.*)", said)))


def told(topo, where, text, pattern):
    """Why check or build says another thing of it than @pattern; None: nothing is wrong with it."""
    with open(os.path.join(where, "x.camkes"), "w") as file:
        file.write(text)
    check, of_check = call(topo, where, "check", "--no-advice", "x.camkes")
    build, of_build = call(topo, where, "build", "--no-advice", "-o", "x.img", "x.camkes")
    if pattern is None:
        return "" if check == build == 0 else f"{check} {build}: {of_check}{of_build}"
    if not check or not build or errors(of_check) != errors(of_build):
        return f"check says {check} {of_check}, and build {build} {of_build}"
    return "" if re.search("error: .*" + pattern, of_check) else f"does not say {pattern!r}: {of_check}"


def without_guests(topo, where, text):
    """Nothing is said of what nobody has built yet."""
    share = os.path.join(where, "share")
    os.makedirs(share)
    for name in os.listdir(os.environ["PEERVISOR_SHARE"]):
        if name != "guest":
            os.symlink(os.path.join(os.environ["PEERVISOR_SHARE"], name), os.path.join(share, name))
    with open(os.path.join(where, "x.camkes"), "w") as file:
        file.write(text)
    done = subprocess.run([topo, "check", "--no-advice", "x.camkes"], cwd=where, text=True, timeout=120,
                          env={**os.environ, "PEERVISOR_SHARE": share}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return "" if done.returncode == 0 else f"{done.returncode}: {done.stdout}"


def run(topo, result):
    """Report each by result(name, why)."""
    with tempfile.TemporaryDirectory() as where:
        files(where)
        for name, text, pattern in BAD:
            result(f"builds: check refuses {name}", told(topo, where, text, pattern))
        for name, text in GOOD:
            result(f"builds: check passes {name}", told(topo, where, text, None))
        result("builds: check where guests are not built", without_guests(topo, where, rootfs(**COMMAND)))
