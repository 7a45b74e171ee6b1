# SPDX-License-Identifier: BSD-2-Clause
"""Tamperings (tamperings.py) with what VMs and their VMMs run, and with what their loaders load."""
from system import GUEST, PAGE, READ, VMM
from tamperings import FREE, RW, says


@says(r"its kernel.* is not that of the file")
def kernel_changed(s, n):
    s.blobs[s.kernel_of(n.a)][200] ^= 1


@says(r"its kernel is not at ")
def kernel_cut(s, n):
    index = s.kernel_of(n.a)
    s.blobs[index] = s.blobs[index][:-PAGE]


@says(r"its loader, at .*, is not that of the file")
def loader_changed(s, n):
    s.blobs[s.rom_at(n.a, GUEST, s.domains[n.a]["entry"])][8] ^= 1


@says(r"the kernel of the image is not the shipped one")
def el2_changed(s, n):
    s.kernel[0x100] ^= 1


@says(r"segment 0 of its VMM's program, at .*, is not that of the file")
def vmm_changed(s, n):
    s.blobs[s.rom_at(n.b, VMM, s.domains[n.b]["vmm_entry"])][9] ^= 0x80


@says(r"extra: vm_a can read what the loader of vm_b is told")
def loads_of_stranger(s, n):
    s.map(s.rom_at(n.b, GUEST, s.domains[n.b]["entry_arg"]), n.a, GUEST, READ, FREE)


@says(r"extra: vm_a can write what vm_\w+ loads", "lets domain 1 write what others find")
def rom_writable(s, n):
    region = s.kernel_of(n.a)
    next(s.mappings[m] for m in s.mappings_of(region)
         if s.mappings[m]["domain"] == n.a)["rights"] = RW


@says(r"extra: vm_a loads 0x\w+ bytes to 0x\w+: not in the topology")
def load_added(s, n):
    loads = s.loads(n.a)
    kernel = next(row["from"] for row in loads.rows if row["to"] == loads.get("entry"))
    loads.set_row(len(loads.rows) - 1, "from", kernel)


@says(r"vm_a does not clear and load all of its RAM")
def load_left_out(s, n):
    loads = s.loads(n.a)
    last = len(loads.rows) - 1
    loads.set_row(last, "bytes", loads.rows[last]["bytes"] - PAGE)


FIRST = r"what vm_(a|hub) loads at its first start is not what it loads at a later one"


@says(FIRST)
def first_kernel_elsewhere(s, n):
    first = s.loads(n.a, again=False)
    first.set_row(0, "from", first.rows[0]["from"] + PAGE)


@says(FIRST)
def first_entry(s, n):
    s.loads(n.a, again=False).set("entry", s.loads(n.a).get("entry") + 4)


@says(FIRST)
def first_without_seed(s, n):
    s.loads(n.a, again=False).set("seed", 0)


@says(FIRST)
def first_without_tree(s, n):
    first = s.loads(n.a, again=False)
    first.set("count", first.get("count") - 1)
    first.set_row(len(first.rows) - 1, "to", 0)
    first.set_row(len(first.rows) - 1, "from", 0)
    first.set_row(len(first.rows) - 1, "bytes", 0)


@says(FIRST)
def first_leaves_the_machines_tree(s, n):
    first = s.loads(n.hub, again=False)
    index = next(i for i, row in enumerate(first.rows) if row["from"] == 0)
    first.set_row(index, "bytes", first.rows[index]["bytes"] - PAGE)


@says(r"region \d+ .*is cleared by the kernel")
def ram_cleared_twice(s, n):
    s.regions[n.ram[n.a][0]]["flags"] = 0


@says(r"is not cleared, and not one guest's alone")
def pool_not_cleared(s, n):
    s.regions[n.pool[n.a][0]]["flags"] |= 2


@says(r"archive 0 of its initrd")
def initrds_swapped(s, n):
    a, b = s.tree(n.hub) - 3, s.tree(n.hub) - 2
    s.blobs[a], s.blobs[b] = s.blobs[b], s.blobs[a]


def in_files(s, n, old, new):
    """In the archive of vm_a's files and command, which lies before its device tree."""
    index = s.tree(n.a) - 1
    assert s.blobs[index].count(old) == 1 and len(old) == len(new)
    s.blobs[index] = bytearray(s.blobs[index].replace(old, new))


@says(r"vm_a: its root file system has 'bin/k', .*", r"lacks 'bin/k'")
def file_changed(s, n):
    s.blobs[s.tree(n.a) - 1][1000] ^= 1


@says(r"vm_a: its root file system has 'bin/j', .*")
def file_renamed(s, n):
    in_files(s, n, b"bin/k\0", b"bin/j\0")


@says(r"vm_a: its root file system has 'ini/disk.raw'")
def file_elsewhere(s, n):
    in_files(s, n, b"srv/disk.raw\0", b"ini/disk.raw\0")


@says(r"vm_a: its root file system has 'etc/peervisor/command'")
def command_changed(s, n):
    in_files(s, n, b"exec 'k'", b"exec 'l'")


@says(r"vm_a: its root file system has 'etc/peervisor/command'")
def command_of_everybody(s, n):
    mode, size = b"000081ED", b"%08X" % len(b"#!/bin/sh\nexec 'k' 'it'\\''s'\n")
    rest = b"0" * 24 + b"1".rjust(8, b"0") + b"0" * 8 + size
    in_files(s, n, mode + rest[8:], b"000089ED" + rest[8:])


@says(r"lacks 'etc/peervisor'")
def files_cut(s, n):
    index = s.tree(n.a) - 1
    at = s.blobs[index].index(b"etc/peervisor\0") - 110
    end = s.blobs[index].index(b"TRAILER!!!") - 110
    kept = s.blobs[index][:at] + s.blobs[index][end:]
    s.blobs[index] = bytearray(kept + bytes(len(s.blobs[index]) - len(kept)))


@says(r"vm_a: its loader is not at")
def entry_moved(s, n):
    s.domains[n.a]["entry"] += 4


@says(r"what its loader is told is not at")
def loads_moved(s, n):
    s.domains[n.a]["entry_arg"] += PAGE


@says(r"vm_a: its kernel is not at|where its kernel cannot run")
def kernel_entry_moved(s, n):
    s.loads(n.a).set("entry", s.loads(n.a).get("entry") + 4)


@says(r"no device tree lies at")
def tree_moved(s, n):
    s.loads(n.a).set("entry_arg", s.loads(n.a).get("entry_arg") + PAGE)


@says(r"the loader of vm_a puts its seed at 0x\w+; by its device tree at 0x\w+")
def seed_moved(s, n):
    s.loads(n.a).set("seed", s.loads(n.a).get("seed") + 4)


@says(r"the loader of vm_a puts its seed at 0x0; ")
def seed_forgotten(s, n):
    s.loads(n.a).set("seed", 0)


@says(r"kaslr-seed")
def seed_chosen(s, n):
    tree = s.tree(n.a)
    s.blobs[tree][s.loads(n.a).get("seed") - s.loads(n.a).get("entry_arg")] ^= 1


@says(r"the VMM of vm_a starts at .*; its program starts at")
def vmm_entry_moved(s, n):
    s.domains[n.a]["vmm_entry"] += 4


@says(r"the stack of the VMM of vm_a")
def vmm_stack_moved(s, n):
    s.domains[n.a]["vmm_stack"] += PAGE


@says(r"the VMM of vm_a has no configuration")
def vmm_config_moved(s, n):
    s.domains[n.a]["vmm_arg"] += PAGE
