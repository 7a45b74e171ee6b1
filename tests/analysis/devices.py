# SPDX-License-Identifier: BSD-2-Clause
"""What hardware a VM is said to have, and what its DMA reaches: a device that topo does not know
counts as one that reaches all memory, whatever way it is given.

A case: board, settings of vm_dev, whether its DMA reaches all memory, whether that is only assumed,
and some of its devices as (name, dma); None: all devices are those that follow.
"""
OPEN, CONFINED, NONE, UNKNOWN = "open", "confined", "none", "unknown"


def node(path):
    return f'vm_dev.dtb = dtb([{{ "path": "{path}" }}]);'


def range_(base, size):
    return f'vm_dev.untyped_mmios = ["{base:#x}:{size:#x}"];'


GENET = 'vm_dev.pci_devices = [{ name: "genet", bus: 1, dev: 0, fun: 0, irq: 189 }];'


def slot(model, name, more=""):
    """A function in a slot of the machine, whatever it is called."""
    return (f'system.machine = [{{ pci: "0:1.0", model: "{model}"{more} }}]; vm_dev.pci_devices = '
            f'[{{ name: "{name}", bus: 0, dev: 1, fun: 0 }}];')


def node_of_slot(model, name, more=""):
    """The same, given by its node."""
    return (f'system.machine = [{{ pci: "0:1.0", model: "{model}"{more} }}];' +
            node(f"/pcie@10000000/{name}@1"))


CASES = [
    # what a slot of the machine holds decides, not what it is called; virtio is told of the SMMU
    ("qemu-virt", slot("virtio-gpu-pci", "virtio-gpu"), False, False,
     [("virtio-gpu", CONFINED)], True),
    ("qemu-virt", slot("e1000e", "virtio-net"), False, False, [("virtio-net", CONFINED)], True),
    ("qemu-virt", slot("vhost-user-fs-pci", "disk", ', bars: ["4K"]'), True, True,
     [("disk", UNKNOWN)], True),
    ("qemu-virt", slot("virtio-rng-pci", "rng", ', bars: ["4K"]'), False, False,
     [("rng", CONFINED)], True),
    ("qemu-virt", slot("virtio-rng-pci", "rng", ', bars: ["4K"], confined: false'), True, True,
     [("rng", UNKNOWN)], True),
    ("qemu-virt", slot("bochs-display", "display"), False, False, [("display", NONE)], True),
    ("qemu-virt", node_of_slot("virtio-gpu-pci", "gpu"), False, False, [("gpu@1", CONFINED)], True),
    ("qemu-virt", node_of_slot("vhost-user-fs-pci", "dev", ', bars: ["4K"]'), True, True,
     [("dev@1", UNKNOWN)], True),
    ("qemu-virt", node_of_slot("rtl8139", "dev", ', bars: ["4K"]'), True, True,
     [("dev@1", UNKNOWN)], True),
    ("qemu-virt", node_of_slot("bochs-display", "virtio"), False, False, [("virtio@1", NONE)], True),
    ("qemu-virt", node("/pcie@10000000/virtio@1"), True, True, [("virtio@1", UNKNOWN)], True),
    # of another model nothing is known, unless somebody answers for it; nobody can for vhost
    ("qemu-virt", slot("rtl8139", "nic", ', bars: ["4K"]'), True, True, [("nic", UNKNOWN)], True),
    ("qemu-virt", slot("rtl8139", "nic", ', bars: ["4K"], confined: true'), False, False,
     [("nic", CONFINED)], True),
    ("qemu-virt", slot("vhost-vsock-pci", "x", ', bars: ["4K"], confined: true'), True, True,
     [("x", UNKNOWN)], True),
    ("qemu-virt", slot("x-vhost-pci", "x", ', bars: ["4K"], confined: true'), True, True,
     [("x", UNKNOWN)], True),
    # virtio-mmio bypasses the SMMU; a page holds eight slots
    ("qemu-virt", node("/virtio_mmio@a003e00"), True, False,
     [(f"virtio_mmio@a00{0x3000 + 0x200 * n:x}", OPEN) for n in (7, 0, 1, 2, 3, 4, 5, 6)], True),
    ("qemu-virt", node("/fw-cfg@9020000"), True, False, [("fw-cfg@9020000", OPEN)], True),
    # nothing is known at this address
    ("qemu-virt", range_(0xb000000, 0x1000), True, True, [("0xb000000", UNKNOWN)], True),
    ("qemu-virt", node("/dma@b000000"), True, True, [("dma@b000000", UNKNOWN)], True),
    # a known device, and what lies behind it
    ("qemu-virt", range_(0x9010000, 0x2000), True, True,
     [("pl031@9010000", NONE), ("0x9010000", UNKNOWN)], True),
    # unknown registers beside a PCI function are not its own
    ("qemu-virt", GENET + range_(0xb000000, 0x1000), True, True,
     [("genet", CONFINED), ("0xb000000", UNKNOWN)], True),
    # virtio functions bypass the SMMU unless QEMU is told otherwise
    ("qemu-virt", GENET.replace("genet", "virtio-net"), True, True, [("virtio-net", UNKNOWN)],
     True),
    ("qemu-virt", GENET, False, False, [("genet", CONFINED)], True),
    # windows of the PCI host bridge: configuration space and memory, low and high
    ("qemu-virt", range_(0x4010000000, 0x1000), False, False, [("pcie@10000000", CONFINED)], True),
    ("qemu-virt", range_(0x8000000000, 0x1000), False, False, [("pcie@10000000", CONFINED)], True),
    # what is in a slot and nobody's is there for who holds the bridge
    ("qemu-virt", 'system.machine = [{ pci: "0:1.0", model: "vhost-vsock-pci", bars: ["4K"] }];' +
     node("/pcie@10000000"), True, True,
     [("pcie@10000000", CONFINED), ("vhost-vsock-pci", UNKNOWN)], True),
    ("qemu-virt", node("/pcie@10000000/ethernet@1"), False, False, [("ethernet@1", CONFINED)], True),
    # harmless ones stay harmless
    ("qemu-virt", node("/pl031@9010000"), False, False, [("pl031@9010000", NONE)], True),
    ("qemu-virt", node("/flash@0"), True, False, [("flash@0", NONE)], True),
    ("qemu-virt", node("/chosen"), False, False, [], True),
    # a node brings all that lies below it
    ("qemu-virt", node("/"), True, False,
     [("/", OPEN), ("virtio_mmio@a000000", OPEN), ("pcie@10000000", CONFINED)], False),
    ("rpi4", node("/soc"), True, False, [("usb@7e980000", OPEN), ("mmc@7e300000", OPEN)], False),
    ("rpi4", node("/scb/pcie@7d500000"), True, False, [("pcie@7d500000", OPEN)], False),
    ("rpi4", node("/soc/usb@7e980000"), True, False, [("usb@7e980000", OPEN)], True),
    ("rpi4", range_(0xfe980000, 0x10000), True, False, [("usb@7e980000", OPEN)], True),
    ("rpi4", node("/scb/usb@7e9c0000"), True, False, [("usb@7e9c0000", OPEN)], True),
    # a node gives the pages of its registers, and with them what else lies there
    ("rpi4", node("/soc/spi@7e204000"), False, False,
     [(f"spi@7e204{n:03x}", NONE) for n in (0, 0x600, 0x800, 0xa00, 0xc00)], True),
    ("rpi4", node("/soc/i2c@7e804000"), False, False, [("i2c@7e804000", NONE)], True),
    ("rpi4", node("/soc/rng@7e104000"), False, False, [("rng@7e104000", NONE)], True),
    ("rpi4", node("/soc/nothing@7e000000"), True, True, [("nothing@7e000000", UNKNOWN)], True),
    # one device, told two or three times
    ("rpi4", node("/scb/ethernet@7d580000") + range_(0xfd580000, 0x10000), True, False,
     [("ethernet@7d580000", OPEN)], True),
    ("rpi4", GENET + range_(0xfd580000, 0x10000) + node("/scb/ethernet@7d580000"), True, False,
     [("genet", OPEN)], True),
    ("rpi4", GENET + node("/emmc2bus/mmc@7e340000"), True, False,
     [("genet", OPEN), ("mmc@7e340000", OPEN)], True),
]


