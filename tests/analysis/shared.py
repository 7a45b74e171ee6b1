# SPDX-License-Identifier: BSD-2-Clause
"""What several VMs hold although one alone may: check says so, and where the check is off the
analysis counts it.

A case: board, settings of vm_a, of vm_b, the checks that say so, and how b follows from a and a
from b: FREE, held without an exploit; FALL, a path; NEVER, none.
"""
FREE, FALL, NEVER = "free", "fall", "never"


def node(vm, *paths):
    return f'vm_{vm}.dtb = dtb([%s]);' % ", ".join('{ "path": "%s" }' % path for path in paths)


def range_(vm, base, size=0x1000):
    return f'vm_{vm}.untyped_mmios = ["{base:#x}:{size:#x}"];'


def function(vm, device=1, bus=0, name="nvme", irq=0):
    return (f'vm_{vm}.pci_devices = [{{ name: "{name}", bus: {bus}, dev: {device}, fun: 0, '
            f'irq: {irq} }}];')


def irqs(vm, *numbers):
    return f"vm_{vm}.irqs = [%s];" % ", ".join(map(str, numbers))


ECAM = 0x4010000000
NVME = function("b")
HOST = "/pcie@10000000"
KERNEL = ("mmio-kernel",)

CASES = [
    # the bridge, ECAM and windows over base addresses, whole and in part
    ("qemu-virt", node("a", HOST), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", node("a", "/"), NVME, ("pci-host", "node-kernel"), FREE, FREE),
    ("qemu-virt", range_("a", ECAM, 1 << 28), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", ECAM + (1 << 15)), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", ECAM + (5 << 15)), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", ECAM + 0x8800, 0x10), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", 0x10000000), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", 0x3eff0000), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", 0x8000000000), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", 'vm_a.mmios = ["0x8000001000:0x1000:12"];', NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", function("a", 0), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", function("a", 3, name="pcie-root-port"), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", 'system.machine = [{ pci: "0:3.0", model: "edu" }];' +
     function("a", 3, name="root"), NVME, (), NEVER, NEVER),
    ("qemu-virt", node("a", HOST + "/pci@2,0"), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", node("a", HOST + "/nvme"), NVME, ("pci-host",), FREE, FREE),
    ("qemu-virt", range_("a", ECAM), range_("b", 0x8000000000), ("pci-host",), FREE, FREE),
    ("qemu-virt", node("a", HOST), range_("b", 0x10000000), ("pci-host", "node-registers"), FREE,
     FREE),
    ("qemu-virt", node("a", HOST), irqs("b", 37), ("node-irq",), FALL, FALL),
    ("rpi4", node("a", "/scb/pcie@7d500000"), function("b", 0, 1), ("pci-host",), FREE, FREE),
    # what lies behind is not only what is known to be confined
    ("qemu-virt", range_("a", ECAM), function("b", name="virtio-blk"),
     ("pci-host", "dma-unconfined"), FREE, FREE),
    # one function twice, by whatever it was named
    ("qemu-virt", function("a"), NVME, ("pci-twice",), FREE, FREE),
    ("qemu-virt", node("a", HOST + "/nvme@1"), NVME, ("pci-twice",), FREE, FREE),
    ("qemu-virt", node("a", HOST + "/nvme@1,0"), NVME, ("pci-twice",), FREE, FREE),
    ("rpi4", node("a", "/scb/pcie@7d500000/pci@0,0/usb@0,0"), function("b", 0, 1), ("pci-twice",),
     FREE, FREE),
    ("qemu-virt", node("a", HOST + "/nvme@2"), NVME, (), NEVER, NEVER),
    ("qemu-virt", function("a", 2), NVME, (), NEVER, NEVER),
    # interrupts
    ("qemu-virt", irqs("a", 45), irqs("b", 45), ("irq-twice",), FALL, FALL),
    ("qemu-virt", irqs("a", 36), function("b", irq=36), ("irq-twice",), FALL, FALL),
    ("qemu-virt", irqs("a", 45), irqs("b", 46), (), NEVER, NEVER),
    ("qemu-virt", node("a", "/pl031@9010000"), irqs("b", 34), ("node-irq",), FALL, FALL),
    # registers: of a device that moves no data, of one that does, of what nobody knows
    ("qemu-virt", range_("a", 0x9010000), range_("b", 0x9010000), ("mmio-twice",), FALL, FALL),
    ("qemu-virt", range_("a", 0x9010000, 8), range_("b", 0x9010800, 8), ("mmio-page-shared",),
     FALL, FALL),
    ("qemu-virt", node("a", "/pl031@9010000"), range_("b", 0x9010000), ("node-registers",), FALL,
     FALL),
    ("rpi4", range_("a", 0xfe980000), "", (), FREE, NEVER),
    ("qemu-virt", node("a", "/pl031@9010000"), node("b", "/pl031@9010000"), ("node-twice",), FALL,
     FALL),
    ("rpi4", node("a", "/soc/serial@7e215040"), node("b", "/soc/serial@7e215040"), ("node-twice",),
     FALL, FALL),
    # a node gives whole pages, and with them the devices beside it
    ("rpi4", node("a", "/soc/spi@7e204000"), node("b", "/soc/spi@7e204600"),
     ("mmio-page-shared",), FALL, FALL),
    ("rpi4", node("a", "/soc/spi@7e204000"), range_("b", 0xfe204800, 0x200),
     ("mmio-page-shared",), FALL, FALL),
    ("rpi4", node("a", "/soc/rng@7e104000"), node("b", "/soc/spi@7e204000"), (), NEVER, NEVER),
    # controllers
    ("rpi4", node("a", "/soc/cprman@7e101000"), node("b", "/soc/rng@7e104000"),
     ("controller-held",), FALL, NEVER),
    ("rpi4", range_("a", 0xfe101000), node("b", "/soc/rng@7e104000"), ("controller-held",), FALL,
     NEVER),
    ("rpi4", range_("a", 0xfe100000), node("b", "/soc/firmware/reset"),
     ("controller-held", "controller-shared"), FALL, FALL),
    # what is the kernel's own
    ("qemu-virt", range_("a", 0x50000000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x3ffff000, 0x2000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x8000000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x8020000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x8030000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x9050000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x9000000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0x9030000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0xa000000), "", KERNEL, FREE, NEVER),
    ("qemu-virt-v3", range_("a", 0xa003000), "", KERNEL, FREE, NEVER),
    ("qemu-virt-v3", range_("a", 0xdfff000), "", KERNEL, FREE, NEVER),
    ("qemu-virt", range_("a", 0), "", KERNEL, FREE, NEVER),
    ("qemu-virt", node("a", "/virtio_mmio@a003e00"), "", ("node-kernel",), FREE, NEVER),
    ("qemu-virt-v3", node("a", "/platform-bus@c000000"), "", ("node-kernel",), FREE, NEVER),
    ("qemu-virt", node("a", "/flash@0"), "", ("node-kernel",), FREE, NEVER),
    ("qemu-virt", irqs("a", 79), "", ("irq-range",), FREE, NEVER),
    ("qemu-virt", node("a", "/smmuv3@9050000"), "", ("node-kernel",), FREE, NEVER),
    ("qemu-virt", irqs("a", 33), "", ("irq-range",), FREE, NEVER),
    ("qemu-virt", irqs("a", 27), "", ("irq-range",), FREE, NEVER),
    ("qemu-virt", irqs("a", 106), "", ("irq-range",), FREE, NEVER),
    ("rpi4", range_("a", 0xff841000), "", KERNEL, FREE, NEVER),
    ("rpi4", range_("a", 0x10000000), "", KERNEL, FREE, NEVER),
    # what every VM has of its own anyway
    ("qemu-virt", node("a", "/chosen"), node("b", "/chosen"), (), NEVER, NEVER),
    ("qemu-virt", 'vm_a.mmios = ["0x8040000:0x1000:12"];', "", (), NEVER, NEVER),
]

