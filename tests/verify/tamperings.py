# SPDX-License-Identifier: BSD-2-Clause
"""Images that give other rights than their topology: each function changes one right of a good
image of hub.camkes (hub serves a net and a blk device to a and to b) and names what topo verify
must say. All of them would boot, but for those that say so.
"""
import struct

import abi  # found by system.py
from system import Config, EXEC, GUEST, PAGE, READ, VMM, WRITE, tree_properties

RW, RWX = READ | WRITE, READ | WRITE | EXEC
RAM = 0x40000000
FREE = 0x6000000000  # a guest-physical address where nobody has anything
TAMPERINGS = []


def says(*patterns):
    """Register a tampering; the output of topo verify must match every pattern."""
    def register(function):
        TAMPERINGS.append((function.__name__, function, patterns))
        return function
    return register


class Names:
    """What a tampering speaks of: indices in the image of hub.camkes."""

    def __init__(self, s):
        self.hub, self.a, self.b = (s.domain(n) for n in ("hub", "a", "b"))
        self.config_a, self.config_b = Config(s.blobs[s.config(self.a)]), \
            Config(s.blobs[s.config(self.b)])
        self.ram = {d: s.find(d, GUEST, RAM) for d in (self.hub, self.a, self.b)}
        self.pool = {d: next((r, m) for r, region in enumerate(s.regions)
                             if region["page_count"] == 2048 for m in s.mappings_of(r)
                             if s.mappings[m]["domain"] == d) for d in (self.a, self.b)}
        self.page = {}
        for d, config in ((self.a, self.config_a), (self.b, self.config_b)):
            for number, field in enumerate(("page_out", "page_in")):
                va = config.get(config.connections[0], field)
                self.page[d, number] = s.find(d, VMM, va)

    def other(self, s, region, domain):
        """The mapping of a shared region that is not the domain's."""
        return next(m for m in s.mappings_of(region) if s.mappings[m]["domain"] != domain)


# Memory.

@says(r"extra: vm_hub can write iobuf page 0 of connection hub -> a, .*not in the topology")
def guest_may_write_page_0(s, n):
    region = n.page[n.a, 0][0]
    s.mappings[n.other(s, region, n.a)]["rights"] = RW


@says(r"extra: the VMM of vm_a can write iobuf page 1 of connection hub -> a")
def vmm_may_write_page_1(s, n):
    s.mappings[n.page[n.a, 1][1]]["rights"] = RW


@says(r"missing: the VMM of vm_a cannot write iobuf page 0 of connection hub -> a")
def vmm_may_not_write_page_0(s, n):
    s.mappings[n.page[n.a, 0][1]]["rights"] = READ


@says(r"missing: vm_hub cannot write iobuf page 1 of connection hub -> b")
def guest_may_not_write_page_1(s, n):
    region = n.page[n.b, 1][0]
    s.mappings[n.other(s, region, n.b)]["rights"] = READ


@says(r"extra: vm_b can read iobuf page 0 of connection hub -> a")
def stranger_reads_page_0(s, n):
    s.map(n.page[n.a, 0][0], n.b, GUEST, READ, FREE)


@says(r"extra: vm_a can read and write iobuf page 0 of connection hub -> a")
def driver_guest_reaches_page_0(s, n):
    s.map(n.page[n.a, 0][0], n.a, GUEST, RW, FREE)


@says(r"extra: the VMM of vm_hub can read iobuf page 1 of connection hub -> b")
def device_vmm_reaches_page_1(s, n):
    s.map(n.page[n.b, 1][0], n.hub, VMM, READ, 0x10000000)


@says(r"extra: vm_hub can read and write the RAM of vm_a")
def device_reaches_ram(s, n):
    s.map(n.ram[n.a][0], n.hub, GUEST, RW, FREE)


@says(r"extra: vm_b can read the RAM of vm_a")
def neighbour_reads_ram(s, n):
    s.map(n.ram[n.a][0], n.b, GUEST, READ, FREE)


@says(r"extra: the VMM of vm_a can read the RAM of vm_a")
def vmm_reads_own_ram(s, n):
    s.map(n.ram[n.a][0], n.a, VMM, READ, 0x10000000)


@says(r"extra: vm_a finds the RAM of vm_a more than once|was told")
def ram_twice(s, n):
    s.map(n.ram[n.a][0], n.a, GUEST, RWX, FREE)


