# SPDX-License-Identifier: BSD-2-Clause
"""What a topology gives is told wherever it is printed and compared: no attribute of a VM, of the
system, of a slot of its machine or of a connection, and no option of a device is lost on the way."""
import json
import os
import re
import struct

# Attributes of a VM, and a setting of each that is not its default; all that topo lists.
EXAMPLES = {
    "vm_name": '= "other"',
    "description": '= "what it is for"',
    "num_vcpus": "= 2",
    "_affinity": "= 1",
    "_priority": "= 7",
    "base_prio": "= 7",
    "_budget": "= 1000; vm_a._period = 10000",
    "_period": "= 5000; vm_a._budget = 1000",
    "ram_base": "= 0x80000000",
    "ram_size": '= "512M"',
    "vm_address_config": "= { dtb_addr: 0x44000000, initrd_addr: 0x45000000 }",
    "vm_image_config": '= { kernel_bootcmdline: "console=ttyAMA0 quiet" }',
    "files": '= [{ from: "/etc/passwd", to: "/etc/users", mode: "0640" }]',
    "command": '= ["sh", "-c", "echo a b > /dev/null"]',
    "env": '= ["A=b c", "D=\'"]; vm_a.command = ["sh"]',
    "workdir": '= "/srv"; vm_a.command = ["sh"]',
    "user": '= "www:1000"; vm_a.command = ["sh"]',
    "command_restart": '= "no"; vm_a.command = ["sh"]',
    "health": '= { command: ["sh", "-c", "exit 0"], interval: 900, retries: 9 }',
    "agent": "= false",
    "pci_devices": '= [{ name: "nic", bus: 0, dev: 1, fun: 0, irq: 36 }]',
    "untyped_mmios": '= ["0x9010000:0x1000"]',
    "mmios": '= ["0x9010000:0x1000:12"]',
    "irqs": "= [34]",
    "dtb": '= dtb([{ path: "/pl061@9030000" }])',
    "allow_smc": "= true",
    "trust": '= "low"',
    "exposed": "= true",
    "asset": '= "keys"',
    "restart": '= "always"',
    "restart_limit": "= 9",
    "restart_delay": "= 50",
    "autostart": "= false",
    "watchdog": "= 30",
    "may_restart": '= ["b"]',
    "vm_virtio_devices": '= [{ type: "vsock" }]',
    "vm_virtio_drivers": '= [{ type: "vsock", backend: "b" }]',
}
# Attributes of the system and of connections, keys of a slot, options of devices: two settings of
# each that differ in nothing else.
SYSTEM = {
    "board": ('"qemu-virt"', '"qemu-virt-v3"'),
    "cpus": ("2", "3"),
    "machine": ("[]", '[{ pci: "0:1.0", model: "edu" }]'),
}
SLOT = {
    "pci": ('pci: "0:1.0", model: "edu"', 'pci: "0:2.0", model: "edu"'),
    "model": ('pci: "0:1.0", model: "nvme"', 'pci: "0:1.0", model: "e1000e"'),
    "file": ('pci: "0:1.0", model: "nvme", size: "64M", file: "/tmp/a"',
             'pci: "0:1.0", model: "nvme", size: "64M", file: "/tmp/b"'),
    "size": ('pci: "0:1.0", model: "nvme"', 'pci: "0:1.0", model: "nvme", size: "128M"'),
    "forward": ('pci: "0:1.0", model: "igb", forward: ["2222:22"]',
                'pci: "0:1.0", model: "igb", forward: ["2222:22", "8080:80"]'),
    "restrict": ('pci: "0:1.0", model: "igb"', 'pci: "0:1.0", model: "igb", restrict: true'),
    "bars": ('pci: "0:1.0", model: "other", bars: ["4K"]',
             'pci: "0:1.0", model: "other", bars: [0, "4K"]'),
    "vectors": ('pci: "0:1.0", model: "other", bars: []',
                'pci: "0:1.0", model: "other", bars: [], vectors: 2'),
    "confined": ('pci: "0:1.0", model: "other", bars: []',
                 'pci: "0:1.0", model: "other", bars: [], confined: true'),
}
IMAGE = {
    "kernel_name": ('kernel_name: "linux"', 'kernel_name: "DIR/a.img"'),
    "initrd_name": ('initrd_name: "linux-initrd"', 'initrd_name: "DIR/a.img"'),
    "rootfs": ('rootfs: "DIR"', 'rootfs: "DIR/again"'),
    "packages": ('packages: ["hello"]', 'packages: ["hello", "there-is-none"]'),
    "dtb_name": ("", 'dtb_name: "DIR/a.img"'),
    "kernel_bootcmdline": ("", 'kernel_bootcmdline: "console=ttyAMA0 quiet"'),
}
CONNECTION = {
    "_memdev.swiotlb": ("true", "false"),
    "_memdev.size": ('"16M"', '"32M"'),
    "_memdev.base": ("0xc0000000", "0xd0000000"),
    "_memdev.driver_base": ("0xc0000000", "0xd0000000"),
    "_iobuf.base": ("0xc0000000", "0xd0000000"),
}
NET = 'type: "net", network: "nat", address: "10.1.0.{}/24", driver_address: "10.1.0.{}"'
OPTION = {
    "queues": ('type: "blk", queues: 1', 'type: "blk", queues: 2'),
    "queue_size": ('type: "rng", queue_size: 64', 'type: "rng", queue_size: 128'),
    "disk": ('type: "blk", disk: "DIR/a.img"', 'type: "blk", disk: "DIR/b.img"'),
    "format": ('type: "blk", disk: "DIR/a.img", format: "raw"',
               'type: "blk", disk: "DIR/a.img", format: "qcow2"'),
    "size": ('type: "blk", size: "64M"', 'type: "blk", size: "128M"'),
    "readonly": ('type: "blk", readonly: false', 'type: "blk", readonly: true'),
    "mac": ('type: "net"', 'type: "net", mac: "02:00:00:00:00:07"'),
    "tap": ('type: "net"', 'type: "net", tap: "tap7"'),
    "network": ('type: "net"', 'type: "net", network: "isolated"'),
    "bridge": ('type: "net", bridge: "one"', 'type: "net", bridge: "other"'),
    "address": (NET.format(1, 8), NET.format(2, 8)),
    "driver_address": (NET.format(1, 8), NET.format(1, 9)),
    "cid": ('type: "vsock"', 'type: "vsock", cid: 77'),
    "tag": ('type: "fs"', 'type: "fs", tag: "other"'),
    "dir": ('type: "fs"', 'type: "fs", dir: "/srv/data"'),
    "width": ('type: "gpu"', 'type: "gpu", width: 800'),
    "height": ('type: "gpu"', 'type: "gpu", height: 600'),
}
# An empty image of 1 MiB: version 2, clusters of 64 KiB.
QCOW2 = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, 1 << 20, 0, 1, 0, 65536, 1, 0, 0)
NOT_THE_SYSTEM = {"checks_off"}  # it says what topo is to be silent about
PRINTERS = [["explain"], ["explain", "--json"], ["export", "-f", "json"], ["export", "-f", "camkes"]]