# What one device VM serves to two, by settings of vm_d.
SERVED = [
    ("disk-shared", 'vm_d.vm_virtio_devices = [{ type: "blk", target: "a", disk: "%(disk)s" }, '
                    '{ type: "blk", target: "b", disk: "%(disk)s" }];'),
    ("medium-overlap",
     'system.machine = [{ pci: "0:1.0", model: "nvme" }]; '
     'vm_d.pci_devices = [{ name: "nvme", bus: 0, dev: 1, fun: 0 }]; vm_d.vm_virtio_devices = ['
     '{ type: "blk", target: "a", disk: "/dev/nvme0n1", size: "2M" }, '
     '{ type: "blk", target: "b", disk: "/dev/nvme0n1", size: "2M" }];'),
    ("tap-twice", 'vm_d.vm_virtio_devices = [{ type: "net", target: "a", tap: "t0" }, '
                  '{ type: "net", target: "b", tap: "t0" }];'),
    ("cid-twice", 'vm_d.vm_virtio_devices = [{ type: "vsock", target: "a", cid: 7 }, '
                  '{ type: "vsock", target: "b", cid: 7 }];'),
]

# What Linux may find in another order at the next boot.
TWO_MEDIA = (
    'system.machine = [{ pci: "0:1.0", model: "nvme" }, { pci: "0:2.0", model: "nvme" }]; '
    'vm_d.pci_devices = [{ name: "nvme0", bus: 0, dev: 1, fun: 0 }, '
    '{ name: "nvme1", bus: 0, dev: 2, fun: 0 }]; vm_d.vm_virtio_devices = ['
    '{ type: "blk", target: "a", disk: "/dev/nvme0n1", size: "2M" }, '
    '{ type: "blk", target: "b", disk: "/dev/nvme1n1", size: "2M" }];')


def topology(a, b):
    return ("assembly { composition { component VM vm_a; component VM vm_b; component VM vm_c; } "
            f'configuration {{ vm_a.exposed = true; vm_b.asset = "keys"; {a} {b} }} }}\n')


def served(settings, disk):
    return ("assembly { composition { component VM vm_d; component VM vm_a; component VM vm_b; "
            "VIRTIO_COMPOSITION_DEF(d, a) VIRTIO_COMPOSITION_DEF(d, b) } configuration { "
            + settings % {"disk": disk} + " } }\n")


def assertions(start, end, how):
    """Expressions that hold where @end follows so from @start."""
    return {FREE: [f"reach({start}, {end})", f"exposure({end}, {start}) >= 8MiB"],
            FALL: [f"path({start}, {end})", f"!reach({start}, {end})"],
            NEVER: [f"!path({start}, {end})", f"exposure({end}, {start}) == 0"]}[how]
