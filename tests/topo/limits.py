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
    lines += [f'vm_v{i}.ram_size = "{RAM}";' for i in range(vms)]
    lines += [f"vm_v{a}.vm_virtio_devices = [{', '.join(d)}];" for a, d in served.items()]
    return "\n".join(["assembly { composition {", *lines, "} }", ""])


class Case:
    """One topology, in a file of its own directory."""

    def __init__(self, topo, directory, vms, connections, device):
        self.topo, self.directory = topo, directory
        with open(os.path.join(directory, "x.camkes"), "w") as file:
            file.write(topology(vms, connections, device))

    def says(self, arguments, status, pattern):
        """Why topo's answer is another one, "" if it is not."""
        done = subprocess.run([self.topo, *arguments], cwd=self.directory, timeout=300, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        good = done.returncode == status and re.search(pattern, done.stdout)
        return "" if good else f"topo {' '.join(arguments)}: {done.returncode}, not {status} " \
                               f"and {pattern!r}: {done.stdout[-300:]}"


def largest(topo, device):
    with tempfile.TemporaryDirectory() as directory:
        case = Case(topo, directory, VMS, CONNECTIONS, device)
        return case.says(["check", "--no-advice", "x.camkes"], 0, "0 errors, 0 warnings") or \
            case.says(["build", "--no-advice", "x.camkes", "-o", "image"], 0, "") or \
            case.says(["verify", "image", "x.camkes"], 0,
                      f"exactly the rights of x.camkes: {VMS} VMs, {CONNECTIONS} connections") or \
            case.says(["report", "--format", "text", "x.camkes"], 0, f"v{VMS - 1}")


def too_large(topo, vms, connections, pattern):
    with tempfile.TemporaryDirectory() as directory:
        return Case(topo, directory, vms, connections, "net").says(
            ["build", "--no-advice", "x.camkes", "-o", "image"], 1,
            r"x\.camkes:\d+:\d+: error: " + pattern)


def run(topo, result):
    """Report each by result(name, why)."""
    for device in TYPES:
        result(f"limits: {VMS} VMs, {CONNECTIONS} connections, {device}", largest(topo, device))
    result("limits: one VM more", too_large(
        topo, VMS + 1, CONNECTIONS, f"{VMS + 1} VMs; the kernel has room for {VMS} "))
    result("limits: more regions than the table has", too_large(
        topo, VMS, 110, r"the kernel's table of \d+ regions has no room for this\n"))
    result("limits: more doorbells than the table has", too_large(
        topo, VMS, 140, r"the kernel's tables of \d+ doorbells .* have no room for this "))
