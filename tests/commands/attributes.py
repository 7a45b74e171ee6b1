# SPDX-License-Identifier: BSD-2-Clause
"""What a VM is given is told wherever a topology is printed: no attribute is lost on the way."""
import json
import os

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
PRINTERS = [["explain"], ["explain", "--json"], ["export", "-f", "json"], ["export", "-f", "camkes"]]


def topology(settings):
    return ("assembly { composition { component VM vm_a; component VM vm_b;\n"
            "VIRTIO_COMPOSITION_DEF(a, b) VIRTIO_COMPOSITION_DEF(b, a) } configuration {\n"
            + settings + "\n} }\n")


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
    with open(plain, "w", encoding="utf-8") as file:
        file.write(topology(""))
    for name, value in EXAMPLES.items():
        with open(given, "w", encoding="utf-8") as file:
            file.write(topology(f"vm_a.{name} {value};"))
        said = []
        for printer in PRINTERS:
            code, out, err = suite.call(*printer, given)
            said += [] if code == 0 and out != suite.call(*printer, plain)[1] else \
                [f"{' '.join(printer)} does not tell: {' '.join(err[:200].split())}"]
        out = suite.call("diff", "--all", "--json", plain, given)[1]
        if not any("vm_a" in change["what"] for change in json.loads(out)["changes"]):
            said += ["diff does not"]
        suite.result(f"attribute {name}", "; ".join(said))
    with open(given, "w", encoding="utf-8") as file:
        file.write(topology('vm_a.description = "<b>what</b> it is for";'))
    for words, text in [(["report"], b"  a: <b>what</b> it is for\n"),
                        (["report", "--json"], b'"description":"<b>what</b> it is for"'),
                        (["report", "--format", "html"], b"<small>&#60;b&#62;what&#60;/b&#62; it is"),
                        (["graph", "-f", "dot"], b"&#60;b&#62;what&#60;/b&#62; it is for")]:
        out = suite.call(*words, given)[1]
        suite.result(f"description: {' '.join(words)}", "" if text in out.replace(b'": "', b'":"')
                     else out.decode())
