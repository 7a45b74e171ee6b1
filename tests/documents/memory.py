# SPDX-License-Identifier: BSD-2-Clause
"""The figures of docs/memory-model.md against an image of the topology, and against the report; the
words of docs/glossary.md against the pages that it points to."""
import functools
import itertools
import json
import os
import re
import subprocess
import tempfile

from common import TOPO, read, test

PAGE = "docs/memory-model.md"
TOPOLOGY = "topologies/chain.camkes"
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
VMS = ("gateway", "app", "db")


def topo(*words):
    return subprocess.run([TOPO, *words], capture_output=True, text=True, check=True).stdout


@functools.lru_cache(None)
def writable(swiotlb):
    """(first, last + 1) of physical memory that each VM can write, as its image says."""
    with tempfile.TemporaryDirectory() as directory:
        image = os.path.join(directory, "chain.img")
        topo("build", "-D", f"VMSWIOTLB={swiotlb}", "-o", image, TOPOLOGY)
        said = topo("verify", "--rights", "-D", f"VMSWIOTLB={swiotlb}", image, TOPOLOGY)
    out = {vm: [] for vm in VMS}
    for vm, base, count, unit in re.findall(
            r"^vm_(\w+): rw. 0x\w+ is 0x(\w+), (\d+) ([KMG])iB: ", said, re.M):
        out[vm].append((int(base, 16), int(base, 16) + int(count) * UNITS[unit]))
    return out


@functools.lru_cache(None)
def reported(swiotlb):
    return {vm["name"]: vm for vm in json.loads(topo("report", "--json", "-D", f"VMSWIOTLB={swiotlb}",
                                                     TOPOLOGY))["vms"]}


def shared(swiotlb, one, other):
    ranges = itertools.product(writable(swiotlb)[one], writable(swiotlb)[other])
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in ranges) >> 20


def memory():
    page = read(PAGE)
    rows = [f"| {one}, {other} | {shared(1, one, other)} MiB | {shared(0, one, other)} MiB |"
            for one, other in (("gateway", "app"), ("app", "db"), ("gateway", "db"))]
    test("memory-model: what two VMs write, by the image", [
        f"no row {row}" for row in rows if row not in page] + (
            [] if all(writable(1).values()) else ["no rights were read"]))
    rows = []
    for vm in VMS:
        cells = [f"{reported(1)[vm]['ram_bytes'] >> 20} MiB"]
        cells += [f"{reported(s)[vm][key] >> 20} MiB" for key in ("exposed_bytes", "foreign_bytes")
                  for s in (1, 0)]
        cells += [str(reported(s)[vm]["compromises"]) for s in (1, 0)]
        rows.append(f"| {vm} | " + " | ".join(cells) + " |")
    test("memory-model: exposure, by the report", [f"no row {row}" for row in rows if row not in page])


def glossary():
    """A word of the glossary is used on the page that it points to, and stands in its order."""
    rows = re.findall(r"^\| ([^|]+) \| \[([\w-]+)\]\(\2\.md\) \| \S.* \|$", read("docs/glossary.md"), re.M)
    lines = [line for line in read("docs/glossary.md").split("\n") if line.startswith("| ")][2:]
    words = [word.lower() for word, _ in rows]
    test("glossary: words are used", [
        f"{page}.md does not say '{word}'" for word, page in rows
        if not re.search(rf"\b{re.escape(word)}s?\b", read(f"docs/{page}.md"), re.I)] +
         [f"{line} is no row" for line in lines if not any(line.startswith(f"| {w} | ") for w, _ in rows)])
    test("glossary: each word once, in order", [
        f"{b} behind {a}" for a, b in zip(words, words[1:]) if a.replace(" ", "") >= b.replace(" ", "")])


SUBJECTS = [memory, glossary]
PLANTED = [
    (memory, PAGE, "| gateway, app | 8 MiB |", "| gateway, app | 16 MiB |", "memory-model: what two"),
    (glossary, "docs/glossary.md", "| epoch | [connection](connection.md)", "| epoch | [boards](boards.md)",
     "glossary: words"),
    (memory, PAGE, "| 2 | 1 |", "| 2 | 2 |", "memory-model: exposure"),
]
