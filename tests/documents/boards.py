# SPDX-License-Identifier: BSD-2-Clause
"""docs/boards.md is what the rows of abi/boards/ are, nobody else has an address of a board, and
topo does not compile with a board that the kernel cannot map.
"""
import os
import re
import subprocess
import sys
import tempfile

from common import ROOT, read, test, tracked

sys.path.insert(0, os.path.join(ROOT, "tools"))
import board_rows  # pylint: disable=wrong-import-position,import-error

PAGE = "docs/boards.md"
# Files that have the number of an address of a board, and what it means there.
NO_ADDRESS = {
    "docs/export.md": "a guest's address", "docs/language.md": "an example",
    "topo/analysis/flow.c": "a bit", "topo/checks/memory.c": "a guest's address",
    "topo/checks/addresses.c": "a network", "topo/image/layout.h": "guests' addresses",
    "topo/image/layout_guest.c": "guests' addresses", "topo/model/kernel_file.c": "a size",
    "topo/model/vm_attribute_rows.h": "an example", "topo/resolve/defaults.h": "a guest's address",
    "topo/resolve/resolve_vm.c": "a guest's address", "topo/verify/verify.h": "guests' addresses",
    "vmm/vm/psci.c": "a bit",
}


def addresses():
    """{number or path of a node: board} of what lies somewhere on a board; from 16 MiB on, since
    smaller numbers mean too much else."""
    found = {}
    for name in board_rows.files():
        board = board_rows.load(name)
        places = [board["RAM_BASE"], board["LOAD"]] + [row[1] for row in board["BLOCKS"]] + \
            [row[1] for row in board["PCI_WINDOWS"]] + [row[1] for row in board["TREE"]]
        found.update({place: name for place in places if place >= 1 << 24})
        found.update({row[0]: name for row in board["TREE"] if "@" in row[0]})
    return found


def boards():
    test("boards: the page is what the rows are", [
        "run tools/board_rows.py >docs/boards.md" if read(PAGE) != board_rows.page() else ""])
    places, bad, met = addresses(), [], set()
    for path in tracked():
        # Topologies and tests say what somebody gives to a VM.
        if re.match(r"abi/boards/|tests/|topologies/|docs/boards.md", path) or \
                not re.search(r"(Makefile|README|\.(c|h|S|ld|mk|py|md|sh|json|1))$|/[^./]+$", path):
            continue
        text = read(path)
        for word in re.findall(r"\b0x[0-9a-fA-F]+(?=[uUlL]*\b)", text):
            board = places.get(int(word, 16))
            met |= {path} if board else set()
            if board and path not in NO_ADDRESS:
                bad.append(f"{path} has {word} of {board}")
        bad += [f"{path} has {node} of {board}" for node, board in places.items()
                if isinstance(node, str) and node in text]
    test("boards: their addresses stand in abi/boards alone", sorted(set(bad)))
    test("boards: exceptions are needed", sorted(set(NO_ADDRESS) - met))


# A change of the rows of the Raspberry Pi 4, and why it is refused.
MISFITS = [
    ("0xfc000000", "0xfc001000", "RAM begins and ends at a multiple of 2 MiB"),
    ("0xfc000000", "0x100000000", "the interrupt controller's distributor may not lie in RAM"),
    ("0xfc000000", "0x8000000000", "the kernel's console may not lie in RAM"),
    ("RAM_BASE 0x0", "RAM_BASE 0x8000000000", "RAM may not lie above 512 GiB"),
    ("LOAD 0x200000", "LOAD 0x80000", "the kernel lies in RAM, at a multiple of 2 MiB"),
    ("LOAD 0x200000", "LOAD 0xfc000000", "the kernel lies in RAM, at a multiple of 2 MiB"),
    ("0xff841000", "0x8000000000", "distributor may not lie above 512 GiB"),
    ("0xff844000, 0x2000,", "0x100000000, 0x40001000,", "may not be larger than 1 GiB"),
]


def misfits():
    """A board that the kernel cannot map is refused by the compiler."""
    rows = read("abi/boards/rpi4.h")
    both = rows.replace("GUESTS", "KERNEL").replace("NOBODY", "KERNEL")
    both = both.replace("BOARD_WINDOWS(X)", "BOARD_WINDOWS(X) X(0xfd500000, 0x1000)")
    cases = [(old, rows.replace(old, new), why) for old, new, why in MISFITS]
    cases += [("as it is", rows, None), ("KERNEL", both, "uses too many blocks of registers")]
    for name, text, why in cases:
        with tempfile.TemporaryDirectory() as directory:
            os.makedirs(f"{directory}/abi/boards")
            with open(f"{directory}/abi/boards/rpi4.h", "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run(["gcc", "-std=c11", "-fsyntax-only", f"-I{directory}", "-I.",
                                   "topo/model/board_rpi4.c"], stderr=subprocess.PIPE, text=True,
                                  check=False)
        test(f"boards: fit: {name}: {why}", [
            done.stderr if not why and done.returncode else "",
            f"not refused: {done.stderr[:200]}"
            if why and why not in done.stderr.replace("\\'", "'") else "",
            "the row is not there" if why and text == rows else ""])


SUBJECTS = [boards, misfits]
PLANTED = [
    (boards, PAGE, "| the kernel's console | 33 |", "| the kernel's console | 34 |",
     "boards: the page"),
    (boards, "kernel/aarch64/gic.h", "#define GIC_SPECIAL 1020U",
     "#define GIC_SPECIAL 0x8010000U",
     "boards: their addresses"),
]
