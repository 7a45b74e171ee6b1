# SPDX-License-Identifier: BSD-2-Clause
"""What a topology gives is told wherever it is printed and compared: no attribute of a VM, of the
system or of a slot of its machine is lost on the way."""
import json
import os
import re

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
# Attributes of the system, and keys of a slot: two settings each that differ in nothing else.
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
    "bars": ('pci: "0:1.0", model: "other", bars: ["4K"]',
             'pci: "0:1.0", model: "other", bars: [0, "4K"]'),
    "vectors": ('pci: "0:1.0", model: "other", bars: []',
                'pci: "0:1.0", model: "other", bars: [], vectors: 2'),
    "confined": ('pci: "0:1.0", model: "other", bars: []',
                 'pci: "0:1.0", model: "other", bars: [], confined: true'),
}
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
    return set(re.search(r"it has: (.*)", err).group(1).split(", "))


def check_system(suite, plain, given):
    for kind, cases, form, nothing in [
            ("system", SYSTEM, "system.{} = {};", "1"),
            ("slot", SLOT, "system.machine = [{{ {1} }}];", "nothing: 1")]:
        there = known(suite, given, form.format("nothing", nothing)) - NOT_THE_SYSTEM
        suite.result(f"{kind}: an example of each", " ".join(there ^ set(cases)))
        for name, values in cases.items():
            for path, value in zip((plain, given), values):
                write(path, form.format(name, value))
            suite.result(f"{kind} {name}", lost(suite, plain, given, ""))


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
    check_system(suite, plain, given)
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
