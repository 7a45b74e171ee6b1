# SPDX-License-Identifier: BSD-2-Clause
"""A VM on two networks, of which it is known or not what it forwards: x and fw are on the bridge of
wan, fw and v on that of lan; x is exposed.

A case: the settings of fw, and whether the report takes it to forward everything.
"""
ADDRESSES = ('{ type: "net", target: "%s", bridge: "br0", address: "10.%d.0.1/24", '
             'driver_address: "10.%d.0.%d" }')


def image(**settings):
    rows = ", ".join(f'{name}: "{value}"' for name, value in settings.items())
    return "vm_fw.vm_image_config = { %s };" % rows


# FILE is some kernel or archive of the user's own.
CASES = [
    ("", False),
    (image(kernel_bootcmdline="console=ttyAMA0 quiet loglevel=4 panic=-1"), False),
    (image(initrd_name="FILE"), True),
    (image(kernel_name="FILE"), True),
    (image(kernel_bootcmdline="quiet sysctl.net.ipv4.ip_forward=1"), True),
    (image(kernel_bootcmdline="rdinit=/bin/sh quiet"), True),
    (image(kernel_bootcmdline="quiet -- forward"), True),
    (image(kernel_bootcmdline="quieter"), True),
    ('vm_fw.files = [{ from: "FILE", to: "/etc/start.d/forward" }];', True),
    ('vm_fw.command = ["forward"];', True),
    ('vm_fw.health = { command: ["forward"] };', True),
    # the tree has a command line of its own
    (image(dtb_name="FILE"), True),
    # the second byte of the letter is a blank to Linux
    (image(kernel_bootcmdline="console=\u00e0sysctl.net.ipv4.ip_forward=1"), True),
    # it serves a third one: still between the two that it uses
    ("vm_w.asset = \"it\";" + image(initrd_name="FILE"), True),
]


def topology(settings, file):
    third = "vm_w." in settings
    return """assembly { composition {
component VM vm_wan; component VM vm_lan; component VM vm_fw; component VM vm_x; component VM vm_v;
VIRTIO_COMPOSITION_DEF(wan, x) VIRTIO_COMPOSITION_DEF(wan, fw)
VIRTIO_COMPOSITION_DEF(lan, fw) VIRTIO_COMPOSITION_DEF(lan, v) %s
} configuration {
vm_wan.vm_virtio_devices = [%s, %s];
vm_lan.vm_virtio_devices = [%s, %s];
vm_x.exposed = true; vm_v.asset = "data"; %s
} }
""" % ("component VM vm_w; VIRTIO_COMPOSITION_DEF(fw, w)" if third else "",
       ADDRESSES % ("x", 1, 1, 2), ADDRESSES % ("fw", 1, 1, 3),
       ADDRESSES % ("fw", 2, 2, 2), ADDRESSES % ("v", 2, 2, 3), settings.replace("FILE", file))


def assertions(forwards):
    """x attacks v through the router, or must hold it first; then the exposed one is as good as it."""
    return ["compromises(x, v) == %d" % (2 if forwards else 3)]


# e is behind w by nat, and w on a bridge with v: what e forwards from outside gets to v.
BEHIND = """assembly { composition {
component VM vm_top; component VM vm_w; component VM vm_v; component VM vm_e;
VIRTIO_COMPOSITION_DEF(top, w) VIRTIO_COMPOSITION_DEF(top, v) VIRTIO_COMPOSITION_DEF(w, e)
} configuration {
vm_top.vm_virtio_devices = [{ type: "net", target: "w", bridge: "br0" },
                            { type: "net", target: "v", bridge: "br0" }];
vm_w.vm_virtio_devices = [{ type: "net", target: "e", network: "nat" }];
vm_e.exposed = true; vm_v.asset = "data"; %s
} }
"""
