# SPDX-License-Identifier: BSD-2-Clause
"""What documents say of single parts against these: the guest's map, words of verify and of
assertions, defaults of devices, fields that locks guard, and commands as they are shown.
"""
import functools
import glob
import os
import re
import subprocess
import tempfile

from common import DOCUMENTS, TOPO, printed, read, same, test
from lists import section

TOPOLOGY = "topologies/simple-pair.camkes"


def guest_map():
    """Each place of the map is one of topo's constants, and each of these is in the map."""
    said = {int(digits.replace("_", ""), 16) for digits in
            re.findall(r"^\| `0x([0-9a-f_]+)` \|", read("docs/guest.md"), re.M)}
    layout = read("topo/image/layout.h") + read("topo/image/layout_guest.c")
    known = re.findall(
        r"#define GUEST_\w+_IPA (?:UINT64_C\()?(0x[0-9a-f]+)|zone_\w+ = \{(0x[0-9a-f]+),", layout)
    known = {int(a or b, 16) for a, b in known} | {
        int(re.search(r"DEFAULT_RAM_BASE (0x\w+?)U", read("topo/resolve/defaults.h"))[1], 16)}
    test("guest: map", same("address", map(hex, said), map(hex, known)))


def verify_words():
    said = re.findall(r"^\| `(\w+)` \|", read("docs/verify.md"), re.M)
    known = re.findall(r'\[FINDING_\w+\] = "(\w+)"', read("topo/verify/findings.c"))
    test("verify: words", same("word", said, known))


def assertions():
    text = read("docs/report.md").split("## Assertions")[1].split("\n## ")[0]
    said = set(re.findall(r"`(\w+)\(", "".join(re.findall(r"^\| (`.*?) \|", text, re.M))))
    known = re.findall(r'^\t\{"(\w+)", "\w+\(', read("topo/report/assert_facts.c"), re.M)
    test("report: assertions", same("fact", said, known))


def device_defaults():
    """Of a connection that says nothing."""
    connection = printed("explain", "--json", TOPOLOGY)["connections"][0]
    net, blk = connection["devices"]
    page = read("docs/language.md")
    test("language: defaults of devices", [f"does not say '{words}'" for words in (
        f"{net['queue_size']}; blk {blk['queue_size']} |", f"| `network` | net | ",
        f"| `\"{net['network']}\"` |", f"| {blk['size'] >> 20} MiB |", f"`{net['tap'].split('-')[0]}-`",
        f"| {connection['pool_bytes'] >> 20} MiB |") if words not in page])


def comparison():
    """Goals beside what others reach are those of the bench."""
    page = read("docs/comparison.md")
    goals = [(name, float(goal)) for name, goal in
             re.findall(r'Operation\("([^"]+)", ([\d.]+),', read("bench/datapath.py"))]
    bench = read("bench/run")
    goals += [(name, float(re.search(pattern, bench)[1])) for name, pattern in (
        ("doorbell, store to interrupt taken", r'"doorbell, store to .*, (\d+)\)'),
        ("call that the VMM answers (PSCI)", r'"guest_bench_psci", (\d+),'),
        ("lines of code at EL2", r'"lines", (\d+),'))]
    rows = {row[0]: row[-1] for row in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.split("\n") if line.startswith("| "))}
    test("comparison: goals", [
        f"{name}: {rows.get(name)} is not {goal:,g}" for name, goal in goals
        if rows.get(name) != f"{goal:,g}"])


def lock_fields():
    """The fields of the table are those of the kernel's structures."""
    structures = "".join(read(path) for path in glob.glob("kernel/core/*.h"))
    fields = set(re.findall(r"\b(\w+)(?:\[[^\]]*\])?;", structures))
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+)", read("docs/locking.md"), re.M)
    said = {name for row in rows for path in re.findall(r"`\w+\.([\w.]+)`", row)
            for name in path.split(".")}
    test("locking: fields", [f"there is no field {n}" for n in sorted(said - fields)] +
         ([] if said else ["none found"]))


def kernel_folders():
    page = read("docs/architecture.md")
    rows = " ".join(re.findall(r"^\| (`kernel.*?) \|", page, re.M))
    found = {path.split("/")[1] for path in glob.glob("kernel/*/")}
    test("architecture: folders of the kernel", [f"no {f}" for f in sorted(found) if f"{f}`" not in rows])


