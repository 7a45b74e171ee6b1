# SPDX-License-Identifier: BSD-2-Clause
"""The figures of the seed as topologies, each with what the seed says of it, worked out by hand.

A case: name, board, text of the topology, and what the report must say: (path, value) where a path
is a list of keys, and assertions that must hold and that must fail.
"""


def assembly(vms, connections, settings=""):
    parts = [f"component VM vm_{vm};" for vm in vms]
    parts += [f"VIRTIO_COMPOSITION_DEF({a}, {b})" for a, b in connections]
    return "assembly { composition { %s } configuration { %s } }\n" % ("\n".join(parts), settings)


NIC = '{ name: "genet", bus: 1, dev: 0, fun: 0, irq: 189 }'
EMMC = '{ name: "emmc", bus: 2, dev: 0, fun: 0, irq: 158 }'
GPU = '{ name: "gpu", bus: 3, dev: 0, fun: 0, irq: 160 }'

PAIR = assembly(["device", "driver"], [("device", "driver")],
                f"vm_device.pci_devices = [{NIC}, {EMMC}];")
BACKENDS = assembly(
    ["network", "storage", "gpu", "workload"],
    [("network", "workload"), ("storage", "workload"), ("gpu", "workload")],
    f"""vm_network.pci_devices = [{NIC}];
    vm_storage.pci_devices = [{EMMC}];
    vm_gpu.pci_devices = [{GPU}];
    vm_workload.pci_devices = []; vm_workload.untyped_mmios = [];
    vm_network.vm_virtio_devices = [{{ type: "net", target: "workload" }}];
    vm_storage.vm_virtio_devices = [{{ type: "blk", target: "workload" }}];
    vm_gpu.vm_virtio_devices = [{{ type: "gpu", target: "workload" }}];""")
SHARED = assembly(["backend", "tenant_a", "tenant_b"],
                  [("backend", "tenant_a"), ("backend", "tenant_b")],
                  f"vm_backend.pci_devices = [{NIC}, {EMMC}];")
CHAIN = assembly(["gateway", "app", "db"], [("gateway", "app"), ("app", "db")],
                 f"""vm_gateway.pci_devices = [{NIC}];
                 vm_app.vm_virtio_devices = [{{ type: "blk", target: "db" }}];
                 vm_db.asset = "records";""")
MESH = assembly(["auth", "app", "audit", "cache"],
                [("app", "auth"), ("auth", "audit"), ("app", "cache"), ("cache", "audit")],
               # Linux takes one vsock device: a VM that talks to two has one of another kind
               'system.checks_off = ["vsock-one"];' + "".join(
                   f'vm_{vm}.vm_virtio_devices = [%s];' % ", ".join(
                       f'{{ type: "vsock", target: "{peer}" }}' for peer in peers)
                   for vm, peers in (("app", ("auth", "cache")), ("auth", ("audit",)),
                                     ("cache", ("audit",)))))
KVM = "#define VMSWIOTLB 0\n" + assembly(
    ["host", "guest_a", "guest_b", "guest_c"],
    [("host", "guest_a"), ("host", "guest_b"), ("host", "guest_c")],
    f"vm_host.pci_devices = [{NIC}, {EMMC}];")
HUB = assembly(["hub", "spoke_a", "spoke_b", "spoke_c"],
               [("hub", "spoke_a"), ("hub", "spoke_b"), ("hub", "spoke_c")])
BIDIRECTIONAL = assembly(["upstream", "middle", "downstream"],
                         [("upstream", "middle"), ("middle", "downstream")])
MIB = 1 << 20


def row(pattern, least, most, members=None, total=1):
    """The first of @total rows of "Attack surface per topology"; a single host always falls with
    one VM."""
    path = ["patterns", 0]
    checks = [(["patterns_total"], total), (path + ["pattern"], pattern), (path + ["least"], least),
              (path + ["most"], most), (path + ["single_host"], 1)]
    return checks + ([(path + ["members"], members)] if members else [])