@says(r"extra: vm_b can read and write the pool of connection hub -> a")
def neighbour_reaches_pool(s, n):
    s.map(n.pool[n.a][0], n.b, GUEST, RW, FREE)


@says(r"extra: vm_hub can execute the pool of connection hub -> a")
def pool_executable(s, n):
    s.mappings[n.other(s, n.pool[n.a][0], n.a)]["rights"] = RWX


@says(r"missing: vm_hub cannot write the pool of connection hub -> a")
def pool_read_only(s, n):
    s.mappings[n.other(s, n.pool[n.a][0], n.a)]["rights"] = READ


@says(r"missing: vm_hub cannot read and write the pool of connection hub -> a")
def pool_not_mapped(s, n):
    region = n.pool[n.a][0]
    s.unmap(region, n.other(s, region, n.a))
    s.regions[region]["flags"] = 0


@says(r"extra: vm_hub can read and write .*the pool of connection hub -> a|was told",
      r"vm_hub finds the pool of connection hub -> b at 0x[0-9a-f]+, but was told")
def pools_swapped_in_hub(s, n):
    a, b = (s.mappings[n.other(s, n.pool[d][0], d)] for d in (n.a, n.b))
    a["ipa_page"], b["ipa_page"] = b["ipa_page"], a["ipa_page"]


@says(r"extra: vm_a can read and write the pool of connection hub -> b|"
      r"extra: vm_b can read and write the pool of connection hub -> a|"
      r"the pool of connection hub -> a and the pool of connection hub -> b|"
      r"missing: vm_b cannot read and write the pool")
def pool_given_to_neighbour(s, n):
    s.mappings[n.pool[n.b][1]]["domain"] = n.a
    s.mappings[n.pool[n.b][1]]["ipa_page"] = FREE // PAGE


@says(r"extra: vm_hub can read iobuf page 0 of connection hub -> b|"
      r"vm_hub finds iobuf page 0 of connection hub -> [ab] at")
def pages_swapped_between_connections(s, n):
    a, b = (s.mappings[n.other(s, n.page[d, 0][0], d)] for d in (n.a, n.b))
    a["ipa_page"], b["ipa_page"] = b["ipa_page"], a["ipa_page"]


@says(r"extra: the VMM of vm_a can write iobuf page 1 of connection hub -> a|"
      r"iobuf page [01] of connection hub -> a")
def pages_of_connection_swapped(s, n):
    out, page_in = (s.mappings[n.page[n.a, i][1]] for i in (0, 1))
    out["ipa_page"], page_in["ipa_page"] = page_in["ipa_page"], out["ipa_page"]


@says(r"extra: vm_b can read, write and execute 4 KiB of the pool of connection hub -> a")
def ram_enlarged(s, n):
    s.regions[n.ram[n.b][0]]["page_count"] += 1


@says(r"missing: vm_b cannot read, write and execute 4 KiB of the RAM of vm_b")
def ram_shrunk(s, n):
    s.regions[n.ram[n.b][0]]["page_count"] -= 1


@says(r"extra: vm_b can read, write and execute 64 KiB of the pool of connection hub -> a")
def ram_enlarged_over_pool(s, n):
    ram = s.regions[n.ram[n.b][0]]
    pool = s.regions[n.pool[n.a][0]]
    assert ram["page"] + ram["page_count"] == pool["page"]
    ram["page_count"] += 16


@says(r"extra: the RAM of vm_a and the RAM of vm_b lie in the same physical memory")
def ram_moved_over_ram(s, n):
    s.regions[n.ram[n.a][0]]["page"] += 512


@says(r"can .* the memory of the kernel|the memory of the kernel and")
def region_over_kernel(s, n):
    s.regions[len(s.blobs)]["page"] = (RAM >> 12) + 512


@says(r"the kernel's translation tables and|can .* the kernel's translation tables")
def region_over_tables(s, n):
    s.regions[len(s.blobs)]["page"] = s.header["pool_page"]


@says(r"the kernel's translation tables")
def tables_over_ram(s, n):
    s.header["pool_page"] = s.regions[n.ram[n.a][0]]["page"]


@says(r"pages for the kernel's translation tables")
def tables_too_few(s, n):
    s.header["pool_page_count"] -= 1


