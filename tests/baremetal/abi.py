# SPDX-License-Identifier: BSD-2-Clause
"""The numbers and struct layouts of abi/, read from abi/layout.txt (tools/abi-layout).

The builder of test images encodes structs with these, so no format is written down twice. Names
of constants are attributes of the module: abi.PV_CAP_CONSOLE. BOARDS are the names of the boards that
QEMU has, BOARD the rows of the one that PV_BOARD names, or of the first.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Field:
    """A leaf of a struct: its dotted name, place and width in bytes."""

    def __init__(self, name, offset, size):
        self.name, self.offset, self.size = name, offset, size


def _load():
    structs, constants, current = {}, {}, None
    with open(os.path.join(ROOT, "abi/layout.txt"), encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if line.startswith("struct"):
                current = structs[words[1]] = {"size": int(words[2]), "fields": []}
            elif line.startswith("\t"):
                current["fields"].append((words[0], int(words[1]), int(words[2]),
                                          " ".join(words[3:])))
            else:
                constants[words[0]] = int(words[1])
    return structs, constants


sys.path.insert(0, os.path.join(ROOT, "tools"))
import board_rows  # pylint: disable=wrong-import-position,import-error

_BOARDS = {rows["NAME"]: rows for rows in map(board_rows.load, board_rows.files())
           if rows["ID"] and rows["QEMU_MACHINE"]}
BOARDS = list(_BOARDS)
BOARD = _BOARDS[os.environ.get("PV_BOARD", BOARDS[0])]
STRUCTS, _CONSTANTS = _load()
globals().update(_CONSTANTS)


def size_of(struct):
    return STRUCTS[struct]["size"]


def leaves(struct):
    """All scalar fields and byte arrays of a struct, nested ones as "outer.inner"."""
    found = []
    for name, offset, size, kind in STRUCTS[struct]["fields"]:
        nested = re.match(r"^struct (\w+)$", kind)
        if nested:
            found += [Field(f"{name}.{leaf.name}", offset + leaf.offset, leaf.size)
                      for leaf in leaves(nested.group(1))]
        else:
            found.append(Field(name, offset, size))
    return found


def encode(struct, values):
    """Bytes of a struct from {dotted field: number, or bytes for an array}; absent is 0."""
    data = bytearray(size_of(struct))
    places = {leaf.name: leaf for leaf in leaves(struct)}
    for name, value in values.items():
        leaf = places[name]
        raw = value if isinstance(value, bytes) else \
            (value % (1 << (8 * leaf.size))).to_bytes(leaf.size, "little")
        data[leaf.offset:leaf.offset + leaf.size] = raw.ljust(leaf.size, b"\0")
    assert len(data) == size_of(struct)
    return bytes(data)
