# SPDX-License-Identifier: BSD-2-Clause
"""Rates by the clock of a VM under KVM and of the driver VM of a pair, in turns: both systems are up
at once, and while one works the other sleeps. Both run the same guest kernel and the same commands
on the same emulated machine with two CPUs. KVM's host is Debian's Linux with Debian's QEMU and
vhost-net, at EL2 of the emulated machine (kvm/host); its disk is a file in memory, as ours is.
"""
import os
import re
import shlex
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import threading

import datapath

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGES = ["linux-image-arm64/bookworm-backports", "qemu-system-arm/bookworm-backports",
            "qemu-system-common/bookworm-backports", "qemu-system-data/bookworm-backports"]
MODULES = ["tun", "tap", "vhost_iotlb", "vhost", "vhost_net"]
PROGRAM = "usr/bin/qemu-system-aarch64"
LIBRARIES = ("usr/lib/aarch64-linux-gnu", "usr/lib")
DISK_BYTES = 128 << 20
LIMIT = 300  # seconds, of a boot and of a command
SECONDS = 3  # of each sample but a ping's
PEER = datapath.PEER
FIO = (f"fio --name=r --filename=/dev/vda --direct=1 --minimal --size=128m --time_based"
       f" --runtime={SECONDS} --rw=")
SMALL = "randread --bs=4k --ioengine=io_uring --iodepth="
# Fields of fio's line, as `fio --minimal` numbers them in its format 3.
READ_KIBS, READ_IOPS, WRITE_KIBS = 6, 7, 47


class Figure:
    """What a command says, as a list of samples in `unit`, and which way is better."""

    def __init__(self, name, command, samples, unit, less_is_better=False):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.name, self.command, self.samples, self.unit = name, command, samples, unit
        self.less_is_better = less_is_better

    def worst(self, samples):
        return max(samples) if self.less_is_better else min(samples)

    def ratio(self, ours, peers):
        """How many times as good ours is."""
        return peers / ours if self.less_is_better else ours / peers


def fio(field, scale):
    return lambda said: [float(said.split(";")[field]) * scale]


def received(said):
    """Mbit/s that arrived."""
    return [float(re.findall(r"([\d.]+) Mbits/sec.*receiver", said)[-1])]


def echoes(said):
    return [float(time) for time in re.findall(r"time=([\d.]+) ms", said)]


FIGURES = [
    Figure("sequential write, 1 MiB", FIO + "write --bs=1m --ioengine=psync",
           fio(WRITE_KIBS, 1.024e-3), "MB/s"),
    Figure("sequential read, 1 MiB", FIO + "read --bs=1m --ioengine=psync",
           fio(READ_KIBS, 1.024e-3), "MB/s"),
    Figure("4 KiB read, one at a time", FIO + "randread --bs=4k --ioengine=psync",
           fio(READ_IOPS, 1), "reads/s"),
    Figure("4 KiB read, 32 at a time", FIO + SMALL + "32", fio(READ_IOPS, 1), "reads/s"),
    Figure("TCP to what serves", f"iperf3 -f m -t {SECONDS} -c {PEER}", received, "Mbit/s"),
    Figure("TCP from what serves", f"iperf3 -f m -t {SECONDS} -R -c {PEER}", received, "Mbit/s"),
    Figure("ping there and back", f"ping -c 40 -i 0.05 {PEER}", echoes, "ms", True),
]
# The disk is filled first, so that no read is one of a hole.
WARM = FIO.replace(f" --time_based --runtime={SECONDS}", "") + "write --bs=1m --ioengine=psync"


class Packages:
    """Files of Debian's packages, as tools/debian-root puts them together."""

    def __init__(self):
        made = subprocess.run([os.path.join(ROOT, "tools/debian-root"), *PACKAGES],
                              stdout=subprocess.PIPE, text=True, check=True)
        # pylint: disable=consider-using-with
        self.tar = tarfile.open(made.stdout.strip())
        self.names = self.tar.getnames()

    def find(self, pattern):
        return next(name for name in self.names if re.fullmatch(pattern, name))

    def copy(self, name, to):
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with self.tar.extractfile(name) as source, open(to, "wb") as out:
            shutil.copyfileobj(source, out)

    def add_program(self, name, tree):
        """With the libraries that it needs, all in /lib."""
        self.copy(name, os.path.join(tree, name))
        os.chmod(os.path.join(tree, name), 0o755)
        waiting, there = [os.path.join(tree, name)], set()
        while waiting:
            for library in set(needed(waiting.pop())) - there:
                there.add(library)
                path = os.path.join(tree, "lib", library)
                self.copy(next(f"{d}/{library}" for d in LIBRARIES
                               if f"{d}/{library}" in self.names), path)
                os.chmod(path, 0o755)  # one of them is what the kernel starts a program by
                waiting.append(path)


