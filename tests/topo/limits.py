# SPDX-License-Identifier: BSD-2-Clause
"""A system as large as the kernel has room for, 32 VMs and 64 connections, is checked, built,
verified and reported; what is larger is refused with the place of what has no room."""
import os
import re
import subprocess
import tempfile

VMS, CONNECTIONS, RAM = 32, 64, "160M"  # all RAM of QEMU's boards is 8 GiB
TYPES = {"net": "", "blk": ', size: "1M"'}


def pairs(vms, count):
    """So many (device VM, driver VM): each VM serves as many as the next one."""
    return [(i % vms, (i + 1 + i // vms) % vms) for i in range(count)]


def topology(vms, connections, device):
    served = {}
    for server, user in pairs(vms, connections):
        served.setdefault(server, []).append(
            f'{{ type: "{device}", target: "v{user}"{TYPES[device]} }}')
    lines = [f"component VM vm_v{i};" for i in range(vms)]
    lines += [f"VIRTIO_COMPOSITION_DEF(v{a}, v{b})" for a, b in pairs(vms, connections)]
    lines += ["} configuration {"]
    lines += [f'vm_v{i}.ram_size = "{RAM}"; '
              f'vm_v{i}.files = [{{from: "f{i}", to: "/f"}}];' for i in range(vms)]
    lines += [f"vm_v{a}.vm_virtio_devices = [{', '.join(d)}];" for a, d in served.items()]
    return "\n".join(["assembly { composition {", *lines, "} }", ""])


def with_hardware(settings):
    """Two VMs, a and b, and what they have of the machine."""
    return "\n".join(["assembly { composition {", "component VM vm_a;", "component VM vm_b;",
                      "} configuration {", *settings, "} }", ""])


def with_lines(*counts):
    """Each of both VMs has so many interrupts."""
    first = 112  # the slots of the bus have those below
    return with_hardware(f"vm_{vm}.irqs = {list(range(first + at, first + at + count))};" for
                         vm, at, count in zip("ab", (0, counts[0]), counts))


def with_functions(*counts):
    """Each of both VMs has so many functions that do DMA."""
    slots = range(1, 1 + sum(counts))
    machine = ", ".join(f'{{ pci: "0:{slot}.0", model: "edu" }}' for slot in slots)
    given = [f'{{ name: "edu{slot}", bus: 0, dev: {slot}, fun: 0 }}' for slot in slots]
    return with_hardware([f"system.machine = [{machine}];",
                          f"vm_a.pci_devices = [{', '.join(given[:counts[0]])}];",
                          f"vm_b.pci_devices = [{', '.join(given[counts[0]:])}];"])


class Case:
    """One topology, in a file of its own directory."""

    def __init__(self, topo, directory, text):
        self.topo, self.directory = topo, directory
        for name, said in [("x.camkes", text)] + [(f"f{i}", f"{i}") for i in range(VMS + 1)]:
            with open(os.path.join(directory, name), "w") as file:
                file.write(said)

    def says(self, arguments, status, pattern):
        """Why topo's answer is another one, "" if it is not."""
        done = subprocess.run([self.topo, *arguments], cwd=self.directory, timeout=300, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        good = done.returncode == status and re.search(pattern, done.stdout)
        return "" if good else f"topo {' '.join(arguments)}: {done.returncode}, not {status} " \
                               f"and {pattern!r}: {done.stdout[-300:]}"


def largest(topo, device):
    with tempfile.TemporaryDirectory() as directory:
        case = Case(topo, directory, topology(VMS, CONNECTIONS, device))
        return case.says(["check", "--no-advice", "x.camkes"], 0, "0 errors, 0 warnings") or \
            case.says(["build", "--no-advice", "x.camkes", "-o", "image"], 0, "") or \
            case.says(["verify", "image", "x.camkes"], 0,
                      f"exactly the rights of x.camkes: {VMS} VMs, {CONNECTIONS} connections") or \
            case.says(["report", "--format", "text", "x.camkes"], 0, f"v{VMS - 1}")


def fits(topo, text):
    with tempfile.TemporaryDirectory() as directory:
        case = Case(topo, directory, text)
        return case.says(["check", "--no-advice", "x.camkes"], 0, " 0 errors, ") or \
            case.says(["build", "--no-advice", "x.camkes", "-o", "image"], 0, "")


def too_large(topo, text, pattern):
    with tempfile.TemporaryDirectory() as directory:
        case = Case(topo, directory, text)
        said = r"x\.camkes:\d+:\d+: error: " + pattern
        return case.says(["check", "--no-advice", "x.camkes"], 1, said) or \
            case.says(["build", "--no-advice", "x.camkes", "-o", "image"], 1, said)


def run(topo, result):
    """Report each by result(name, why)."""
    for device in TYPES:
        result(f"limits: {VMS} VMs, {CONNECTIONS} connections, {device}", largest(topo, device))
    result("limits: as many interrupts as the table has", fits(topo, with_lines(100, 28)))
    result("limits: as many streams as the table has", fits(topo, with_functions(8, 8)))
    for name, text, pattern in (
            ("one VM more", topology(VMS + 1, CONNECTIONS, "net"),
             f"{VMS + 1} VMs; the kernel has room for {VMS} "),
            ("more doorbells than the table has", topology(VMS, 140, "net"),
             r"the kernel's tables of \d+ doorbells .* have no room for this "),
            ("more interrupts than the table has", with_lines(100, 29),
             "the kernel's table of 128 interrupts has no room for this\n"),
            ("more streams than the table has", with_functions(8, 9),
             "the kernel's table of 16 streams has no room for this\n")):
        result(f"limits: {name}", too_large(topo, text, pattern))