def states():
    """States of VMs, and what the kernel says when one ends or an image is refused."""
    known = re.findall(r'X\([A-Z_]+, \d+, "([a-z ]+)"', read("topo/runner/runstate.h").split(
        "define RUN_VM_STATES")[1].split("\n\n")[0])
    running = read("docs/running.md").split("## When is it up?")[1].split("\n## ")[0]
    test("running: states of a VM", [f"no `{s}`" for s in known if f"`{s}`" not in running] +
         ([] if known else ["none found"]))
    kernel = "".join(read(path) for path in glob.glob("kernel/*/*.c"))
    page = read("docs/kernel-abi.md")
    said = [row.replace("pv: ", "") for row in re.findall(r"^\| `(pv: .*?)` \|", page, re.M)]
    parts = [p.strip() for row in said for p in re.split(r"\b[A-Z]+\b|[…\[\].:]", row)]
    problems = [f"the kernel has no '{p}'" for p in parts if re.fullmatch(r"[a-z]+( [a-z]+)+", p) and
                p not in kernel and p != "stopped: poweroff, reset, fault or vmm"]
    test("kernel-abi: lines of the kernel", problems + ([] if said else ["none found"]))


def macros():
    """topo's macros are in the page, whole or by what stands before an ellipsis, and no others."""
    text = read("topo/configurations/vm.h") + read("topo/configurations/tii/vm.h")
    known = set(re.findall(r"^#define ([A-Z_]+_(?:DEF|STRINGIZE))\(", text, re.M)) - {"VIRTIO_ENTRY_DEF"}
    page = read("docs/language.md").split("## Names")[1].split("\n## ")[0]
    said = re.findall(r"`([A-Z_]+?)(…?)(_DEF|(?<=STRINGIZE))\(", page)
    test("language: topo's macros", [
        f"no {k}" for k in sorted(known) if not any(
            k.startswith(n) if dots else k == n + end for n, dots, end in said)] + [
        f"there is no {n}{end}" for n, dots, end in said if not dots and n + end not in known] + (
            [] if known else ["none found"]))


def guest_calls():
    """What a guest can call, by the names of the VMM's numbers."""
    source = read("vmm/vm/psci.c")
    known = set(re.findall(r"#define (?:PSCI_)?(\w+) 0x[8c]\w{7}U", source))
    said = {name.removeprefix("PSCI_") for name in
            re.findall(r"`([A-Z_]{6,}\d?)`", read("docs/guest.md").split("`SMC` and `HVC`")[1])}
    test("guest: calls", same("call", said, known))


def proofs():
    said = [n for row in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", read("docs/proofs.md"), re.M)
            for n in re.findall(r"`(\w+)`", row)] + ["range"]
    known = [os.path.basename(path)[:-2] for path in glob.glob("tests/proofs/*.c")]
    test("proofs: harnesses", same("harness", said, known))


def guest_kernel():
    """Options of the guests' kernel that pages name are options of it."""
    config = set(re.findall(r"\b([A-Z0-9_]{3,})\b", read("images/kernel/config").replace("CONFIG_", "")))
    for page in ("device-vm", "images"):
        said = set(re.findall(r"`(?:CONFIG_)?((?:VHOST|NF|NFT|DMA|ZONE|EVENT|TUN|BRIDGE|MOD)[A-Z0-9_]*)`",
                              read(f"docs/{page}.md")))
        test(f"{page}: options of the kernel", [f"images/kernel/config has no {o}" for o in
                                                sorted(said - config)] +
             ([] if said else ["none found"]))


def hardware_kinds():
    row = re.search(r"the kind of that name: ([a-z, ]+)\.", read("docs/report.md"))
    known = re.findall(r'\[HARDWARE_\w+\] = \{"(\w+)"', read("topo/model/hardware_kind.c"))
    test("report: kinds of hardware", same("kind", re.findall(r"[a-z]+", row[1]) if row else [],
                                           [name.lower() for name in known]))


def hardware_matrix():
    """The page shows the matrix as topo prints it."""
    shown = read("docs/hardware.md").split("```\n")[1]
    done = subprocess.run([TOPO, "report", "topologies/multi-backend.camkes"], capture_output=True,
                          check=False, text=True)
    test("hardware: matrix", [] if shown in done.stdout else ["topo report prints another one"])


# A page and the section whose table says what was attacked, and by what that is shown.
ATTACKS = [("hardware", "## What each cell means, and what shows it"),
           ("threat-model", "## What was attacked, and what shows it")]


@functools.lru_cache(None)
def listed(suite):
    return subprocess.run([f"tests/{suite}/run", "--list"], capture_output=True, check=False, text=True)