def topology(settings):
    return ("assembly { composition { component VM vm_a; component VM vm_b;\n"
            "VIRTIO_COMPOSITION_DEF(a, b) VIRTIO_COMPOSITION_DEF(b, a) } configuration {\n"
            + settings + "\n} }\n")


def write(path, settings):
    with open(path, "w", encoding="utf-8") as file:
        file.write(topology(settings))


def explained(suite, given):
    """Whether what explain prints stands for the same."""
    again = os.path.join(os.path.dirname(given), "again", os.path.basename(given))
    os.makedirs(os.path.dirname(again), exist_ok=True)
    with open(again, "wb") as file:
        file.write(suite.call("explain", given)[1])
    return suite.call("explain", "--json", given)[1] == suite.call("explain", "--json", again)[1]


def lost(suite, plain, given, word):
    """Where the two topologies, of one name, are said to be the same."""
    said = [] if explained(suite, given) else ["explain stands for another"]
    for printer in PRINTERS:
        code, out, err = suite.call(*printer, given)
        said += [] if code == 0 and out != suite.call(*printer, plain)[1] else \
            [f"{' '.join(printer)} does not tell: {' '.join(err[:200].split())}"]
    out = suite.call("diff", "--all", "--json", plain, given)[1]
    if not any(word in change["what"] for change in json.loads(out)["changes"]):
        said += ["diff does not"]
    return "; ".join(said)