@says(r"extra: segment 1 of the VMM of vm_hub lies at 0x8000000, where the interrupt controller's")
def region_over_interrupt_controller(s, n):
    s.regions[len(s.blobs)]["page"] = 0x08000


@says(r"extra: vm_hub can read and write 4 KiB of memory that the topology gives to nobody|"
      r"extra: vm_a can read and write .*memory that the topology gives to nobody|"
      r"extra: vm_. can read and write .*the pool of connection hub -> b")
def pool_enlarged(s, n):
    s.regions[n.pool[n.a][0]]["page_count"] += 1


@says(r"missing: vm_a cannot read and write 4 KiB of the pool of connection hub -> a")
def pool_shrunk(s, n):
    s.regions[n.pool[n.a][0]]["page_count"] -= 1


@says(r"vm_hub finds the pool of connection hub -> a at 0x6000000000, but was told")
def pool_elsewhere(s, n):
    s.mappings[n.other(s, n.pool[n.a][0], n.a)]["ipa_page"] = FREE // PAGE


@says(r"is marked as shared, and nobody shares it")
def ram_marked_shared(s, n):
    s.regions[n.ram[n.a][0]]["flags"] = 1


@says(r"mapped more than once and not marked as shared")
def pool_not_marked_shared(s, n):  # the kernel refuses it too
    s.regions[n.pool[n.a][0]]["flags"] = 0


@says(r"extra: the VMM of vm_a can write segment 0 of all VMMs",
      r"mapping (\d+) of the image lets the VMM of domain (\d) write what the VMM of domain \2 "
      r"executes by mapping \1")
def vmm_text_writable(s, n):  # the kernel refuses it too, and those that follow
    _, m = s.find(n.a, VMM, s.domains[n.a]["vmm_entry"])
    s.mappings[m]["rights"] = RWX


def text_again(s, n, domain, space, rights):
    """One more mapping of the text of a's VMM."""
    region, _ = s.find(n.a, VMM, s.domains[n.a]["vmm_entry"])
    s.map(region, domain, space, rights, FREE)


@says(r"lets the VMM of domain \d write what the VMM of domain \d executes by")
def vmm_text_writable_elsewhere(s, n):
    text_again(s, n, n.a, VMM, RW)


@says(r"lets the VMM of domain \d write what the VMM of domain \d executes by")
def vmm_text_of_another_vmm(s, n):
    text_again(s, n, n.b, VMM, RW)


@says(r"lets the guest of domain \d write what the VMM of domain \d executes by",
      r"extra: vm_b can read, write and execute segment 0 of all VMMs")
def vmm_text_of_a_guest(s, n):
    text_again(s, n, n.b, GUEST, RWX)


@says(r"lets the guest of domain \d write what the VMM of domain \d executes by")
def ram_reaches_vmm_text(s, n):  # regions that lie over each other
    text, _ = s.find(n.a, VMM, s.domains[n.a]["vmm_entry"])
    s.regions[n.ram[n.b][0]]["page"] = s.regions[text]["page"] - 1


@says(r"missing: the VMM of vm_a cannot write the configuration of the VMM of vm_a")
def vmm_config_read_only(s, n):
    _, m = s.find(n.a, VMM, s.domains[n.a]["vmm_arg"])
    s.mappings[m]["rights"] = READ


@says(r"extra: the VMM of vm_a can execute the configuration of the VMM of vm_a")
def vmm_config_executable(s, n):
    _, m = s.find(n.a, VMM, s.domains[n.a]["vmm_arg"])
    s.mappings[m]["rights"] = READ | EXEC


@says(r"different: the VMM of vm_a has a seed in the file: whoever has read it can foretell")
def seed_planted(s, n):
    n.config_a.set(n.config_a.places[0], "seed", bytes(31) + b"\1")


@says(r"extra: the VMM of vm_a can execute the stack of the VMM of vm_a")
def vmm_stack_executable(s, n):
    _, m = s.find(n.a, VMM, s.domains[n.a]["vmm_stack"] - PAGE)
    s.mappings[m]["rights"] = RWX


@says(r"extra: vm_a can read the configuration of the VMM of vm_b")
def guest_reads_vmm_config(s, n):
    region, _ = s.find(n.b, VMM, s.domains[n.b]["vmm_arg"])
    s.map(region, n.a, GUEST, READ, FREE)