def needed(path):
    readelf = os.environ.get("CROSS", "aarch64-linux-gnu-") + "readelf"
    said = subprocess.run([readelf, "-d", path], stdout=subprocess.PIPE, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", said.stdout)


def pack(tree, base, out):
    """An initial root file system: `base`, and `tree` behind it."""
    subprocess.run([os.path.join(ROOT, "images/rootfs/pack"), tree, out + ".more"], check=True)
    with open(out, "wb") as file:
        for part in (base, out + ".more"):
            with open(part, "rb") as source:
                shutil.copyfileobj(source, file)
            file.write(bytes(-file.tell() % 512))
    os.unlink(out + ".more")


def make_host(build, directory):
    """(kernel, initial root file system) of KVM's host, with the VM's in it."""
    guest, here = os.path.join(build, "share/peervisor/guest"), os.path.join(ROOT, "bench/kvm")
    base, packages = os.path.join(guest, "base.cpio"), Packages()
    tree = os.path.join(directory, "guest")
    os.makedirs(os.path.join(tree, "kvm"))
    shutil.copy(os.path.join(here, "guest"), os.path.join(tree, "kvm"))
    host = os.path.join(directory, "host")
    os.makedirs(os.path.join(host, "kvm"))
    pack(tree, base, os.path.join(host, "kvm/guest.cpio"))
    shutil.copy(os.path.join(here, "host"), os.path.join(host, "kvm"))
    shutil.copy(os.path.join(guest, "Image"), os.path.join(host, "kvm"))
    with open(os.path.join(host, "kvm/disk-bytes"), "w", encoding="ascii") as file:
        file.write(f"{DISK_BYTES}\n")
    packages.add_program(PROGRAM, host)
    for module in MODULES:
        name = packages.find(rf"usr/lib/modules/.*/{module}\.ko(\.xz)?")
        packages.copy(name, os.path.join(host, "kvm", os.path.basename(name)))
        if name.endswith(".xz"):
            subprocess.run(["xz", "-d", os.path.join(host, "kvm", module + ".ko.xz")], check=True)
    kernel, root = os.path.join(directory, "vmlinuz"), os.path.join(directory, "host.cpio")
    packages.copy(packages.find(r"boot/vmlinuz-.*"), kernel)
    pack(host, base, root)
    return kernel, root


class Kvm:
    """KVM's host and its VM, whose console is read and written; they end with us."""

    def __init__(self, kernel, root):
        self.process = None
        self.command = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3",
                        "-cpu", "cortex-a72", "-smp", "2", "-m", "2G", "-nodefaults",
                        "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
                        "-kernel", kernel, "-initrd", root,
                        "-append", "console=ttyAMA0 quiet loglevel=1 panic=-1 rdinit=/kvm/host"]

    def __enter__(self):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.until("@ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def until(self, mark):
        """(what was said before a line that begins with `mark`, the rest of that line)"""
        timer = threading.Timer(LIMIT, self.process.kill)
        timer.start()
        said = ""
        try:
            for line in self.process.stdout:
                text = line.decode("utf-8", "replace").replace("\r", "")
                if text.startswith(mark):
                    return said, text[len(mark):].strip()
                said += text
        finally:
            timer.cancel()
        raise RuntimeError(f"KVM's VM does not come to '{mark}':\n{said[-2000:]}")

    def run(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        said, status = self.until("@end")
        if status != "0":
            raise RuntimeError(f"in KVM's VM '{command}' ended with {status}:\n{said}")
        return said


def measure(build, topology, rounds):
    """Yield (figure, KVM's samples, ours, the commands that started the two machines)."""
    with tempfile.TemporaryDirectory(prefix="pv-bench-") as directory:
        with Kvm(*make_host(build, directory)) as kvm, \
                datapath.System(build, topology, []) as pair:
            sides = (kvm.run, lambda command: pair.run("driver", command))
            commands = (shlex.join(kvm.command), shlex.join(pair.command))
            for run in sides:
                run(WARM)
            for figure in FIGURES:
                samples = ([], [])
                for _ in range(rounds):
                    for run, found in zip(sides, samples):
                        found += figure.samples(run(figure.command))
                yield figure, *samples, commands
