# SPDX-License-Identifier: BSD-2-Clause
"""VMs with network functions in the machine's slots: by the build host, which is the gateway of QEMU's
network, packets get from one to another, and by a forwarded port outsiders get to a VM.

A case: what the slots have, who is exposed, of which kind the network is by which b serves c,
expressions that hold, and the entrances.
"""
NIC = '{ pci: "0:%d.0", model: "%s"%s }'
PORT = ', forward: ["2222:22"]'
RESTRICT = ', restrict: true'


def machine(*slots):
    """Each slot: the VM that has it, the model, more of it."""
    functions = {}
    for number, (vm, _, _) in enumerate(slots, 1):
        functions.setdefault(vm, []).append(f'{{ name: "x{number}", bus: 0, dev: {number}, fun: 0 }}')
    return "system.machine = [%s]; " % ", ".join(
        NIC % (number, model, more) for number, (_, model, more) in enumerate(slots, 1)) + " ".join(
            f"vm_{vm}.pci_devices = [{', '.join(rows)}];" for vm, rows in functions.items() if vm)


PAIR = machine(("a", "e1000e", PORT), ("b", "igb", ""))
APART = ["!path(b, a)", "!path(c, a)"]
CASES = [
    # from one to the other, and from the one that the other forwards for without its fall
    (PAIR, "b", "nat", ["compromises(b, a) == 2", "!reach(b, a)"], ["a", "b"]),
    (PAIR, "c", "nat", ["compromises(c, a) == 2", "cut(c, a) == never"], ["a", "c"]),
    (PAIR, "c", "isolated", ["cut(c, a) == 1"], ["a", "c"]),
    # an entrance is one although another is marked, and what it routes to
    (machine(("b", "e1000e", PORT)), "a", "routed", ["compromises(c) == 1"], ["a", "b", "c"]),
    (machine(("b", "e1000e", PORT)), "a", "nat", ["compromises(c) == 2"], ["a", "b"]),
    (machine(("b", "e1000e", "")), "a", "routed", ["compromises(c) == never"], ["a"]),
    # a port that is forwarded is not what makes two reach each other
    (machine(("a", "e1000e", ""), ("b", "igb", "")), "b", "nat", ["compromises(b, a) == 2"], ["b"]),
    # nobody else is on it
    (machine(("b", "e1000e", PORT), ("b", "igb", "")), "b", "nat", APART, ["b"]),
    (machine(("a", "nvme", ""), ("b", "igb", PORT)), "b", "nat", APART, ["b"]),
    (machine(("a", "vmxnet3", ', bars: ["4K"], confined: true'), ("b", "igb", PORT)), "b", "nat",
     APART, ["b"]),
    # a restricted one is on none of it, one with a port like any other
    (machine(("a", "e1000e", RESTRICT), ("b", "igb", "")), "b", "nat", APART, ["b"]),
    (machine(("a", "e1000e", ""), ("b", "igb", RESTRICT)), "b", "nat", APART, ["b"]),
    (machine(("a", "e1000e", PORT + RESTRICT), ("b", "igb", "")), "b", "nat",
     ["compromises(b, a) == 2"], ["a", "b"]),
    (machine(("a", "e1000e", ""), ("a", "igb", RESTRICT), ("b", "igb", "")), "b", "nat",
     ["compromises(b, a) == 2"], ["b"]),
    # however they were given: by a node, or with the bridge
    (machine(("b", "igb", ""), ("", "e1000e", "")) +
     'vm_a.dtb = dtb([{ "path": "/pcie@10000000/ethernet@2" }]);', "b", "nat",
     ["compromises(b, a) == 2"], ["b"]),
]


def topology(settings, exposed, network):
    return """assembly { composition { component VM vm_a; component VM vm_b; component VM vm_c;
VIRTIO_COMPOSITION_DEF(b, c) } configuration { %s
vm_b.vm_virtio_devices = [{ type: "net", target: "c", network: "%s" }];
vm_%s.exposed = true; vm_a.asset = "data"; } }
""" % (settings, network, exposed)
