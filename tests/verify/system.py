# SPDX-License-Identifier: BSD-2-Clause
"""System images taken apart and put together again (abi/image.h), for tests that tamper with them.

Struct layouts come from abi/layout.txt through tests/baremetal/abi.py, so the tests do not share a
decoder with topo. A table is a list of dicts {dotted field: number, or bytes for an array}.
"""
import copy
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "baremetal"))
import abi  # pylint: disable=wrong-import-position,import-error

TABLES = [("domains", "pv_domain"), ("vcpus", "pv_vcpu"), ("regions", "pv_region"),
          ("mappings", "pv_mapping"), ("caps", "pv_cap"), ("doorbells", "pv_doorbell"),
          ("doorbell_pages", "pv_doorbell_page"), ("devices", "pv_device"), ("irqs", "pv_irq"),
          ("streams", "pv_stream"), ("windows", "pv_window"),
          ("window_rules", "pv_window_rule")]
PAGE = 4096
READ, WRITE, EXEC = 1, 2, 4
GUEST, VMM, DMA = 0, 1, 2


def decode(name, data):
    """The fields of a struct at the start of data."""
    fields = {}
    for leaf in abi.leaves(name):
        raw = bytes(data[leaf.offset:leaf.offset + leaf.size])
        fields[leaf.name] = int.from_bytes(raw, "little") if leaf.size in (1, 2, 4, 8) else raw
    return fields


def page_up(count):
    return (count + PAGE - 1) // PAGE * PAGE


