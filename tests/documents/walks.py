# SPDX-License-Identifier: BSD-2-Clause
"""The walks of docs/architecture.md: each file defines the function that it is named for, and a
function behind an arrow is called by the one above.
"""
import os
import re

from common import read, test

PAGE = "docs/architecture.md"


def body(path, function):
    """The text of a function, None if the file does not define it."""
    found = re.search(r"^(?!\s)(?:[^\n;{}=]*[ *])?%s\([^;{}]*?\)\n\{\n(.*?)^\}" % function, read(path),
                      re.M | re.S)
    return found and found[1]


def walks():
    parts = re.split(r"^### (.*)\n", read(PAGE).split("## Three walks")[1], flags=re.M)
    for title, text in zip(parts[1::2], parts[2::2]):
        problems, above = [], None
        rows = re.findall(r"^\| (→ )?`(\w+)` \| `([\w/.]+)` \|", text, re.M)
        for arrow, function, path in rows:
            inside = body(path, function) if os.path.exists(path) else None
            if inside is None:
                problems.append(f"{path} does not define {function}")
            if arrow and above and not re.search(r"\b%s\(" % function, above[1] or ""):
                problems.append(f"{above[0]} does not call {function}")
            above = (function, inside)
        test(f"architecture: walk: {title}", problems if rows else ["no row"])
    test("architecture: three walks", [] if len(parts) == 7 else [f"{len(parts) // 2}"])


SUBJECTS = [walks]
PLANTED = [
    (walks, PAGE, "| → `ring` |", "| → `rings` |", "architecture: walk: A packet"),
    (walks, PAGE, "`kernel/core/doorbell.c`", "`kernel/core/doorbells.c`", "architecture: walk: A p"),
    (walks, PAGE, "| `read_setting` |", "| → `read_setting` |", "architecture: walk: An attribute"),
]