def attacks():
    """Each row of a table of attacks names tests that there are, or says that there is none."""
    for suite in ("system", "baremetal"):
        if listed(suite).returncode:
            test("attacks: tests", [f"tests/{suite}/run --list fails; `make test-build` makes what it reads: "
                                    f"{listed(suite).stderr.strip()[-200:]}"])
            return
    known = {f"bare metal: {case}" for case in listed("baremetal").stdout.split("\n")} | {"no test"}
    known |= {f"system: {block.split(':')[0]}, {check.strip()}"
              for block in re.split(r"\n(?=\S)", listed("system").stdout)
              for check in block.split("\n")[1:]}
    for page, title in ATTACKS:
        said = [row for cell in re.findall(r"^\| .* \| (.*?) \|$", section(f"docs/{page}.md", title), re.M)[2:]
                for row in cell.split("; ")]
        test(f"{page}: tests", [f"there is no {row}" for row in said
                                if row not in known and not os.path.exists(row.strip("`"))] +
             ([] if len(said) > 15 else ["few rows"]))


# What only reads a topology: safe to run as a document shows it.
READERS = ("check", "explain", "report", "graph", "diff", "export")


def shown_commands():
    """A command in a document's table or block is a right command line: it is run on a topology."""
    for document in DOCUMENTS:
        problems = []
        for line in set(re.findall(r"(?:^|`)(topo (?:%s)\b[^`\n]*)" % "|".join(READERS),
                                   read(document), re.M)):
            words = re.split(r"  +|,$| -o ", line)[0].replace("…", "")
            if not re.search(r"\b(FILE|OLD|NEW)\b", words) or "NAME" in words:
                continue
            words = re.sub(r"\b(FILE|OLD|NEW)\b", TOPOLOGY, words)
            words = re.sub(r"\[.*?\]", "", words)
            with tempfile.TemporaryDirectory() as place:
                done = subprocess.run(
                    [TOPO, *command_words(words)], capture_output=True, check=False, text=True,
                    cwd=os.getcwd(), env={**os.environ, "TMPDIR": place})
            # An assertion about other VMs than those of this topology is none of its form.
            if done.returncode == 2 and "no VM" not in done.stderr:
                problems.append(f"'{line}': {done.stderr.strip().splitlines()[0]}")
        test(f"{document}: commands as shown", problems)


def command_words(text):
    """The words behind topo, with quotes read as a shell does."""
    return [a or b for a, b in re.findall(r"'([^']*)'|(\S+)", text)][1:]


SUBJECTS = [guest_kernel, hardware_kinds, macros, guest_calls, proofs, states, guest_map, verify_words, assertions, device_defaults, comparison, lock_fields, kernel_folders,
            shown_commands, hardware_matrix, attacks]
PLANTED = [
    (guest_kernel, "docs/device-vm.md", "`VHOST_NET`", "`VHOST_NETS`", "device-vm: options"),
    (hardware_kinds, "docs/report.md", "name: nic,", "name: network,", "report: kinds"),
    (macros, "docs/language.md", "`VM_COMPONENT_DEF(n)`", "`VM_COMPONENTS_DEF(n)`", "language: topo's"),
    (guest_calls, "docs/guest.md", "`CPU_OFF`", "`CPU_SUSPEND`", "guest: calls"),
    (proofs, "docs/proofs.md", "| `s2_walk` |", "| `s2_run` |", "proofs: harnesses"),
    (states, "docs/running.md", "`booting`", "`starting`", "running: states"),
    (states, "docs/kernel-abi.md", "pv: all domains have", "pv: all domains had", "kernel-abi: lines"),
    (guest_map, "docs/guest.md", "`0x0a00_0000`", "`0x0b00_0000`", "guest: map"),
    (verify_words, "docs/verify.md", "| `extra` |", "| `surplus` |", "verify: words"),
    (assertions, "docs/report.md", "| `path(a, b)` |", "| `way(a, b)` |", "report: assertions"),
    (device_defaults, "docs/language.md", "256; blk 128", "256; blk 64", "language: defaults of dev"),
    (comparison, "docs/comparison.md", "| 36,000 |", "| 35,999 |", "comparison: goals"),
    (lock_fields, "docs/locking.md", "`cpu.resched`", "`cpu.anew`", "locking: fields"),
    (kernel_folders, "docs/architecture.md", "`kernel/variants`", "`kernel/kinds`", "architecture: fo"),
    (shown_commands, "docs/report.md", "topo report --json FILE", "topo report --format xml FILE",
     "docs/report.md: commands as shown"),
    (attacks, "docs/hardware.md", "bare metal: register windows", "bare metal: windows",
     "hardware: tests"),
    (attacks, "docs/threat-model.md", "Spy, a planted secret is nowhere", "Spy, a secret is nowhere",
     "threat-model: tests"),
    (hardware_matrix, "docs/hardware.md", "gpu       ✗", "gpu       ✓", "hardware: matrix"),
]
