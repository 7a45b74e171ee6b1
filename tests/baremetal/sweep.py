# SPDX-License-Identifier: BSD-2-Clause
"""All addresses that a VM of a real topology can form: `topo build` lays out the simple pair, and a
program in each VM says which pages answer by themselves. They must be those that the image
grants, which are those that a connection is made of.

The VMM is replaced by one that answers whatever else is touched, so that one boot can try all; the
address spaces of the guests do not depend on it. Every page is touched of the first GiB above 0
and of what lies within MARGIN of anything granted, and one page in each 2 MiB of all that stage 2
can translate, another one in each. A whole sweep page by page would take a quarter of an hour:
134 million traps. What it could find beyond this is a page that stage 2 maps alone amidst 2 MiB
of nothing that the image says; tests/proofs shows that the mapper makes no such page.
"""
import json
import os
import re
import struct
import subprocess

import abi
import machine

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE, BLOCK, GIB, MIB = abi.PV_PAGE_BYTES, 2 << 20, 1 << 30, 1 << 20
TOP = 1 << abi.PV_IPA_BITS
MARGIN = 4 * MIB
GICC_PAGES, POOL_BYTES = 2, 8 * MIB
ROM_IPA = 0x7000000000    # what of the image a guest may see, docs/guest.md
INFLIGHT_BYTES = 2 * PAGE  # of one queue of 256 requests at most, docs/connection.md
LIMIT = 120
VMS = ("device", "driver")
NAME = "sweep of the simple pair"


def constants():
    with open(os.path.join(HERE, "sweep.h"), encoding="ascii") as file:
        return {name: int(value, 0) for name, value in
                re.findall(r"^#define (SWEEP_\w+) (\w+?)(?:UL)?$", file.read(), re.M)}


def mark(number):
    """By which the program of VMS[number] is found in the image."""
    return struct.pack("<Q", constants()["SWEEP_MARK"] + number)


def built(build, directory):
    """The image of the pair with the sweeping programs, and what topo says of it."""
    home = os.path.join(directory, "sweep")
    os.makedirs(home)
    own = os.path.join(build, "share/peervisor")
    for name in os.listdir(own):
        os.symlink(os.path.join(own, name) if name != "vmm.elf" else
                   os.path.join(build, "baremetal/sweep_vmm.elf"), os.path.join(home, name))
    with open(os.path.join(build, "baremetal/sweep.image"), "rb") as file:
        program = file.read()
    image = os.path.join(home, "sweep.img")
    command = [os.path.join(build, "topo"), "build", "--json", "--no-advice", "-o", image, "--board",
               abi.BOARD["NAME"]]
    for number, vm in enumerate(VMS):
        path = os.path.join(home, f"program-{vm}")
        with open(path, "wb") as file:
            file.write(program.replace(mark(0), mark(number)))
        command += ["-D", f'{vm.upper()}_PROGRAM="{path}"']
    done = subprocess.run(
        command + [os.path.join(HERE, "topologies/sweep.camkes")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, PEERVISOR_SHARE=home), check=False)
    if done.returncode != 0:
        raise OSError(f"topo build: {done.stdout[-400:]}")
    return image, json.loads(done.stdout)


class Tables:
    """The tables of an image, read by the layouts of abi/."""

    def __init__(self, data):
        self.start = data.index(struct.pack("<Q", abi.PV_IMAGE_MAGIC))
        self.data = data
        self.header = self.row("pv_image_header", self.start)

    def row(self, name, offset):
        return {leaf.name: int.from_bytes(self.data[offset + leaf.offset:
                                                    offset + leaf.offset + leaf.size], "little")
                for leaf in abi.leaves(name)}

    def rows(self, table, name):
        first = self.start + self.header[f"{table}.offset"]
        return [self.row(name, first + i * abi.size_of(name))
                for i in range(self.header[f"{table}.count"])]

    def granted(self, domain):
        """Kind -> [(first address, end)] of what the image grants a guest."""
        mappings = self.rows("mappings", "pv_mapping")
        found = {"memory": [], "rom": []}
        for region in self.rows("regions", "pv_region"):
            for number in range(region["mappings.count"]):
                mapping = mappings[region["mappings.first"] + number]
                if mapping["domain"] == domain and mapping["space"] == abi.PV_SPACE_GUEST:
                    first = mapping["ipa_page"] * PAGE
                    rom = first >= ROM_IPA and not mapping["rights"] & abi.PV_RIGHT_WRITE
                    found["rom" if rom else "memory"].append(
                        (first, first + region["page_count"] * PAGE))
        row = self.rows("domains", "pv_domain")[domain]
        for kind, page, count in (
                ("gicc", row["gicc_ipa_page"], GICC_PAGES),
                ("doorbells", row["doorbell_ipa_page"], row["doorbell_pages.count"])):
            found[kind] = [(page * PAGE, (page + count) * PAGE)] if page else []
        return found


