# SPDX-License-Identifier: BSD-2-Clause
"""What is done to the requests of a system whose hub may start, stop and restart vm_a: event 24,
25 and 26 of its VMM."""
from tamperings import says


@says(r"extra: vm_hub can set event 25 of the VMM of vm_b .*: not in the topology",
      r"missing: vm_hub cannot set event 25 of the VMM of vm_a \(a request to stop it\)")
def request_to_stranger(s, n):
    next(d for d in s.doorbells if d["number"] == 25)["domain"] = n.b


@says(r"extra: vm_b can set event 25 of the VMM of vm_a \(a request to stop it\) by a store")
def request_from_stranger(s, n):
    page = s.domains[n.b]["doorbell_pages.first"]
    s.caps[s.doorbell_pages[page]["caps.first"]]["object"] = next(
        i for i, d in enumerate(s.doorbells) if d["number"] == 25)


@says(r"extra: vm_hub can set event 25 of the VMM of vm_a .* by a store .*: not in the topology",
      r"missing: vm_hub cannot set event 24 of the VMM of vm_a \(a request to start it\) by")
def requests_swapped(s, n):
    start, stop = (d for d in s.doorbells if d["number"] in (24, 25))
    start["number"], stop["number"] = 25, 24


@says(r"the VMM of vm_a takes event 8 for a request to stop, which no doorbell of its own")
def request_by_connection(s, n):
    n.config_a.set(n.config_a.places[0], "event_stop", 8)


@says(r"event_stop.* of the VMM of vm_b|the VMM of vm_b.*event_stop")
def request_to_unmanaged(s, n):
    n.config_b.set(n.config_b.places[0], "event_stop", 25)


@says(r"vm_a has the flags 0x0, not 0x1: a VMM that dies starts again")
def vmm_dies_for_good(s, n):
    s.domains[n.a]["flags"] = 0
