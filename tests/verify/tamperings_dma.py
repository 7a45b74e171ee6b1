# SPDX-License-Identifier: BSD-2-Clause
"""Whose DMA reaches what, in images that give it other than their topology."""
import abi  # found by system.py
from hardware import Kind, IPA, RW, V2M, share_with_devices
from system import DMA, GUEST, PAGE, READ, VMM, WRITE

STREAMS, SPACES = Kind("streams"), Kind("DMA spaces")


# Streams: whose memory a function reaches.

@STREAMS.says(r"extra: function 0:2.0 reaches what the devices of vm_b do",
              r"function 0:2.0 \(nic\) of vm_hub has no stream")
def stream_to_another(s, n):
    s.streams[0]["domain"] = n.b


@STREAMS.says(r"extra: function 0:6.0 reaches what the devices of vm_hub do: not in the topology")
def stream_given(s, n):
    s.streams.append({"id": 6 << 3, "domain": n.hub})


@STREAMS.says(r"missing: function 0:4.0 \(emmc\) of vm_a has no stream")
def stream_lost(s, n):
    s.streams.pop()


@STREAMS.says(r"the VMM of vm_b can let function 0:2.0 reach memory: not in the topology")
def stream_capability_given(s, n):
    s.add_cap(n.b, abi.PV_CAP_STREAM, 0)


NO_STREAM = r"missing: function {} of vm_\w+ has no stream"
GIVEN = r"extra: function {} reaches what the devices of {} do: not in the topology"
BAD_STREAM = r"stream \d of the image has no number, or does not follow the one before it"
UNREACHED = r"missing: the VMM of vm_\w+ cannot let function {} \(\w+\) reach memory"


def add_stream(s, domain, number):
    """One more stream, in its order; capabilities stay with theirs."""
    at = sum(stream["id"] <= number for stream in s.streams)
    s.streams.insert(at, {"id": number, "domain": domain})
    for cap in s.caps:
        if cap["type"] == abi.PV_CAP_STREAM and cap["object"] >= at:
            cap["object"] += 1


def stream_cap(s, domain, which=0):
    """A capability of the VMM of a domain."""
    d = s.domains[domain]
    caps = s.caps[d["caps.first"]:d["caps.first"] + d["caps.count"]]
    return [c for c in caps if c["type"] == abi.PV_CAP_STREAM][which]


@STREAMS.says(GIVEN.format("0:5.0", "vm_a"))
def stream_of_nobodys_function_given(s, n):
    add_stream(s, n.a, 5 << 3)


@STREAMS.says(GIVEN.format("0:0.0", "vm_hub"))
def stream_of_the_host_bridge_given(s, n):
    add_stream(s, n.hub, 0)


@STREAMS.says(GIVEN.format("0:7.0", "vm_b"))
def stream_of_a_function_without_dma(s, n):
    add_stream(s, n.b, 7 << 3)


@STREAMS.says(GIVEN.format("0:7.0", "vm_hub"))
def stream_of_a_function_without_dma_to_another(s, n):
    add_stream(s, n.hub, 7 << 3)


@STREAMS.says(GIVEN.format("0:4.0", "vm_hub"), NO_STREAM.format(r"0:4.0 \(emmc\)"))
def stream_taken_by_who_serves(s, n):
    s.streams[2]["domain"] = n.hub


@STREAMS.says(GIVEN.format("0:2.0", "vm_a"), GIVEN.format("0:4.0", "vm_hub"),
              NO_STREAM.format(r"0:2.0 \(nic\)"), NO_STREAM.format(r"0:4.0 \(emmc\)"))
def streams_exchanged(s, n):
    s.streams[0]["domain"], s.streams[2]["domain"] = n.a, n.hub


@STREAMS.says(GIVEN.format("0:2.1", "vm_hub"), NO_STREAM.format(r"0:2.0 \(nic\)"))
def stream_of_the_next_function(s, n):
    s.streams[0]["id"] += 1


@STREAMS.says(GIVEN.format("1:4.0", "vm_a"), NO_STREAM.format(r"0:4.0 \(emmc\)"))
def stream_of_another_bus(s, n):
    s.streams[2]["id"] |= 1 << 8


@STREAMS.says(BAD_STREAM, NO_STREAM.format(r"0:4.0 \(emmc\)"))
def stream_that_no_function_has(s, n):
    s.streams[2]["id"] = abi.PV_STREAM_IDS


@STREAMS.says(BAD_STREAM, GIVEN.format("0:2.0", "vm_a"))
def stream_shared_with_another(s, n):
    add_stream(s, n.a, 2 << 3)


@STREAMS.says(BAD_STREAM)
def stream_twice(s, n):
    add_stream(s, n.hub, 2 << 3)


@STREAMS.says(BAD_STREAM)
def streams_out_of_order(s, n):
    s.streams[0], s.streams[1] = s.streams[1], s.streams[0]