def merged(spans):
    """Spans in order, those that touch made one."""
    out = []
    for first, end in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((first, end))
    return out


def plan(granted):
    """(page by page, block by block): the spans to sweep, which cover the space."""
    near = [(max(0, first - MARGIN) // BLOCK * BLOCK,
             min(TOP, (end + MARGIN + BLOCK - 1) // BLOCK * BLOCK)) for first, end in granted]
    pages = merged(near + [(0, GIB)])
    blocks, at = [], 0
    for first, end in pages + [(TOP, TOP)]:
        if at < first:
            blocks.append((at, first))
        at = end
    return pages, blocks


def patch(data, vm, spans):
    """Fill in the plan of a VM's program."""
    at = data.index(mark(VMS.index(vm)))
    for index, (first, end, step) in enumerate(spans):
        struct.pack_into("<QQQ", data, at + 8 + 24 * index, first, end, step)


def what_is_wrong(vm, granted, lines):
    """A VM's report against what it was granted."""
    words = [line.split() for line in lines
             if re.match(r"^(found|lost|end|fault) [0-9a-f]+$", line)]
    if not words or words[-1][0] != "end":
        return [f"{vm} did not come to its end: {lines[-3:]}"]
    found = [int(word[1], 16) for word in words[:-1]]
    spans = merged(zip(found[::2], found[1::2]))
    wanted = merged(granted)
    return [] if spans == wanted else \
        [f"{vm} finds {[(hex(a), hex(b)) for a, b in spans]}, "
         f"not {[(hex(a), hex(b)) for a, b in wanted]}"]


def check_pieces(tables, made):
    """The image grants what a connection consists of, and nothing else."""
    names = [vm["name"] for vm in made["vms"]]
    sizes = {}
    for vm in VMS:
        granted = tables.granted(names.index(vm))
        sizes[vm] = sorted(end - first for first, end in granted["memory"])
        sizes[vm, "bells"] = sum(end - first for first, end in granted["doorbells"]) // PAGE
    bad = []
    # Of the device VM: two iobuf pages, in-flight records, the pool, RAM; a page of doorbells. Of the driver VM: RAM
    # around the pool and the pool; a page of doorbells for each of its two devices.
    if sizes["device"][:4] != [PAGE, PAGE, INFLIGHT_BYTES, POOL_BYTES] or len(sizes["device"]) != 5:
        bad.append(f"the device VM is granted {sizes['device']}")
    if POOL_BYTES not in sizes["driver"] or sum(sizes["driver"]) % BLOCK:
        bad.append(f"the driver VM is granted {sizes['driver']}")
    if (sizes["device", "bells"], sizes["driver", "bells"]) != (1, 2):
        bad.append(f"doorbell pages: {sizes}")
    return bad


def run(runner):
    """What is wrong, and what to show of it."""
    try:
        image, made = built(runner.build, runner.directory)
    except OSError as error:
        return [str(error)], []
    with open(image, "rb") as file:
        data = bytearray(file.read())
    tables = Tables(data)
    bad = check_pieces(tables, made)
    granted = {}
    for number, vm in enumerate(made["vms"]):
        granted[vm["name"]] = [span for spans in tables.granted(number).values() for span in spans]
        pages, blocks = plan(granted[vm["name"]])
        patch(data, vm["name"],
              [(*span, PAGE) for span in pages] + [(*span, BLOCK) for span in blocks])
    with open(image, "wb") as file:
        file.write(data)
    done = machine.run(image, made["cpu_count"], LIMIT,
                       ["-m", f"{made['ram_bytes'] // MIB}M"])
    for vm in made["vms"]:
        bad += what_is_wrong(vm["name"], granted[vm["name"]],
                             done.channel(vm["channel_first"] + abi.PV_CONSOLE_VMM))
    return bad, [f"    log: {line}" for line in done.log] if bad else []
