# SPDX-License-Identifier: BSD-2-Clause
"""Whose DMA reaches what, in images that give it other than their topology."""
import abi  # found by system.py
from hardware import Kind, IPA, RW, share_with_devices
from system import DMA, PAGE, READ

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


# What is in the memory that functions reach.

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
    region = n.ram[n.a][0]
    m = next(m for m in s.mappings_of(region) if s.mappings[m]["space"] == DMA)
    s.unmap(region, m)


@SPACES.says(r"extra: devices of vm_hub can read and write the RAM of vm_a",
      r"missing: devices of vm_a cannot read and write the RAM of vm_a")
def devices_of_another(s, n):
    dma_of(s, n, n.a)["domain"] = n.hub
    dma_of(s, n, n.a)["ipa_page"] = IPA // PAGE