@STREAMS.says(r"stream 0 of the image reaches nobody's memory", NO_STREAM.format(r"0:2.0 \(nic\)"))
def stream_to_nobody(s, n):
    s.streams[0]["domain"] = abi.PV_NOBODY


@STREAMS.says(NO_STREAM.format(r"0:3.0 \(gpu\)"))
def one_stream_of_two_lost(s, n):
    s.streams.pop(1)


@STREAMS.says(*[NO_STREAM.format(f) for f in (r"0:2.0 \(nic\)", r"0:3.0 \(gpu\)", r"0:4.0 \(emmc\)")])
def all_streams_lost(s, n):
    s.streams.clear()


@STREAMS.says(r"the VMM of vm_hub can let function 0:4.0 reach memory", UNREACHED.format("0:2.0"))
def stream_capability_of_another(s, n):
    stream_cap(s, n.hub)["object"] = 2


@STREAMS.says(UNREACHED.format("0:2.0"), UNREACHED.format("0:3.0"))
def stream_capabilities_exchanged(s, n):
    stream_cap(s, n.hub)["object"], stream_cap(s, n.hub, 1)["object"] = 1, 0


@STREAMS.says(UNREACHED.format("0:4.0"))
def stream_capability_of_no_stream(s, n):
    stream_cap(s, n.a)["object"] = len(s.streams)


@STREAMS.says(UNREACHED.format("0:4.0"))
def vmm_told_of_no_stream(s, n):
    n.config_a.set(n.config_a.functions[0], "cap_stream", 0xffffffff)


@STREAMS.says(r"function 0:7.0 \(display\)")
def vmm_told_of_a_stream_without_dma(s, n):
    n.config_b.set(n.config_b.functions[0], "cap_stream",
                   n.config_b.get(n.config_b.functions[0], "cap_window"))


# What is in the memory that functions reach.


def devices_lose(s, n, domain):
    """Devices do not reach the RAM of their domain."""
    region = n.ram[domain][0]
    s.unmap(region, next(m for m in s.mappings_of(region) if s.mappings[m]["space"] == DMA))

@SPACES.says(r"extra: devices of vm_hub can read and write the RAM of vm_a")
def devices_reach_ram_of_another(s, n):
    s.map(n.ram[n.a][0], n.hub, DMA, RW, IPA)


@SPACES.says(r"extra: devices of vm_hub can read and write (the pool|8 MiB of memory)")  # no pool any more
def devices_reach_pool(s, n):
    region, m = n.pool[n.a]
    place = s.mappings[n.other(s, region, n.a)]["ipa_page"]
    s.map(region, n.hub, DMA, RW, place * PAGE)


@SPACES.says(r"extra: devices of vm_hub can read iobuf page 0 of connection hub -> a")
def devices_reach_control_page(s, n):
    region = n.page[n.a, 0][0]
    s.map(region, n.hub, DMA, READ, s.mappings[n.other(s, region, n.a)]["ipa_page"] * PAGE)


@SPACES.says(r"extra: devices of vm_hub can read the configuration of the VMM of vm_hub")
def devices_reach_vmm(s, n):
    s.map(s.config(n.hub), n.hub, DMA, READ, IPA)


@SPACES.says(r"extra: devices of vm_b can read and write the RAM of vm_b")
def devices_of_nobody_reach_ram(s, n):
    share_with_devices(s, n.b)


def dma_of(s, n, domain):
    return next(s.mappings[m] for m in s.mappings_of(n.ram[domain][0])
                if s.mappings[m]["space"] == DMA)


@SPACES.says(r"devices of vm_a finds the RAM of vm_a at 0x40200000, but was told 0x40000000")
def devices_find_ram_elsewhere(s, n):
    dma_of(s, n, n.a)["ipa_page"] += 512


@SPACES.says(r"extra: devices of vm_a can execute the RAM of vm_a")
def devices_execute(s, n):
    dma_of(s, n, n.a)["rights"] = 7


@SPACES.says(r"missing: devices of vm_a cannot write the RAM of vm_a")
def devices_read_only(s, n):
    dma_of(s, n, n.a)["rights"] = READ


