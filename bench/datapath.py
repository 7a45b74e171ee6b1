# SPDX-License-Identifier: BSD-2-Clause
"""Count the instructions of one read, one ping, one byte over TCP in a pair of VMs, all of them:
both Linux kernels, their programs, the VMMs and EL2. The system runs on a clock of instructions,
and a plugin of QEMU counts (datapath_plugin.c). Each operation runs in two lengths, with a mark
before, between and after: what is counted is the difference, so that what it costs to start and
end a program drops out.
"""
import bisect
import collections
import os
import shlex
import subprocess
import tempfile
import threading

import abi
import kallsyms
from elf import Elf

LIMIT = 180
VMS = ("device", "driver")
KERNEL_SPACE = 1 << 63
VMM_END = 0x400000
EL2_BASE = abi.BOARD["RAM_BASE"]
EL2_END = EL2_BASE + 0x1000000
PEER = "10.77.0.1"
READ = ("fio --name=r --filename=/dev/vda --direct=1 --rw=randread --bs=4k --ioengine=psync"
        " --size=64m --io_size={}k --minimal > /dev/null")


class Operation:
    """A command for a VM in which {} is how much: `short` and `long` make the difference, of which
    `unit` times `each` is one operation."""

    def __init__(self, name, goal, command, short, long, each=1, **more):
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        self.name, self.goal = name, goal
        self.command, self.short, self.long = command, short, long
        self.count = (long - short) / each
        self.input_each = more.get("input_each", 0)  # bytes of input that one of `long` takes
        self.agent = more.get("agent", False)  # by it, so pools do not count; bytes are told

    def input(self):
        """What the script reads."""
        return bytes(self.input_each * (2 * self.short + self.long))


OPERATIONS = [
    Operation("4 KiB read", 35000, READ, 400, 4400, 4),
    Operation("ping there and back", 36000, f"ping -q -A -c {{}} {PEER} > /dev/null", 50, 550),
    Operation("TCP, driver to device, one byte", 1.2,
              f"iperf3 -c {PEER} -n {{}}M > /dev/null", 10, 60, 2**-20),
    Operation("TCP, device to driver, one byte", 1.3,
              f"iperf3 -R -c {PEER} -n {{}}M > /dev/null", 10, 60, 2**-20),
    Operation("exec, out", None, "dd if=/dev/zero bs=4k count={} 2> /dev/null", 500, 2500, 2**-12,
              agent=True),
    Operation("exec, in", None, "dd of=/dev/null bs=4k count={} iflag=fullblock 2> /dev/null",
              500, 2500, 2**-12, input_each=4096, agent=True),
]


def plugin(build, directory):
    """Arguments of QEMU that let it count."""
    return ["-plugin", f"{build}/bench/datapath_plugin.so,out={directory}/counts"]


def script(operation, mark):
    """A driver VM's shell carries an operation out: once to warm up, then between three marks."""
    say = f"; {mark}; "
    return (operation.command.format(operation.short) + say +
            say.join(operation.command.format(n) for n in (operation.short, operation.long)) + say)


class Marks:
    """What the plugin wrote down at the marks that it has seen so far."""

    def __init__(self, directory):
        self.directory, self.seen = directory, 0

    def next(self):
        """(CPU that marked, (address, instructions) -> runs on each CPU) at the next mark."""
        path = f"{self.directory}/counts.{self.seen}"
        self.seen += 1
        with open(path, encoding="ascii") as file:
            cpu = int(file.readline())
            rows = (line.split() for line in file)
            found = {(int(r[0], 16), int(r[1])): [int(n) for n in r[2:]] for r in rows}
        os.unlink(path)
        return cpu, found

    def count(self, operation):
        """The Count of an operation whose script has run."""
        (cpu, start), (_, middle), (_, end) = (self.next() for _ in range(3))
        return Count(operation, cpu, start, middle, end)