# What is in its slot says of which kind a function is, not what it is called; a model that
# topo does not know is what its name says, or leaves that to the function's, like no slot at all.
BARS = ', bars: ["4K"]'
KINDS = [
    (slot("e1000e", "x"), "NIC"), (slot("igb", "nvme"), "NIC"), (slot("nvme", "nic0"), "storage"),
    (slot("sdhci-pci", "gpu"), "storage"), (slot("bochs-display", "nic"), "GPU"),
    (slot("virtio-gpu-pci", "x"), "GPU"), (slot("qemu-xhci", "x"), "USB"),
    (slot("edu", "x"), "other"), (slot("edu", "nic"), "other"),
    (slot("vmxnet3", "disk", BARS), "NIC"), (slot("mptsas1068", "disk", BARS), "storage"),
    (node_of_slot("e1000e", "x"), "NIC"), (node_of_slot("nvme", "nic"), "storage"),
    (GENET, "NIC"),
]


def topology(settings):
    return ("assembly { composition { component VM vm_dev; component VM vm_drv; "
            "component VM vm_x; VIRTIO_COMPOSITION_DEF(dev, drv) } configuration { "
            'vm_dev.exposed = true; vm_x.asset = "keys"; %s } }\n' % settings)


def problems(case, report, text):
    """What of a report as JSON and as text is not as @case says."""
    _, _, is_open, assumed, devices, whole = case
    found = [(unit["name"], unit["dma"]) for unit in report["vms"][0]["hardware"]]
    if whole and found != devices or not set(devices) <= set(found):
        yield f"devices {found}"
    if report["summary"]["dma_open_vms"] != is_open:
        yield "dma_open_vms"
    if report["summary"]["dma_assumed_vms"] != assumed:
        yield "dma_assumed_vms"
    if report["vms"][2]["compromises"] != (1 if is_open else None):
        yield f"the asset takes {report['vms'][2]['compromises']}"
    if ("stands as it is" in text) != any(dma == CONFINED for _, dma in found) and not is_open:
        yield "whether every answer stands"
    if is_open and ("stands as it is" in text or "Weakest answer  no asset" in text):
        yield "the text takes it for harmless"
    if assumed != ("assumed" in text):
        yield "whether the text says that it is assumed"
