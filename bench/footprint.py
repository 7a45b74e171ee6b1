# SPDX-License-Identifier: BSD-2-Clause
"""What a VM costs in memory beyond its RAM and pools, read from a system image: its VMM's pages
(iobuf pages among them) and the stage-2 tables of its two spaces, counted by the rules of
kernel/arm/s2.h (three levels, blocks of 2 MiB where both addresses allow it).
"""
import abi

BLOCK = 512               # pages of a block, and of what one table of level 3 translates
GIB = 512 * BLOCK         # pages of what one table of level 2 translates
GICC_PAGES = 2


class Footprint:
    def __init__(self, name, vmm_pages, tables):
        self.name = name
        self.vmm_kib, self.table_kib = vmm_pages * 4, tables * 4

    @property
    def kib(self):
        return self.vmm_kib + self.table_kib


def read_table(data, header, table, struct):
    """Rows of a table of the image, each a dict of numbers (bytes for arrays)."""
    size = abi.size_of(struct)
    start = header[f"{table}.offset"]
    return [decode(data[start + i * size:start + (i + 1) * size], struct)
            for i in range(header[f"{table}.count"])]


def decode(raw, struct):
    return {leaf.name: raw[leaf.offset:leaf.offset + leaf.size] if leaf.size > 8 else
            int.from_bytes(raw[leaf.offset:leaf.offset + leaf.size], "little")
            for leaf in abi.leaves(struct)}


def count_tables(ranges):
    """Tables of one space that maps (ipa page, pa page, pages)."""
    middle, last = set(), set()
    for ipa, pa, left in ranges:
        while left > 0:
            middle.add(ipa // GIB)
            block = ipa % BLOCK == 0 and pa % BLOCK == 0 and left >= BLOCK
            step = BLOCK if block else min(left, BLOCK - ipa % BLOCK)
            if not block:
                last.add(ipa // BLOCK)
            ipa, pa, left = ipa + step, pa + step, left - step
    return 1 + len(middle) + len(last)


def read_image(path):
    """(bytes, header, regions)"""
    with open(path, "rb") as file:
        data = file.read()
    magic = abi.PV_IMAGE_MAGIC.to_bytes(8, "little")
    place = next(at for at in range(0, len(data), abi.PV_IMAGE_ALIGN)
                 if data[at:at + 8] == magic)
    data = data[place:]
    header = decode(data, "pv_image_header")
    return data, header, read_table(data, header, "regions", "pv_region")


def taken_kib(path):
    """All memory that an image gives to anybody, and the tables that its domains need."""
    _, _, regions = read_image(path)
    return 4 * sum(region["page_count"] for region in regions) + \
        sum(domain.table_kib for domain in of_image(path))


def of_image(path):
    data, header, regions = read_image(path)
    mappings = read_table(data, header, "mappings", "pv_mapping")
    found = []
    for index, domain in enumerate(read_table(data, header, "domains", "pv_domain")):
        spaces = {abi.PV_SPACE_GUEST: [(domain["gicc_ipa_page"], 1, GICC_PAGES)],
                  abi.PV_SPACE_VMM: []}
        for region in regions:
            first = region["mappings.first"]
            for mapping in mappings[first:first + region["mappings.count"]]:
                if mapping["domain"] == index:
                    spaces[mapping["space"]].append(
                        (mapping["ipa_page"], region["page"], region["page_count"]))
        vmm_pages = sum(pages for _, _, pages in spaces[abi.PV_SPACE_VMM])
        name = domain["name"].split(b"\0")[0].decode()
        found.append(Footprint(name, vmm_pages, sum(map(count_tables, spaces.values()))))
    return found