@says(r"extra: vm_a can read, write and execute 4 KiB of memory that the topology gives to nobody")
def secret_region(s, n):
    last = s.regions[-1]
    s.regions.append({"page": last["page"] + last["page_count"], "page_count": 1, "flags": 0,
                      "mappings.first": len(s.mappings), "mappings.count": 0, "reserved": 0})
    s.map(len(s.regions) - 1, n.a, GUEST, RWX, FREE)


@says(r"extra: vm_a can read and write .* nobody", r"extra: vm_b can read and write .* nobody")
def secret_shared_region(s, n):
    secret_region(s, n)
    s.mappings[-1]["rights"] = RW
    s.map(len(s.regions) - 1, n.b, GUEST, RW, FREE)


@says(r"the RAM of vm_a and the doorbell window|overlap")
def window_over_ram(s, n):  # the kernel refuses it too
    s.domains[n.a]["doorbell_ipa_page"] = RAM // PAGE


@says(r"vm_a finds its CPU interface at")
def cpu_interface_moved(s, n):
    s.domains[n.a]["gicc_ipa_page"] += 16


# Doorbells and capabilities.

def doorbell(s, n, domain, slot=0):
    """The doorbell that a store to the first page of a domain rings."""
    page = s.doorbell_pages[s.domains[domain]["doorbell_pages.first"]]
    return s.doorbells[s.caps[page["caps.first"] + slot]["object"]]


@says(r"extra: vm_a can raise interrupt \d+ of vm_b.* by a store to 0xa000000: not in")
def kick_at_stranger(s, n):
    doorbell(s, n, n.a)["domain"] = n.b


@says(r"missing: vm_a cannot raise interrupt \d+ of vm_hub \(the kick of queue 0")
def kick_other_interrupt(s, n):
    doorbell(s, n, n.a)["number"] += 40


@says(r"extra: vm_a can raise interrupt 33 of vm_hub")
def kick_raises_console(s, n):
    doorbell(s, n, n.a)["number"] = 33


@says(r"extra: vm_a can set event \d+ of the VMM of vm_hub")
def kick_becomes_event(s, n):
    doorbell(s, n, n.a)["kind"] = 2


@says(r"missing: vm_a cannot raise interrupt")
def kick_masked(s, n):
    doorbell(s, n, n.a)["number"] = 0


@says(r"extra: vm_hub can raise interrupt 40 of vm_a")
def call_fixed(s, n):
    doorbell(s, n, n.hub, 1)["number"] = 40


@says(r"missing: vm_hub cannot set event 8 of the VMM of vm_a")
def control_other_event(s, n):
    doorbell(s, n, n.hub, 0)["number"] += 1


@says(r"extra: vm_hub can set event 8 of the VMM of vm_b")
def control_at_stranger(s, n):
    doorbell(s, n, n.hub, 0)["domain"] = n.b


@says(r"extra: vm_a can raise interrupt \d+ of vm_hub \(the kick of queue 0 of connection hub -> b")
def kick_of_neighbour(s, n):
    page_a, page_b = (s.doorbell_pages[s.domains[d]["doorbell_pages.first"]]["caps.first"]
                      for d in (n.a, n.b))
    s.caps[page_a]["object"] = s.caps[page_b]["object"]


@says(r"extra: vm_hub can .*the call of queue 0 of connection hub -> b")
def call_of_neighbour(s, n):
    first = s.domains[n.hub]["doorbell_pages.first"]
    a, b = (s.doorbell_pages[first + i]["caps.first"] for i in (0, 1))
    s.caps[a + 1]["object"] = s.caps[b + 1]["object"]


@says(r"extra: the VMM of vm_a can raise interrupt \d+ of vm_hub.*connection hub -> b")
def extra_doorbell(s, n):
    ring_b = n.config_b.get(n.config_b.connections[0], "cap_ring")
    s.add_cap(n.a, abi.PV_CAP_DOORBELL_SEND, s.cap(n.b, ring_b)["object"])


@says(r"extra: the VMM of vm_a can choose the interrupt of a doorbell.*connection hub -> a")
def extra_receive(s, n):
    recv = n.config_a.get(n.config_a.devices[0], "cap_recv_first")
    s.add_cap(n.a, abi.PV_CAP_DOORBELL_RECV, s.cap(n.a, recv)["object"])