CASES = [
    # "1, Device VM's hardware"; "Device VM compromise exposes driver VM's DMA buffers only"
    ("simple pair", "qemu-virt", PAIR,
     row("simple pair", 1, 1, ["device", "driver"]) + [
         (["patterns", 0, "surface"], "NIC and storage of device"),
         (["vms", 1, "exposed_bytes"], 8 * MIB)],
     ["exposure(driver, device) == 8MiB", "!reach(device, driver)", "hardware(device, 'NIC')",
      "not hardware(driver)", "compromises(device, driver) == 2", "stops(device, driver)"],
     ["reach(device, driver)", "hardware(driver)", "exposure(driver) > 8MiB"]),
    # "N, each backend's hardware"; "N x 8 MB", "NOT accessible by ANY backend"
    ("N:1 backends", "qemu-virt", BACKENDS,
     row("N:1 backends", 3, 3, ["workload", "network", "storage", "gpu"]) + [
         (["patterns", 0, "surface"], "NIC of network; storage of storage; GPU of gpu"),
         (["vms", 3, "exposed_bytes"], 24 * MIB), (["summary", "dma_open_vms"], 0)],
     ["exposure(workload) == 3 * 8MiB", "compromises(network, storage) == 3",
      "!hardware(network, 'storage') && !hardware(network, 'gpu') && !hardware(network, 'usb')",
      "!reach(network, workload)", "cut(network, gpu) == 1", "not hardware(workload)"],
     ["compromises(network, storage) < 3", "hardware(gpu, 'nic')"]),
    # The same on a board that confines no DMA: one VM has everything.
    ("N:1 backends, DMA", "rpi4", BACKENDS,
     row("N:1 backends", 1, 1) + [(["summary", "dma_open_vms"], 3),
                                  (["patterns", 0, "least_if_confined"], 3),
                                  (["vms", 3, "compromises"], 1),
                                  (["vms", 3, "compromises_if_confined"], 2)],
     ["reach(network, workload)", "compromises(network, storage) == 1"],
     ["exposure(workload) == 24MiB", "!reach(gpu, storage)"]),
    # "1, Backend's hardware (isolated tenants)"
    ("1:N shared", "qemu-virt", SHARED,
     row("1:N shared", 1, 1, ["backend", "tenant_a", "tenant_b"]) + [
         (["blast_radius", 0, "stops"], ["tenant_a", "tenant_b"]),
         (["patterns", 0, "surface"],
          "NIC and storage of backend (isolated tenants: 3 VMs must fall from one to another)")],
     ["compromises(tenant_a, tenant_b) == 3", "exposure(tenant_a, tenant_b) == 0",
      "exposure(tenant_a) == 8M", "stops(backend, tenant_a) and stops(backend, tenant_b)"],
     ["compromises(tenant_a, tenant_b) >= 4", "stops(tenant_a, backend)"]),
    # "N, must traverse each tier"; "3 separate exploits needed"
    ("chain", "qemu-virt", CHAIN,
     row("chain", 3, 3, ["gateway", "app", "db"]) + [
         (["summary", "entrances"], ["gateway"]), (["summary", "assets"], ["db"]),
         (["summary", "weakest", "compromises"], 3),
         (["attacks", 0, "shortest_ways"], 1), (["attacks", 0, "choke_points"], ["app"]),
         (["attacks", 0, "cut"], ["app"])],
     ["compromises(gateway, db) >= 3", "compromises(db) == 3", "compromises(gateway, app) == 2",
      "compromises(app, db) == 3", "compromises(db, gateway) == 3", "exposure(db, gateway) == 0", "path(gateway, db)"],
     ["compromises(gateway, db) >= 4", "cut(gateway, db) > 1", "cut(gateway, app) < never"]),
    # "Varies, only connected peers"
    ("mesh", "qemu-virt", MESH,
     row("mesh", 2, 3, ["auth", "app", "audit", "cache"], 3) + [
         (["patterns", 1, "pattern"], "N:1 backends"), (["patterns", 2, "pattern"], "1:N shared")],
     ["compromises(app, auth) == 2", "compromises(app, audit) == 3", "cut(app, audit) == 2",
      "compromises(auth, cache) == 3", "exposure(audit) == 16MiB"],
     ["compromises(auth, cache) == 2"]),
    # "1, entire system"
    ("single host", "qemu-virt", KVM,
     row("single host", 1, 1, ["host", "guest_a", "guest_b", "guest_c"]) + [
         (["patterns", 0, "surface"], "entire system"),
         (["summary", "single_points"], ["host"]),
         (["summary", "weakest", "compromises"], 1),
         (["blast_radius", 0, "stops"], ["guest_a", "guest_b", "guest_c"])],
     ["reach(host, guest_a) && reach(host, guest_b) && reach(host, guest_c)",
      "compromises(guest_a, guest_b) == 1", "compromises(guest_b) == 1"],
     ["compromises(guest_a, guest_b) >= 2", "exposure(guest_a) <= 8MiB"]),
    # "spoke_a cannot see spoke_b's data"
    ("hub", "qemu-virt", HUB,
     row("1:N shared", 1, 1, ["hub", "spoke_a", "spoke_b", "spoke_c"]),
     ["exposure(spoke_a, spoke_b) == 0", "compromises(spoke_a, spoke_c) == 3"],
     ["exposure(spoke_a, hub) == 0"]),
    ("bidirectional", "qemu-virt", BIDIRECTIONAL,
     row("chain", 3, 3, ["upstream", "middle", "downstream"]) + [(["vms", 1, "role"], "hybrid")],
     ["compromises(downstream, upstream) == 3"], ["path(upstream, upstream) == false"]),
]