@SPACES.says(r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_without_ram(s, n):
    devices_lose(s, n, n.a)


@SPACES.says(r"extra: devices of vm_hub can read and write the RAM of vm_a",
      r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_of_another(s, n):
    dma_of(s, n, n.a)["domain"] = n.hub
    dma_of(s, n, n.a)["ipa_page"] = IPA // PAGE


def place_of(s, region, domain):
    """Where another domain than this has a region."""
    return next(s.mappings[m]["ipa_page"] * PAGE for m in s.mappings_of(region)
                if s.mappings[m]["domain"] != domain)


@SPACES.says(r"extra: devices of vm_hub can write the RAM of vm_b")
def devices_write_ram_of_another(s, n):
    s.map(n.ram[n.b][0], n.hub, DMA, WRITE, IPA)


@SPACES.says(r"extra: devices of vm_a can read the RAM of vm_hub")
def devices_read_ram_of_who_serves(s, n):
    s.map(n.ram[n.hub][0], n.a, DMA, READ, IPA)


@SPACES.says(r"extra: devices of vm_a can read and write (the pool|8 MiB of memory)")
def devices_reach_own_pool(s, n):
    region, m = n.pool[n.a]
    s.map(region, n.a, DMA, RW, s.mappings[m]["ipa_page"] * PAGE)


@SPACES.says(r"extra: devices of vm_hub can read and write iobuf page 1 of connection hub -> b")
def devices_reach_answers_of_another(s, n):
    region = n.page[n.b, 1][0]
    s.map(region, n.hub, DMA, RW, place_of(s, region, n.b))


@SPACES.says(r"extra: devices of vm_hub can read the configuration of the VMM of vm_a")
def devices_reach_vmm_of_another(s, n):
    s.map(s.config(n.a), n.hub, DMA, READ, IPA)


@SPACES.says(r"extra: devices of vm_a can read and write the stack of the VMM of vm_a")
def devices_reach_stack_of_vmm(s, n):
    stack = s.domains[n.a]["vmm_stack"] - PAGE
    s.map(s.find(n.a, VMM, stack)[0], n.a, DMA, RW, IPA)


@SPACES.says(r"extra: devices of vm_a can read the loader")
def devices_reach_loader(s, n):
    s.map(s.rom_at(n.a, GUEST, s.domains[n.a]["entry"]), n.a, DMA, READ, IPA)


@SPACES.says(r"extra: devices of vm_a can read what the loader of vm_a is told")
def devices_reach_what_loader_is_told(s, n):
    s.map(s.rom_at(n.a, GUEST, s.domains[n.a]["entry_arg"]), n.a, DMA, READ, IPA)


@SPACES.says(r"extra: devices of vm_hub can read what vm_\w+ loads to 0x\w+")
def devices_reach_kernel_of_guests(s, n):
    s.map(s.kernel_of(n.a), n.hub, DMA, READ, IPA)


@SPACES.says(r"devices of vm_a finds the RAM of vm_a (at|more than once)")
def devices_find_ram_twice(s, n):
    s.map(n.ram[n.a][0], n.a, DMA, RW, IPA)


@SPACES.says(r"devices of vm_a finds the RAM of vm_a at 0x40001000, but was told 0x40000000")
def devices_find_ram_a_page_later(s, n):
    dma_of(s, n, n.a)["ipa_page"] += 1


@SPACES.says(r"missing: devices of vm_a cannot read the RAM of vm_a")
def devices_write_only(s, n):
    dma_of(s, n, n.a)["rights"] = WRITE


@SPACES.says(r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_without_rights(s, n):
    dma_of(s, n, n.a)["rights"] = 0


@SPACES.says(r"extra: devices of vm_a can read and write the RAM of vm_hub",
             r"extra: devices of vm_hub can read and write the RAM of vm_a")
def devices_exchanged(s, n):
    dma_of(s, n, n.a)["domain"], dma_of(s, n, n.hub)["domain"] = n.hub, n.a


@SPACES.says(r"missing: devices of vm_hub cannot read and write the RAM of vm_hub",
             r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def all_devices_without_ram(s, n):
    for domain in (n.hub, n.a):
        devices_lose(s, n, domain)


@SPACES.says(r"missing: devices of vm_a cannot read and write the RAM of vm_a",
             r"extra: the VMM of vm_a can read and write the RAM of vm_a")
def ram_of_devices_to_vmm(s, n):
    dma_of(s, n, n.a)["space"] = VMM


@SPACES.says(r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def ram_in_an_unknown_space(s, n):
    dma_of(s, n, n.a)["space"] = DMA + 1


@SPACES.says(r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def ram_to_devices_of_nobody(s, n):
    dma_of(s, n, n.a)["domain"] = len(s.domains)


@SPACES.says(r"mapping \d+ of the image")
def ram_of_devices_with_unknown_bits(s, n):
    dma_of(s, n, n.a)["reserved"] = 1


@SPACES.says(r"devices of vm_a finds the RAM of vm_a at 0x\w+, but was told 0x40000000")
def ram_of_devices_above_the_address_space(s, n):
    dma_of(s, n, n.a)["ipa_page"] = 1 << 28


@SPACES.says(r"devices of vm_hub finds the RAM of vm_hub at 0x8020000, but was told 0x40000000")
def ram_of_devices_over_their_interrupts(s, n):
    dma_of(s, n, n.hub)["ipa_page"] = V2M // PAGE


@SPACES.says(r"extra: devices of vm_a can read and write the RAM of vm_b")
def ram_of_another_over_own(s, n):
    s.map(n.ram[n.b][0], n.a, DMA, RW, 0x40000000)


@SPACES.says(r"region \d+ of the image")
def ram_of_devices_not_shared(s, n):
    s.regions[n.ram[n.a][0]]["flags"] = 0