@says(r"different: the VMM of vm_a is told cap_send_first = .*from the image follows")
def counts_other_kicks(s, n):
    device = n.config_a.devices[0]
    n.config_a.set(device, "cap_send_first", n.config_a.get(device, "cap_send_first") + 1)


@says(r"missing: the VMM of vm_a cannot choose the interrupt of the call of queue 0")
def receive_lost(s, n):
    recv = n.config_a.get(n.config_a.devices[0], "cap_recv_first")
    s.cap(n.a, recv)["type"] = abi.PV_CAP_NONE


@says(r"missing: the VMM of vm_a cannot choose the interrupt of the call of queue [01]",
      r"extra: the VMM of vm_a can choose the interrupt of a doorbell: .*queue [01]")
def receive_of_other_queue(s, n):
    recv = n.config_a.get(n.config_a.devices[0], "cap_recv_first")
    s.cap(n.a, recv)["object"] += 1


@says(r"extra: the VMM of vm_a can start vCPU 0 of vm_b")
def starts_stranger(s, n):
    s.add_cap(n.a, abi.PV_CAP_VCPU, s.domains[n.b]["vcpus.first"])


@says(r"extra: the VMM of vm_a can raise any interrupt of vm_hub instead")
def interrupts_of_stranger(s, n):
    s.cap(n.a, n.config_a.get(n.config_a.places[0], "cap_vgic"))["object"] = n.hub


@says(r"extra: the VMM of vm_hub can use console channel \d+: not in the topology")
def extra_console(s, n):
    s.add_cap(n.hub, abi.PV_CAP_CONSOLE, 0)


@says(r"missing: vm_a cannot raise interrupt \d+ of vm_hub \(the kick of queue 0")
def send_becomes_receive(s, n):
    page = s.doorbell_pages[s.domains[n.a]["doorbell_pages.first"]]
    s.caps[page["caps.first"]]["type"] = abi.PV_CAP_DOORBELL_RECV


@says(r"missing: vm_a cannot raise interrupt \d+ of vm_hub \(the kick of queue 0")
def capability_lost(s, n):
    page = s.doorbell_pages[s.domains[n.a]["doorbell_pages.first"]]
    s.caps[page["caps.first"]]["type"] = abi.PV_CAP_NONE


@says(r"vm_a cannot raise interrupt \d+ of vm_hub \(the kick of queue 0")
def page_slice_shifted(s, n):
    s.doorbell_pages[s.domains[n.a]["doorbell_pages.first"]]["caps.first"] -= 1


@says(r"extra: vm_a can .* by a store to 0xa000008: not in the topology")
def page_slice_enlarged(s, n):
    s.doorbell_pages[s.domains[n.a]["doorbell_pages.first"]]["caps.count"] += 1


@says(r"missing: vm_a has 1 doorbells for device 0 of connection hub -> a; the topology wants 2")
def page_slice_shrunk(s, n):
    s.doorbell_pages[s.domains[n.a]["doorbell_pages.first"]]["caps.count"] -= 1


@says(r"doorbell")
def pages_swapped(s, n):
    first = s.domains[n.a]["doorbell_pages.first"]
    s.doorbell_pages[first], s.doorbell_pages[first + 1] = \
        s.doorbell_pages[first + 1], s.doorbell_pages[first]


@says(r"vm_a finds no doorbells|doorbell page at")
def window_moved(s, n):
    s.domains[n.a]["doorbell_ipa_page"] += 1


# vCPUs and consoles.

@says(r"vCPU 0 of vm_a runs on physical CPU \d; by the topology on \d")
def vcpu_moved(s, n):
    vcpu = s.vcpus[s.domains[n.a]["vcpus.first"]]
    vcpu["cpu"] = (vcpu["cpu"] + 1) % s.header["cpu_count"]


@says(r"vm_a has priority 255; by the topology \d+")
def priority_raised(s, n):
    s.domains[n.a]["priority"] = 255


@says(r"vm_a has a budget of 1000 us in each 1000 us; by the topology 0 in each 0")
def budget_added(s, n):
    s.domains[n.a].update(budget_us=1000, period_us=1000)


@says(r"extra: vm_b has 2 vCPUs; the topology gives it 1")
def vcpu_added(s, n):
    assert n.b == len(s.domains) - 1
    s.vcpus.append({"domain": n.b, "cpu": 0})
    s.domains[n.b]["vcpus.count"] += 1