# Not a mesh: no VM that serves is served. Two of each is 1:N and N:1, twice.
CASES.append((
    "two backends of two tenants", "qemu-virt",
    assembly(["b1", "b2", "t1", "t2"], [("b1", "t1"), ("b1", "t2"), ("b2", "t1"), ("b2", "t2")],
             "vm_b1.exposed = true;"),
    [(["patterns_total"], 4)] + [
        (["patterns", i, "pattern"], "N:1 backends" if i < 2 else "1:N shared") for i in range(4)],
    ["compromises(t1, t2) == 3", "compromises(t1, b2) == 3"], ["compromises(b2) == 2"]))
# No mark at all: every VM is an entrance, and each is asked for from the others.
CASES.append((
    "a circle without marks", "qemu-virt",
    assembly(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")]),
    row("mesh", 2, 2, ["a", "b", "c"]) + [
        (["summary", "weakest", "compromises"], 2), (["attacks_total"], 6),
        (["practices", 2, "applies"], False)],
    ["compromises(a, c) == 2"], ["compromises(a, c) > 2"]))
# Outside never gets to what nothing connects.
CASES.append((
    "an island", "qemu-virt",
    assembly(["a", "b", "c", "d"], [("a", "b"), ("c", "d")], "vm_a.exposed = true;"),
    [(["vms", 3, "compromises"], None), (["patterns_total"], 2)],
    ["compromises(c, d) == never", "compromises(a, d) == never", "path(c, d)"],
    ["compromises(c, d) < never", "compromises(a, d) < never"]))

# The topologies as shipped: file, and what the seed's table says of it.
SHIPPED = [
    ("simple-pair", [("simple pair", 1)]),
    ("multi-backend", [("N:1 backends", 3)]),
    ("multi-backend-rpi4", [("N:1 backends", 3)]),
    ("shared-backend", [("1:N shared", 1)]),
    ("chain", [("chain", 3)]),
    ("mesh", [("mesh", 2)]),
    ("hub", [("1:N shared", 1)]),
    ("bidirectional", [("chain", 3)]),
    ("kvm-star", [("single host", 1)]),
    ("three-islands", []),
]

# What cannot be read, and the message.
BAD_ASSERTIONS = [
    ("compromises(gatway, db) > 1", "there is no VM 'gatway'", "did you mean 'gateway'?"),
    ("compromise(db) > 1", "there is no function 'compromise'", "did you mean 'compromises'?"),
    ("path(app, db) > 1", "a number is needed here", None),
    ("compromises(db)", "an assertion is true or false, this is a number", "compare it by"),
    ("compromises(db) > 1 2", "the expression should end here", "join two by"),
    ("path(app)", "an argument is missing", "path(FROM, TO)"),
    ("path(app, db, gateway)", "this is one argument too many", "path(FROM, TO)"),
    ("compromises(db) >", "the expression ends too early", None),
    ("(path(app, db)", "')' is needed here", None),
    ("path(app, 'db", "this quote is not closed", None),
    ("1 && path(app, db)", "something true or false is needed here", "compare numbers by"),
    ("exposure(db) < 99999999999999999999", "this number is too large", None),
    ("!" * 100 + "path(app, db)", "this is nested too deeply", None),
    ("(" * 100 + "path(app, db)", "this is nested too deeply", None),
    ("", "the expression ends too early", None),
    ("path(app, )", "a name is needed here", None),
    ('!hardware(gateway, "gennet")', "no VM has hardware that is called 'gennet'",
     "did you mean 'genet'?"),
    ('!hardware(gateway, "ethernte")', "no VM has hardware that is called 'ethernte'",
     "a device of the topology, or nic, storage, gpu, usb, serial, other"),
    ("compromises(db) = 3", "'=' does not compare", "use =="),
    ("(path(app, db) = true)", "'=' does not compare", "use =="),
    ("hardware(app, nic) == 1", "something true or false is needed here", None),
]