def known(suite, path, settings):
    """What topo says that there is where it was given something else."""
    write(path, settings)
    err = suite.call("check", path)[2]
    return set(re.search(r" has: (.*)", err).group(1).split(", "))


def differ(suite, plain, given, name, values):
    """The two settings, as one writes them."""
    write(plain, values[0])
    write(given, values[1])
    suite.result(name, lost(suite, plain, given, ""))


def check_others(suite, plain, given):
    for kind, cases, form, nothing in [
            ("system", SYSTEM, "system.{} = {};", "system.nothing = 1;"),
            ("slot", SLOT, "system.machine = [{{ {1} }}];", "system.machine = [{ nothing: 1 }];"),
            ("connection", CONNECTION, "vma_vmb{} = {};", "vma_vmb_memdev.nothing = 1;")]:
        there = known(suite, given, nothing) - NOT_THE_SYSTEM
        suite.result(f"{kind}: an example of each", " ".join(there ^ set(cases)))
        for name, values in cases.items():
            differ(suite, plain, given, f"{kind} {name}", [form.format(name, v) for v in values])


def check_options(suite, plain, given):
    """Explain goes by the table of options: what it prints of each example is all there is."""
    there = set()
    directory = os.path.dirname(plain)
    for name in ("a.img", "b.img"):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(QCOW2.ljust(1 << 20, b"\0"))
    for name, values in OPTION.items():
        differ(suite, plain, given, f"option {name}",
               [f"vm_a.vm_virtio_devices = [{{ {value} }}];".replace("DIR", directory)
                for value in values])
        there |= set(re.findall(r"^ {14}(\w+): ", suite.call("explain", given)[1].decode(), re.M))
    suite.result("option: an example of each", " ".join(there ^ set(OPTION)))


def check(suite, directory):
    rows = json.loads(suite.call("explain", "--list", "--json")[1])
    listed = {row["name"] for row in rows if row["alone"]}
    suite.result("attributes: an example of each", " ".join(listed ^ set(EXAMPLES)))
    text = suite.call("explain", "--list")[1].decode()
    suite.result("attributes: the list for people", " ".join(
        row["name"] for row in rows if not row["meaning"] or row["meaning"] not in text))
    plain = os.path.join(directory, "plain.camkes")
    given = os.path.join(directory, "given", "plain.camkes")
    os.mkdir(os.path.dirname(given))
    check_others(suite, plain, given)
    check_options(suite, plain, given)
    write(plain, "")
    for name, values in IMAGE.items():
        differ(suite, plain, given, f"image {name}",
               [f"vm_a.vm_image_config = {{ {value} }};".replace("DIR", directory)
                for value in values])
    write(plain, "")
    for name, value in EXAMPLES.items():
        write(given, f"vm_a.{name} {value};")
        suite.result(f"attribute {name}", lost(suite, plain, given, "vm_a"))
    write(given, 'vm_a.description = "<b>what</b> it is for";')
    for words, text in [(["report"], b"  a: <b>what</b> it is for\n"),
                        (["report", "--json"], b'"description":"<b>what</b> it is for"'),
                        (["report", "--format", "html"], b"<small>&#60;b&#62;what&#60;/b&#62; it is"),
                        (["graph", "-f", "dot"], b"&#60;b&#62;what&#60;/b&#62; it is for")]:
        out = suite.call(*words, given)[1]
        suite.result(f"description: {' '.join(words)}", "" if text in out.replace(b'": "', b'":"')
                     else out.decode())
