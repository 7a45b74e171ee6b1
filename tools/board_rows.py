#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the boards (abi/boards/boards.h) for programs that are no C, as the preprocessor
gives them: load() has them by the name of the file. Run by itself it prints docs/boards.md."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LISTS = ("BLOCKS", "IRQS", "WINDOWS", "PCI_WINDOWS", "TREE", "CONTROLLERS")
CELL = re.compile(r'\s*("(?:[^"]*)"|[^,]*?)\s*(?:,|$)')


def preprocess(text, *options):
    return subprocess.run(["cpp", "-P", *options, "-I", ROOT], input=text, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def value(word):
    word = word.strip()
    if word.startswith('"'):
        return word.strip('"')
    return int(word, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", word) else word


def files():
    return re.findall(r"X\((\w+)\)", preprocess('#include "abi/boards/boards.h"\nPV_BOARDS(X)'))


def load(name):
    """{"RAM_BASE": number, …, "BLOCKS": [[cell, …], …], …} of a board's two files."""
    both = [f"abi/boards/{name}.h", f"abi/boards/{name}_topo.h"]
    text = "".join(f'#include "{path}"\n' for path in both)
    names = re.findall(r"^#define BOARD_(\w+) ", preprocess(text, "-dM"), re.M)
    text += "#define ROW(...) %% row __VA_ARGS__\n"
    text += "".join(f"%% one {n} BOARD_{n}\n" for n in names)
    text += "".join(f"%% list {n} BOARD_{n}(ROW)\n" for n in LISTS)
    board, rows = {}, None
    for part in preprocess(text).replace("\n", " ").split("%% ")[1:]:
        kind, rest = part.split(" ", 1)
        if kind == "row":
            rows.append([value(cell) for cell in CELL.findall(rest.strip())[:-1]])
        elif kind == "list":
            rows = board.setdefault(rest.strip(), [])
        else:
            board[rest.split(" ", 1)[0]] = value(rest.split(" ", 1)[1])
    return board


def size(number):
    for shift, unit in ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")):
        if number >> shift and number % (1 << shift) == 0:
            return f"{number >> shift} {unit}"
    return f"{number} bytes"


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in
                     [head, ["---"] * len(head)] + rows) + "\n"


INTRO = """# Boards

What a board is stands in two files of rows and nowhere else: `abi/boards/NAME.h`, which the kernel and its linker script
read too, and `abi/boards/NAME_topo.h`, which `topo` alone reads. `abi/boards/boards.h` says what each row means, and
`abi/boards/fits.h` refuses, when `topo` is built, a board that the kernel cannot map. This page is printed by
`tools/board_rows.py`; a test compares it.

A new board is these two files, a row of `boards.h`, and `topo/model/board_NAME.c`, which includes them.
`make` builds a kernel for each board that has an ID: `share/peervisor/kernel-NAME.bin`.
"""


def page():
    out = [INTRO]
    for name in files():
        b = load(name)
        facts = [
            ["files", f"`abi/boards/{name}.h`, `abi/boards/{name}_topo.h`"],
            ["the kernel runs on it", "yes" if b["ID"] else "no: check and analysis only"],
            ["imports are looked for in", f"`{b['DIRECTORY']}/`"],
            ["CPUs", str(b["CPUS"])],
            ["RAM", f"from {b['RAM_BASE']:#x}, at most {size(b['RAM_BYTES'])}"],
            ["the kernel lies at", f"{b['LOAD']:#x}"],
            ["interrupt controller", f"GICv{b['GIC_VERSION']}{', an ITS' if b['ITS'] else ''}, "
                                     f"{b['GIC_LIST_REGISTERS']} list "
                                     f"registers, {b['GIC_SPIS']} shared interrupts"],
            ["SMMU", f"version {b['SMMU']}, behind it what is behind `{b['PCI_HOST']}`"
             if b["SMMU"] else "none"],
        ]
        if b["QEMU_MACHINE"]:
            facts.append(["QEMU", f"`-M {b['QEMU_MACHINE']} -cpu {b['QEMU_CPU']}`"])
        out.append(f"## {b['NAME']}\n\n{b['TITLE']}.\n")
        out.append(table(["", ""], facts))
        out.append("Registers that no VM may be given:\n")
        out.append(table(["what", "from", "size", "used by"], [
            [text, f"{base:#x}", size(bytes_), f"{user.lower()} ({block})"]
            for block, base, bytes_, user, _, text in b["BLOCKS"]]))
        out.append("Interrupts that no VM may be given, besides those below 32:\n")
        out.append(table(["what", "INTID"], [
            [text, str(first) if count == 1 else f"{first} to {first + count - 1}"]
            for _, first, count, text in b["IRQS"]]))
        out.append("Windows of the PCI host bridge:\n")
        out.append(table(["what", "from", "size"], [
            [kind.lower(), f"{base:#x}", size(bytes_)]
            for kind, base, bytes_, _ in b["PCI_WINDOWS"]]))
        nodes = len({row[0] for row in b["TREE"]})
        out.append(f"{nodes} nodes of its device tree are known. " + (
            "These decide over the devices of others, and should be nobody's:\n"
            if b["CONTROLLERS"] else "None decides over the devices of others.\n"))
        if b["CONTROLLERS"]:
            out.append(table(["node", "decides over"], [
                [f"`{node}`", powers.replace("BOARD_", "").replace(" | ", ", ").lower()
                 .replace("supply", "power")] for node, powers in b["CONTROLLERS"]]))
    return "\n".join(out)


if __name__ == "__main__":
    print(page(), end="")