@says(r"vm_a has console channels 1 to 3; its own are 4 to 6")
def channel_stolen(s, n):
    s.domains[n.a]["channel_first"] = 1


@says(r"vm_a has console channels")
def channel_added(s, n):
    s.domains[n.a]["channel_count"] += 1


@says(r"extra: domain 3 of the image, \"spy\", is no VM of the topology")
def domain_added(s, n):
    last = s.domains[-1]
    s.domains.append(dict(
        last, name=b"spy".ljust(32, b"\0"), priority=1,
        **{f"{t}.first": last[f"{t}.first"] + last[f"{t}.count"]
           for t in ("vcpus", "caps", "doorbell_pages")},
        **{f"{t}.count": 0 for t in ("caps", "doorbell_pages")}))
    s.domains[-1]["vcpus.count"] = 1
    s.vcpus.append({"domain": 3, "cpu": 0})


@says(r"missing: vm_a \(\"a\"\) is not in the image", r"extra: domain 1 of the image, \"spy\"")
def domain_renamed(s, n):
    s.domains[n.a]["name"] = b"spy".ljust(32, b"\0")


# What VMMs and guests are told.

@says(r"the VMM of vm_a is told features = .* for device 0 \(net\) of connection hub -> a")
def access_platform_dropped(s, n):
    place = n.config_a.devices[0]
    n.config_a.set(place, "features", n.config_a.get(place, "features") & ~(1 << 33))


@says(r"the VMM of vm_b is told config = .*\(net\)")
def mac_changed(s, n):
    place = n.config_b.devices[0]
    config = bytearray(n.config_b.get(place, "config"))
    config[5] ^= 1
    n.config_b.set(place, "config", bytes(config))


@says(r"the VMM of vm_b is told config = .*\(blk\)")
def capacity_changed(s, n):
    place = n.config_b.devices[1]
    config = bytearray(n.config_b.get(place, "config"))
    config[0] ^= 1
    n.config_b.set(place, "config", bytes(config))


@says(r"iobuf page 0 of connection hub -> a")
def config_pages_swapped(s, n):
    place = n.config_a.connections[0]
    out, page_in = (n.config_a.get(place, f) for f in ("page_out", "page_in"))
    n.config_a.set(place, "page_out", page_in)
    n.config_a.set(place, "page_in", out)


@says(r"the VMM of vm_a cannot raise interrupt \d+ of vm_hub")
def config_ring_changed(s, n):
    place = n.config_a.connections[0]
    n.config_a.set(place, "cap_ring", n.config_a.get(place, "cap_ring") + 1)


def tree_set(s, domain, node, name, change):
    """Change the value of a property in place; node is the beginning of its path."""
    blob = s.blobs[s.tree(domain)]
    for path, found, at, length in tree_properties(blob):
        if path.startswith(node) and found == name:
            value = change(bytes(blob[at:at + length]))
            assert len(value) == length and value != blob[at:at + length]
            blob[at:at + length] = value
            return
    raise LookupError(f"{node} {name}")


@says(r"the device tree of vm_hub: `peervisor,mac`")
def tree_mac(s, n):
    tree_set(s, n.hub, "/connection@", "peervisor,mac", lambda v: v[:5] + bytes([v[5] ^ 1]))


@says(r"the device tree of vm_hub: `peervisor,capacity`")
def tree_capacity(s, n):
    tree_set(s, n.hub, "/connection@", "peervisor,capacity", lambda v: v[:4] + b"\x7f" + v[5:])


@says(r"the device tree of vm_a: `reg` of /memory@40000000")
def tree_memory(s, n):
    tree_set(s, n.a, "/memory@", "reg", lambda v: v[:8] + b"\0\0\0\1" + v[12:])


@says(r"the pool of connection hub -> a|`reg` of /reserved-memory")
def tree_pool(s, n):
    tree_set(s, n.a, "/reserved-memory/pool@", "reg", lambda v: v[:4] + b"\x50" + v[5:])


@says(r"interrupt \d+ of vm_hub")
def tree_interrupt(s, n):
    tree_set(s, n.hub, "/connection@", "interrupts", lambda v: v[:7] + bytes([v[7] + 1]) + v[8:])


