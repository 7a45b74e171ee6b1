# SPDX-License-Identifier: BSD-2-Clause
"""All that the device trees of QEMU's own boards show, given to a VM: each range of registers, each
interrupt and each node is refused where it stands, or is one of those few that a VM may have.

The trees are QEMU's, so nothing is left out that the rows of abi/boards/ do not know.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import board_rows  # pylint: disable=wrong-import-position,import-error
import served  # pylint: disable=wrong-import-position

SPI_FIRST, PPI_FIRST, PCI_LINES = 32, 16, 4
BEGIN, END, PROP, FINISH = 1, 2, 3, 9
# What a VM may have of them: the clock, the second UART, and PCI's lines, each by itself.
DEVICES = {"/pl031@9010000", "/pl011@9040000"}
# What stands for nothing that moves or decides, or for the virtual one that every VM has.
COMMON = {"/chosen", "/timer", "/psci", "/pmu", "/cpus", "/aliases", "/apb-pclk", "/pl011@9000000",
          "/intc@8000000", "/intc@8000000/its@8080000", "/intc@8000000/v2m@8020000"}


class Node:
    def __init__(self, path, above):
        self.path, self.above, self.properties = path, above, {}

    def cells(self, name):
        data = self.properties.get(name, b"")
        return struct.unpack(f">{len(data) // 4}I", data[:len(data) & ~3])

    def number(self, name, default):
        return (self.cells(name) or (default,))[0]

    def pairs(self, name):
        """(base, bytes) of each entry of reg."""
        if self.above is None:
            return []
        wide = [self.above.number("#address-cells", 2), self.above.number("#size-cells", 1)]
        words, found = self.cells(name), []
        while wide[1] and len(words) >= sum(wide):
            found.append(tuple(sum(word << 32 * i for i, word in enumerate(reversed(part)))
                               for part in (words[:wide[0]], words[wide[0]:sum(wide)])))
            words = words[sum(wide):]
        return found


def read_tree(blob):
    """All nodes of a flattened device tree (Devicetree Specification, chapter 5)."""
    at, strings = struct.unpack_from(">II", blob, 8)
    nodes, node = [], None
    while True:
        kind = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if kind == BEGIN:
            name = blob[at:blob.index(0, at)].decode()
            at += len(name) + 4 & ~3
            node = Node((node.path if node and node.above else "") + ("/" + name if node else "/"),
                        node)
            nodes.append(node)
        elif kind == END:
            node = node.above
        elif kind == PROP:
            size, name = struct.unpack_from(">II", blob, at)
            name = blob[strings + name:blob.index(0, strings + name)].decode()
            node.properties[name] = blob[at + 8:at + 8 + size]
            at += 8 + (size + 3 & ~3)
        elif kind == FINISH:
            return nodes


def machine_tree(board, directory):
    """The tree of QEMU's machine as topo starts it, with two UARTs."""
    file = os.path.join(directory, "tree")
    subprocess.run(["qemu-system-aarch64", "-M", f"{board['QEMU_MACHINE']},dumpdtb={file}",
                    "-cpu", board["QEMU_CPU"], "-m", "1024", "-nodefaults", "-nic", "none",
                    "-display", "none", "-serial", "null", "-serial", "null"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=60, check=True)
    with open(file, "rb") as blob:
        return read_tree(blob.read())


def ranges_of(node):
    """Registers of the machine that a node has: of no CPU, and no part of a flash chip."""
    top = node.above is not None and node.above.above is None
    found = node.pairs("reg") if top or "v2m@" in node.path or "its@" in node.path else []
    words = node.cells("ranges")
    if node.path.startswith("/pcie@"):  # kind, place on the bus (2), place (2), bytes (2)
        found += [(words[i + 3] << 32 | words[i + 4], words[i + 5] << 32 | words[i + 6])
                  for i in range(0, len(words), 7)]
    elif node.path.startswith("/platform-bus@"):
        found += [(words[1] << 32 | words[2], words[3])]
    return found


def interrupts_of(node):
    words = node.cells("interrupts")
    return [words[i + 1] + (PPI_FIRST if words[i] else SPI_FIRST) for i in range(0, len(words), 3)]


def refused(topo, board, given, directory):
    """{place in the list: [error, …]} of what is given to a VM, a line for each."""
    file = os.path.join(directory, "all.camkes")
    with open(file, "w") as out:
        out.write("assembly { composition { component VM vm_a; } configuration { "
                  f'system.board = "{board}"; {given[0]}\n' +
                  "\n".join(given[1]).rstrip(",") + f"\n{given[2]} }} }}\n")
    done = served.run([topo, "build", "-o", os.path.join(directory, "image"), file],
                      cwd=directory, timeout=120)
    found = {}
    for line, text in re.findall(r"all\.camkes:(\d+):\d+: error: (.*)", done.stderr):
        found.setdefault(int(line) - 2, []).append(text)
    return found, done.stderr


def all_of(board, nodes):
    """{kind: (before and after a list, form of an entry, its title, {entry: a VM may have it})}."""
    kinds = {
        "range": ("vm_a.untyped_mmios = [", "];", '"{0:#x}:{1:#x}",', "{0:#x} with {1:#x} bytes", {}),
        "interrupt": ("vm_a.irqs = [", "];", "{0},", "interrupt {0}", {}),
        "node": ("vm_a.dtb = dtb([", "]);", '{{ "path": "{0}" }},', "{0}", {}),
    }
    for line in range(PCI_LINES):
        kinds["interrupt"][4][(board["PCI_IRQ"] + line,)] = True
    for node in nodes:
        for pair in ranges_of(node):
            kinds["range"][4].setdefault(pair, node.path in DEVICES)
        for number in interrupts_of(node):
            kinds["interrupt"][4].setdefault((number,), node.path in DEVICES)
        if node.above is not None:
            kinds["node"][4][(node.path,)] = node.path in DEVICES | COMMON
    return kinds


def run_board(topo, name, directory, result):
    board = board_rows.load(name)
    nodes = machine_tree(board, directory)
    kinds = all_of(board, nodes)
    name = name.replace("_", "-")
    result(f"tree of {name}: has what a VM may be given",
           "" if DEVICES <= {node.path for node in nodes} else "nothing is compared")
    for before, after, form, title, rows in kinds.values():
        lines = [form.format(*row) for row in rows]
        found, _ = refused(topo, name, (before, lines, after), directory)
        for at, (row, may) in enumerate(rows.items()):
            why = ""
            if may and at in found:
                why = f"is refused: {found[at]}"
            elif not may and at not in found:
                # A check may name the first of a VM's only: this one by itself.
                alone, said = refused(topo, name, (before, [lines[at]], after), directory)
                why = "" if alone else f"is given: {said[-300:]}"
            result(f"tree of {name}: {title.format(*row)}", why)


def run(topo, result):
    """Report each case by result(name, why)."""
    for name in board_rows.files():
        if board_rows.load(name)["ID"]:
            with tempfile.TemporaryDirectory() as directory:
                run_board(topo, name, directory, result)