class System:
    """An image: kernel, header, tables, and the bytes of the regions that it holds, which are the
    first of all."""

    def __init__(self, data):
        at = 0
        while data[at:at + 8] != struct.pack("<Q", abi.PV_IMAGE_MAGIC):
            at += abi.PV_IMAGE_ALIGN
        self.kernel = bytearray(data[:at])
        self.header = decode("pv_image_header", data[at:])
        self.tables = {}
        for table, name in TABLES:
            size, offset = abi.size_of(name), at + self.header[table + ".offset"]
            self.tables[table] = [decode(name, data[offset + i * size:offset + (i + 1) * size])
                                  for i in range(self.header[table + ".count"])]
        self.page = (abi.BOARD["LOAD"] + at) // PAGE
        self.blobs = []
        for region in self.tables["regions"]:
            start = at + (region["page"] - self.page) * PAGE
            if start < len(data):
                self.blobs.append(bytearray(data[start:start + region["page_count"] * PAGE]))

    def __getattr__(self, name):
        if name == "tables" or name not in self.tables:
            raise AttributeError(name)
        return self.tables[name]

    def copy(self):
        return copy.deepcopy(self)

    def encode(self):
        """The file. Sizes and offsets are those of what there is; nothing else is corrected."""
        header = dict(self.header)
        offset = abi.size_of("pv_image_header")
        for table, name in TABLES:
            header[table + ".offset"] = offset
            header[table + ".count"] = len(self.tables[table])
            offset += len(self.tables[table]) * abi.size_of(name)
        # Where the first of them was, if the tables leave room: guests see it there.
        start = offset = max(page_up(offset), (self.regions[0]["page"] - self.page) * PAGE)
        regions, body = [], bytearray()
        for index, region in enumerate(self.regions):
            if index < len(self.blobs):
                size = page_up(len(self.blobs[index]))
                region = dict(region, page=self.page + offset // PAGE, page_count=size // PAGE)
                body += self.blobs[index].ljust(size, b"\0")
                offset += size
            regions.append(region)
        header["image_bytes"] = offset
        out = bytearray(abi.encode("pv_image_header", header))
        for table, name in TABLES:
            for entry in regions if table == "regions" else self.tables[table]:
                out += abi.encode(name, entry)
        out = bytes(out).ljust(start, b"\0") + bytes(body)
        kernel = bytearray(self.kernel)
        kernel[16:24] = struct.pack("<Q", len(kernel) + len(out))
        return bytes(kernel) + out

    # Finding things, by what the tables say.

    def domain(self, name):
        """The index of a domain."""
        names = [d["name"].rstrip(b"\0").decode() for d in self.domains]
        return names.index(name)

    def mappings_of(self, region):
        first = self.regions[region]["mappings.first"]
        return range(first, first + self.regions[region]["mappings.count"])

    def find(self, domain, space, ipa):
        """(region, mapping) at an address of a space."""
        for r, region in enumerate(self.regions):
            for m in self.mappings_of(r):
                mapping = self.mappings[m]
                if (mapping["domain"], mapping["space"]) == (domain, space) and \
                        0 <= ipa // PAGE - mapping["ipa_page"] < region["page_count"]:
                    return r, m
        raise LookupError(f"{domain} {space} {ipa:#x}")

    def cap(self, domain, index):
        """The capability at an index of a domain's own table."""
        return self.caps[self.domains[domain]["caps.first"] + index]

    def rom_at(self, domain, space, ipa):
        """The index of the region, and of its bytes, that a space finds in the image."""
        region, _ = self.find(domain, space, ipa)
        assert region < len(self.blobs)
        return region

    def loads(self, domain, again=True):
        """What the loader of a VM is told, at its first start or at each later one."""
        return Loads(self.blobs[self.rom_at(domain, GUEST, self.domains[domain]["entry_arg"])],
                     PAGE if again else 0)

    def loaded(self, domain, ipa):
        """The index of what a VM loads to an address."""
        return self.rom_at(domain, GUEST, next(
            row["from"] for row in self.loads(domain).rows if row["to"] == ipa))

    # Changing them so that the image stays well-formed.

    def map(self, region, domain, space, rights, ipa):
        """One mapping more, with the flag that allows it."""
        entry = self.regions[region]
        at = entry["mappings.first"] + entry["mappings.count"]
        self.mappings.insert(at, {"domain": domain, "space": space, "rights": rights,
                                  "ipa_page": ipa // PAGE, "reserved": 0})
        entry["mappings.count"] += 1
        if entry["mappings.count"] > 1:
            entry["flags"] |= 1
        for later in self.regions[region + 1:]:
            later["mappings.first"] += 1

    def unmap(self, region, mapping):
        """One mapping less."""
        del self.mappings[mapping]
        self.regions[region]["mappings.count"] -= 1
        for later in self.regions[region + 1:]:
            later["mappings.first"] -= 1

    def add_cap(self, domain, cap_type, obj):
        """One capability more for a domain, behind its others."""
        entry = self.domains[domain]
        at = entry["caps.first"] + entry["caps.count"]
        self.caps.insert(at, {"type": cap_type, "object": obj})
        entry["caps.count"] += 1
        for later in self.domains[domain + 1:]:
            later["caps.first"] += 1
        for page in self.doorbell_pages:
            if page["caps.first"] >= at:
                page["caps.first"] += 1

    def config(self, domain):
        """The index of a VMM's configuration."""
        return self.rom_at(domain, VMM, self.domains[domain]["vmm_arg"])

    def kernel_of(self, domain):
        """The index of a guest's kernel."""
        return self.loaded(domain, self.loads(domain).get("entry"))

    def tree(self, domain):
        """The index of a guest's device tree."""
        return self.loaded(domain, self.loads(domain).get("entry_arg"))


class Loads:
    """What a loader is told (abi/loader.h), from a byte of a blob on: changes are written back at once."""

    HEAD, ROW = ("entry", "entry_arg", "count", "seed"), ("to", "from", "bytes")

    def __init__(self, blob, begin):
        self.blob, self.begin = blob, begin
        self.rows = []
        for i in range(self.get("count")):
            at = begin + 32 + 24 * i
            self.rows.append(dict(zip(self.ROW, struct.unpack("<3Q", blob[at:at + 24]))))

    def get(self, field):
        return struct.unpack("<4Q", self.blob[self.begin:self.begin + 32])[self.HEAD.index(field)]

    def set(self, field, value):
        at = self.begin + 8 * self.HEAD.index(field)
        self.blob[at:at + 8] = struct.pack("<Q", value)

    def set_row(self, index, field, value):
        at = self.begin + 32 + 24 * index + 8 * self.ROW.index(field)
        self.blob[at:at + 8] = struct.pack("<Q", value)


class Config:
    """A VMM's configuration (abi/vmm.h) inside a blob: fields by name, written back at once."""

    def __init__(self, blob):
        self.blob = blob
        head = decode("pv_vmm_config", blob)
        size = abi.size_of("pv_vmm_config")
        self.places = [("pv_vmm_config", 0)]
        self.connections, self.devices = [], []
        for i in range(head["connection_count"]):
            self.connections.append(("pv_vmm_connection", size))
            size += abi.size_of("pv_vmm_connection")
        for i in range(head["device_count"]):
            self.devices.append(("pv_vmm_device", size))
            size += abi.size_of("pv_vmm_device")
        self.functions = []
        for i in range(head["function_count"]):
            self.functions.append(("pv_vmm_function", size))
            size += abi.size_of("pv_vmm_function")
        self.places += self.connections + self.devices + self.functions

    def get(self, place, field):
        return decode(place[0], self.blob[place[1]:])[field]

    def set(self, place, field, value):
        leaf = {l.name: l for l in abi.leaves(place[0])}[field]
        raw = value if isinstance(value, bytes) else value.to_bytes(leaf.size, "little")
        at = place[1] + leaf.offset
        self.blob[at:at + leaf.size] = raw


def tree_properties(blob):
    """(path, name, offset of the value, its length) of all properties of a device tree, and
    (path, None, offset of the name, its length) of all nodes."""
    structure, strings = struct.unpack(">2I", blob[8:16])
    found, path, at = [], [], structure
    while True:
        token, = struct.unpack(">I", blob[at:at + 4])
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(bytes(blob[at:end]).decode())
            found.append(("/".join(path) or "/", None, at, end - at))
            at = (end + 4) // 4 * 4
        elif token == 2:
            path.pop()
        elif token == 3:
            length, name = struct.unpack(">2I", blob[at:at + 8])
            end = blob.index(b"\0", strings + name)
            found.append(("/".join(path) or "/",
                          bytes(blob[strings + name:end]).decode(), at + 8, length))
            at = (at + 8 + length + 3) // 4 * 4
        elif token == 9:
            return found