@says(r"the device tree of vm_b: `bootargs` of /chosen")
def tree_bootargs(s, n):
    tree_set(s, n.b, "/chosen", "bootargs", lambda v: b"C" + v[1:])


@says(r"the device tree of vm_a")
def tree_peer(s, n):
    tree_set(s, n.a, "/pcie@", "peervisor,peer", lambda v: b"mub\0")


@says(r"`compatible` of /reserved-memory/pool@")
def tree_pool_not_restricted(s, n):
    tree_set(s, n.a, "/reserved-memory/pool@", "compatible", lambda v: b"x" + v[1:])


@says(r"the device tree of vm_a: `reg` of /reserved-memory/agent@")
def tree_agent_window(s, n):
    tree_set(s, n.a, "/reserved-memory/agent@", "reg", lambda v: v[:6] + b"\x10\0" + v[8:])


# What no reader of a tree or a name would look at.

def tree_move(s, domain, change):
    """Rebuild a tree from its parts after `change` has had them in a dictionary; the offsets and
    sizes in the header follow them."""
    at = s.tree(domain)
    head = list(struct.unpack(">10I", s.blobs[at][:40]))
    structure, strings, reserved, string_bytes, structure_bytes = (head[i] for i in (2, 3, 4, 8, 9))
    parts = {"head": bytes(8), "gap": b"", "map": s.blobs[at][reserved:reserved + 16], "end": b"",
             "structure": s.blobs[at][structure:structure + structure_bytes],
             "strings": s.blobs[at][strings:strings + string_bytes]}
    change(parts)
    body = b""
    for index, size, name in ((None, None, "head"), (4, None, "map"), (2, 9, "structure"),
                              (None, None, "gap"), (3, 8, "strings"), (None, None, "end")):
        if index:
            head[index] = 40 + len(body)
        if size:
            head[size] = len(parts[name])
        body += bytes(parts[name])
    head[1] = 40 + len(body)
    blob = struct.pack(">10I", *head) + body
    s.blobs[at][:] = blob


@says(r"device tree is none: it has bytes that mean nothing")
def tree_behind_its_header(s, n):
    tree_move(s, n.a, lambda p: p.update(head=b"password"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_nop(s, n):
    tree_move(s, n.a, lambda p: p.update(
        structure=p["structure"][:8] + b"\0\0\0\4" + p["structure"][8:]))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_end_twice(s, n):
    tree_move(s, n.a, lambda p: p.update(structure=p["structure"] + b"\0\0\0\x09"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_behind_its_end(s, n):
    tree_move(s, n.a, lambda p: p.update(structure=p["structure"] + b"key!"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_string_of_nobody(s, n):
    tree_move(s, n.a, lambda p: p.update(strings=p["strings"] + b"secret\0"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_gap(s, n):
    tree_move(s, n.a, lambda p: p.update(gap=b"gap!"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_behind_its_strings(s, n):
    tree_move(s, n.a, lambda p: p.update(end=b"end!"))


@says(r"device tree is none: it has bytes that mean nothing")
def tree_last_comp_version(s, n):
    s.blobs[s.tree(n.a)][27] -= 1


@says(r"domain \d+ of the image has a name that is none")
def name_tail_of_domain(s, n):
    s.domains[n.a]["name"] = b"a".ljust(20, b"\0") + b"secret".ljust(12, b"\0")


@says(r"the VMM of vm_a is told name = ")
def name_tail_of_config(s, n):
    s.blobs[s.config(n.a)][16 + 31 - 1] ^= 1


@says(r"the VMM of vm_a is told peer = ")
def name_tail_of_peer(s, n):
    place = n.config_a.connections[0]
    n.config_a.set(place, "peer", b"hub".ljust(20, b"\0") + b"secret".ljust(12, b"\0"))


@says(r"the VMM of vm_a is told config = ")
def tail_of_device_configuration(s, n):
    place = n.config_a.devices[0]
    n.config_a.set(place, "config", n.config_a.get(place, "config")[:-4] + b"tail")


# The machine.

@says(r"number of physical CPUs: 0x8 in the image")
def more_cpus(s, n):
    s.header["cpu_count"] = 8


@says(r"pages of RAM")
def more_ram(s, n):
    s.header["ram_page_count"] *= 2


@says(r"board: ")
def other_board(s, n):
    s.header["board"] = abi.PV_BOARD_QEMU_VIRT