class System:
    """A pair that runs and ends with us, however we end."""

    def __init__(self, build, topology, arguments):
        self.topo, self.process = os.path.join(build, "topo"), None
        self.name = f"bench-datapath-{os.getpid()}"
        self.command = [self.topo, "run", "--no-advice", "--name", self.name,
                        "--board", abi.BOARD["NAME"], *arguments, topology]

    def __enter__(self):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self.command],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "] all up" in line:
                break
        else:
            raise RuntimeError("the pair does not come up:\n" + "".join(said))
        # Consoles go on, and must find room.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.run("device", "iperf3 -s -D")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def run(self, vm, script, stdin=b""):
        return subprocess.run([self.topo, "exec", "--timeout", str(LIMIT), "--name", self.name, vm,
                               "--", "sh", "-ec", script], input=stdin, stdout=subprocess.PIPE,
                              check=True).stdout.decode("utf-8", "replace")


class Count:
    """Instructions of one operation: (VM, address) -> number."""

    def __init__(self, operation, driver_cpu, start, middle, end):
        self.places = collections.Counter()
        for block, runs in end.items():
            zero = [0] * len(runs)
            for cpu, (a, b, c) in enumerate(zip(start.get(block, zero), middle.get(block, zero),
                                                runs)):
                vm = "driver" if cpu == driver_cpu else "device"
                self.places[vm, block[0]] += ((c - b) - (b - a)) * block[1] / operation.count

    def total(self, vm=None):
        return sum(n for (where, _), n in self.places.items() if vm in (None, where))

    def by(self, name_of):
        """(number, VM, name) by what `name_of` calls a VM's address, the most first."""
        sums = collections.Counter()
        for (vm, address), number in self.places.items():
            sums[vm, name_of(vm, address)] += number
        return [(number, vm, name) for (vm, name), number in sums.most_common()]


def layer(_, address):
    if address >= KERNEL_SPACE:
        return "Linux kernel"
    if EL2_BASE <= address < EL2_END:
        return "EL2"
    return "VMM" if address < VMM_END else "programs"


class Symbols:
    """Names of addresses: of EL2 and VMM by their files, of Linux by its Image, and by where each VM
    has it; what does not lie there is a module. Programs have no names: many lie in one place."""

    def __init__(self, build, system):
        with open(os.path.join(build, "share/peervisor/guest/Image"), "rb") as file:
            linux = kallsyms.symbols(file.read())
        files = {"EL2": f"kernel/{abi.BOARD['NAME']}/kernel.elf", "VMM": "share/peervisor/vmm.elf"}
        self.known = {where: Table(elf_symbols(os.path.join(build, path)))
                      for where, path in files.items()}
        self.known["Linux kernel"] = Table(linux, "module")
        start = next(at for at, name in linux if name == "_stext")
        self.moved = {vm: int(system.run(vm, "grep -w _stext /proc/kallsyms").split()[0], 16) - start
                      for vm in VMS}

    def name(self, vm, address):
        where = layer(vm, address)
        if where == "Linux kernel":
            address -= self.moved[vm]
        return f"{where}: {self.known[where].name(address)}" if where in self.known else where


class Table:
    def __init__(self, symbols, outside="?"):
        self.starts, self.outside = sorted(symbols), outside
        self.addresses = [address for address, _ in self.starts]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        return self.starts[at][1] if 0 <= at < len(self.starts) - 1 else self.outside


def elf_symbols(path):
    return [(value, name) for name, value in Elf(path).symbols.items()
            if name and not name.startswith("$")]


def measure(build, topology, arguments, profile, operations):
    """Yield (operation, Count, lines of its profile, the command that started the pair)."""
    with tempfile.TemporaryDirectory(prefix="pv-bench-") as directory:
        counting = [word for argument in plugin(build, directory)
                    for word in ("--qemu-arg", argument)]
        with open(os.path.join(build, "bench/datapath_mark"), "rb") as file:
            mark = file.read()
        with System(build, topology, ["--icount", *counting, *arguments]) as system:
            symbols, marks = Symbols(build, system) if profile else None, Marks(directory)
            system.run("driver", "cat > /tmp/mark; chmod +x /tmp/mark", mark)
            for operation in operations:
                system.run("driver", script(operation, "/tmp/mark"), operation.input())
                count = marks.count(operation)
                lines = []
                if symbols:
                    lines = count.by(layer) + count.by(symbols.name)[:40]
                yield operation, count, lines, shlex.join(system.command)
