# SPDX-License-Identifier: BSD-2-Clause
"""Lists, names and numbers of documents against the sources: one test for each kind of list."""
import fnmatch
import functools
import glob
import os
import re
import subprocess

from common import DOCUMENTS, help_of, read, same, test, tracked

# A document, what it says ({} is the number), the file that defines it, and by what.
NUMBERS = [
    ("language", "nested {} deep at most", "topo/language/parse_internal.h", "PARSE_DEPTH_MAX"),
    ("language", "nested {} deep at most", "topo/language/cpp.h", "CPP_EXPANSION_DEPTH_MAX"),
    ("language", "A file has {:M} MiB at\nmost", "topo/diag/source.h", "SOURCE_BYTES_MAX"),
    ("language", "all files together {:M} MiB", "topo/diag/source.h", "SOURCES_BYTES_MAX"),
    ("language", "a name has {:K} KiB", "topo/language/lex.h", "LEX_NAME_BYTES_MAX"),
    ("language", "a string {:K} KiB", "topo/language/lex.h", "LEX_STRING_BYTES_MAX"),
    ("grammar", "several lines has {} at most", "topo/language/quotes.h", "QUOTES_STRING_LINES_MAX"),
    ("running", "Up to {} commands run at\nonce", "abi/agent.h", "PV_AGENT_COMMANDS_MAX"),
    ("running", "itself: up to {} at a time, which", "topo/runner/control.h", "CONTROL_CONNECTS_MAX"),
    ("images", "up to {}\nat a time", "abi/agent.h", "PV_AGENT_COMMANDS_MAX"),
    ("running", "by default {:s} s (`--timeout`)", "topo/commands/run.c", "LIMIT_DEFAULT_MS"),
    ("running", "was silent for {:s} s", "topo/runner/agentlink.h", "AGENTLINK_PROBE_MS"),
    ("running", "has not answered for {:s} s", "topo/runner/agentlink.h", "AGENTLINK_SILENCE_MS"),
    ("running", "At {:M} MiB a log", "topo/runner/logfile.h", "LOGFILE_BYTES"),
    ("report", "full tables up to {} VMs", "topo/analysis/analysis.h", "ANALYSIS_WHOLE_VMS"),
    ("report", "at most {} attack paths", "topo/analysis/analysis.h", "ANALYSIS_ATTACKS_MAX"),
    ("report", "paths, {} patterns of\na kind", "topo/analysis/patterns.c", "KIND_MAX_LARGE"),
    ("report", "the first {} listed", "topo/analysis/analysis.h", "ANALYSIS_WAYS_MAX"),
    ("report", "{} VMs that reach a range", "topo/analysis/analysis.h", "MEMORY_DMA_MAX_LARGE"),
    ("report", "or are at most {}, else bounds", "topo/analysis/takeover.c", "EXACT_GOALS_MAX"),
    ("guest", "BAR0 of virtio-pci functions, {:K} KiB", "abi/vmm.h", "PV_VMM_BAR_BYTES"),
    ("running", "the last {:K} KiB are shown", "topo/runner/tail.h", "TAIL_BYTES"),
    ("vmm", "at most {} changes of session", "vmm/session/connection.c", "SESSION_STEPS"),
    ("vmm", "at most {} messages", "abi/iobuf.h", "PV_IOBUF_SLOTS"),
    ("vmm", "at most {:,} lines of log", "vmm/session/connection.c", "LINES_MAX"),
    ("threat-model", "is dropped after {} bytes", "kernel/core/console.h", "CONSOLE_LOG_MAX"),
]
DIVISORS = {":K": 1 << 10, ":M": 1 << 20, ":s": 1000, "": 1, ":,": 1}


def value_of(path, name):
    found = re.search(r"#define %s\s+(?:\(\(size_t\))?\(?(?:MIB\()?(\w+)(?: << (\d+))?" % name, read(path))
    return int(found[1].rstrip("UL"), 0) << int(found[2] or 0) if found else None


def numbers():
    by_page = {}
    for page, words, path, name in NUMBERS:
        number = value_of(path, name)
        divisor = DIVISORS[re.search(r"\{(.*?)\}", words)[1]]
        said = number and re.sub(r"\{.*?\}", f"{number // divisor:,}", words)
        good = number and one_line(said) in one_line(read(f"docs/{page}.md"))
        by_page.setdefault(page, []).append("" if good else f"does not say '{said}' ({name})")
    for page, problems in by_page.items():
        test(f"{page}: numbers", problems)


def one_line(text):
    return " ".join(text.split())


def suites():
    rows = re.findall(r"^\| ([a-z, ]+) \| .* \| .* \|$", section("docs/testing.md", "## Suites"), re.M)
    said = {name for row in rows for name in row.split(", ")} - {"suite"}
    found = {path.split("/")[1] for path in glob.glob("tests/*/run")} | {"unit", "fuzz"}
    test("testing: suites", same("suite", said, found))
    problems = []
    for path in sorted(glob.glob("tests/*/run")):
        ran = subprocess.run([path, "--help"], capture_output=True, text=True, check=False, timeout=600)
        if ran.returncode != 0 or re.search(r"^(ok|FAIL) |\d passed", ran.stdout, re.M) or len(
                ran.stdout) < 100 or ran.stderr:
            problems.append(f"{path} has no --help: {(ran.stdout + ran.stderr)[:60]}")
    test("testing: each suite has --help", problems)
    lints = re.findall(r"^\| ([a-z, ]+) \|", section("docs/testing.md", "## Lint"), re.M)
    said = {name for row in lints for name in row.split(", ")} - {"check"}
    test("testing: lints", same("lint", said, {p.split("-")[1] for p in glob.glob("tools/lint-*")}))


def section(page, title):
    """What stands under a title, up to the next one."""
    return re.search(r"^%s\n(.*?)(?=^## |\Z)" % re.escape(title), read(page), re.M | re.S)[1]


def make_targets():
    rules = "".join(read(path) for path in tracked() if path == "Makefile" or path.endswith(".mk"))
    known = {word for line in re.findall(r"^\.PHONY: (.*)", rules, re.M) for word in line.split()}
    for document in DOCUMENTS:
        said = set(re.findall(r"(?:^|`|\w=\w+ )make ([a-z][a-z-]*)", read(document), re.M))
        test(f"{document}: make targets", [f"there is no make {t}" for t in sorted(said - known)])


def environment():
    """Variables that a document names are looked at, and those that topo looks at are in its manual."""
    sources = [p for p in tracked() if not p.startswith("docs/") and not p.endswith((".md", ".camkes"))]
    looked = {name for p in sources if p.startswith("topo/") and p.endswith(".c")
              for name in re.findall(r'getenv\("(\w+)"', read(p))}
    manual = read("topo/help/environment")
    test("help: environment", [f"no {n}" for n in sorted(looked) if n not in manual] +
         ([] if looked else ["none found"]))
    everything = all_sources()
    for document in DOCUMENTS:
        said = set(re.findall(r"`\$?\{?((?:PV|PEERVISOR|XDG)_[A-Z_]*[A-Z])\b", read(document)))
        test(f"{document}: names in capitals", [f"nobody knows {n}" for n in sorted(said)
                                                if not re.search(r"\b%s" % n, everything)])


@functools.lru_cache(None)
def all_sources():
    return "\n".join(open(p, encoding="utf-8", errors="replace").read() for p in tracked()
                     if not p.startswith("docs/") and not p.endswith(".md") and
                     not p.startswith("tests/documents/") and "corpus" not in p)


def paths():
    """Files and folders that a document names exist; * stands for anything, NAME for a name."""
    roots = {p.split("/")[0] for p in tracked() if "/" in p}
    names = {os.path.basename(p) for p in tracked()} | {"peervisor_connection.ko",
                                                            "peervisor_agent.ko", "shop.camkes"}
    places = {"docs/vmm.md": "vmm/", "docs/running.md": "topo/runner/"}
    for document in DOCUMENTS:
        problems = []
        for path in set(re.findall(r"`([\w.*-]+/[\w./*-]*)`", read(document))):
            if re.search(r"NAME|DIR|HASH|ARCH|^build/|^PEER", path):
                continue
            near = places.get(document, "") + path
            if path.split("/")[0] in roots and not glob.glob(path):
                problems.append(f"there is no {path}")
            elif re.search(r"\.(c|h|py)$", path) and not glob.glob(path) and not glob.glob(near):
                problems.append(f"there is no {path}")
        # A source by its name alone lies somewhere.
        problems += [f"there is no {name}" for name in
                     set(re.findall(r"`([\w*]+\.(?:c|h|S|py|camkes|ko))`", read(document)))
                     if not any(fnmatch.fnmatch(known, name) for known in names)]
        test(f"{document}: files", sorted(problems))


def identifiers():
    """A name of C that a document puts in code occurs in the sources."""
    everything = set(re.findall(r"\w+", all_sources()))
    # Of this notation, and of other programs.
    known = {"vhost_user_server_inc_in_flight", "wait_idle", "vmD_vmR_memdev", "vmD_vmR_iobuf", "VMd_VMr_VIRTIO_DATA_BASE"}
    for document in DOCUMENTS:
        said = {w for code in re.findall(r"`([^`\n]+)`", read(document))
                for w in re.findall(r"(?<![\w./-])(?:[a-z][a-z0-9]*_[a-z0-9_]*[a-z0-9])(?=\b)(?!\*)", code)}
        test(f"{document}: identifiers", [
            f"nobody knows {w}" for w in sorted(said - known) if w not in everything and
            not any(k.startswith(w) for k in everything)])


def exit_statuses():
    """The numbers in a document's table are those of --help."""
    rows = re.findall(r"^\| (`.*?`) \| (.*) \|$", section("docs/running.md", "## Exit statuses"), re.M)
    for names, statuses in rows:
        said = status_numbers(statuses)
        for name in re.findall(r"`([a-z]+)`", names):
            known = status_numbers(help_of([name]).split("Exit status:")[1])
            test(f"running: exit statuses of {name}", [] if said == known else [
                f"{sorted(said)}, --help says {sorted(known)}"])
    for page, command in [("docs/verify.md", "verify"), ("docs/verify.md", "diff"),
                          ("docs/report.md", "report")]:
        words = re.split(r"^## ", read(page), flags=re.M)
        part = next(w for w in words if "xit status" in w and (
            command in w.split("\n")[0] or command == "report"))
        said = status_numbers(part.split("xit status")[1].split("\n\n")[0])
        known = status_numbers(help_of([command]).split("Exit status:")[1])
        test(f"{page}: exit statuses of {command}", [] if said <= known and said else [
            f"{sorted(said)}, --help says {sorted(known)}"])


def status_numbers(text):
    return set(re.findall(r"(?:^|[;,:] |es: | 1? ?)\b(\d{1,3})\b(?! s\b)", " " + one_line(text))) - {"128"}


def run_directory():
    said = set(re.findall(r"^    (\w+|\*\.log) ", section("docs/running.md", "## What is where"), re.M))
    sources = "".join(read(p) for p in glob.glob("topo/runner/*.[ch]") + ["topo/commands/run.c"])
    problems = [f"nobody makes {n}" for n in sorted(said) if not re.search(rf'["/]{n}"', sources) and n != "*.log"]
    logs = section("docs/running.md", "## Logs") + section("docs/running.md", "## What is where")
    made = set(re.findall(r'open_log\(session, &session->\w+, "(\w+)", "\.log"\)', sources)) | set(
        re.findall(r'openat\(log_directory_fd, "(\w+)\.log"', sources))
    test("running: files of a system", problems + ([] if made else ["no log found"]) + [
        f"says nothing of {n}.log" for n in sorted(made) if f"`{n}.log`" not in logs])


def device_tree():
    """Properties of the connection's tree are those that topo writes and the daemon reads."""
    said = set(re.findall(r"(peervisor,[a-z-]+)", read("docs/connection.md")))
    writers = "".join(read(p) for p in glob.glob("topo/image/guest_dtb*.[ch]"))
    readers = "".join(read(p) for p in glob.glob("backend/*/*.[ch]") + ["abi/backend.h"])
    made = set(re.findall(r'"(peervisor,[a-z-]+)"', writers))
    test("connection: properties", [f"topo writes no {n}" for n in sorted(said - made)] +
         [f"nobody reads {n}" for n in sorted(said) if f'"{n}"' not in readers and not
          re.search(rf"{n} .*not read by peervisord", read("docs/connection.md"))] +
         [f"{n} is not in the document" for n in sorted(made - said)
          if n not in read("docs/images.md")])


def control_messages():
    header = read("abi/iobuf.h")
    known = set(re.findall(r"\bPV_IOBUF_(?:MSG_)?([A-Z]+) = ", header))
    said = set(re.findall(r"`(START|STOP|STARTED|STOPPED|QUEUE|GONE|FAILED|[A-Z]{4,7})`", "".join(
        section("docs/connection.md", "## Life of a device").split("\n"))))
    test("connection: messages", [f"{n} is not in abi/iobuf.h" for n in sorted(said)
                                  if not re.search(r"_%s\b" % n, header)] +
         ([] if said or known else ["none found"]))


def image():
    order = re.search(r"header, then the tables: ([a-z_ ]+)", read("docs/image.md"))[1].split()
    tables = re.findall(r"^\s+struct pv_table (\w+);", read("abi/image.h"), re.M)
    test("image: tables", [] if order == tables and tables else [f"{order}, abi/image.h has {tables}"])


def folders():
    page = read("docs/architecture.md")
    rows = set(re.findall(r"`([\w/]+?)/?`", "\n".join(re.findall(r"^\| (`.*?) \|", page, re.M))))
    top = {p.split("/")[0] for p in tracked() if "/" in p and not p.startswith((".", "docs/"))}
    inside = {p.split("/")[1] for p in tracked() if re.match(r"topo/\w+/", p)}
    said = {r.split("/")[0] for r in rows}
    test("architecture: folders", [f"no {f}/" for f in sorted(top - said)])
    test("architecture: folders of topo", [f"no {f}/" for f in sorted(inside - said)])


def vmm_files():
    """Each file of the VMM, but for what folders above it are said to be as a whole, has a row."""
    said = set(re.findall(r"^\| `(\w+/\w+\.c)` \|", read("docs/vmm.md"), re.M))
    found = {p.removeprefix("vmm/") for p in glob.glob("vmm/*/*.c")
             if not p.startswith(("vmm/base/", "vmm/aarch64/"))}
    test("vmm: files of the VMM", same("file", said, found))


def decisions():
    text = read("docs/decisions/README.md")
    for path in sorted(glob.glob("docs/decisions/[0-9]*.md")):
        name = os.path.basename(path)
        title = read(path).split("\n")[0].split(": ", 1)[1]
        test(f"decisions: {name}", [] if f"[{name[:3]}]({name})" in text and title in text else [
            f"the index does not say '[{name[:3]}]({name})' and '{title}'"])


SUBJECTS = [numbers, suites, make_targets, environment, paths, identifiers, exit_statuses,
            run_directory, device_tree, control_messages, image, folders, vmm_files, decisions]

PLANTED = [
    (numbers, "docs/running.md", "At 8 MiB", "At 9 MiB", "running: numbers"),
    (suites, "docs/testing.md", "| storage |", "| storages |", "testing: suites"),
    (suites, "docs/testing.md", "| stack |", "| stacks |", "testing: lints"),
    (make_targets, "README.md", "`make bench`", "`make benches`", "README.md: make"),
    (environment, "docs/running.md", "`PEERVISOR_QEMU`", "`PEERVISOR_KVM`", "docs/running.md: names"),
    (paths, "docs/images.md", "`images/rootfs/contents`", "`images/rootfs/content`",
     "docs/images.md: files"),
    (identifiers, "docs/report.md", "`iommu_platform=on`", "`iommu_platforms=on`",
     "docs/report.md: identifiers"),
    (exit_statuses, "docs/running.md", "124 out of time", "123 out of time",
     "running: exit statuses of exec"),
    (run_directory, "docs/running.md", "    lock  ", "    locks ", "running: files"),
    (device_tree, "docs/connection.md", "peervisor,tap =", "peervisor,tape =", "connection: prop"),
    (control_messages, "docs/connection.md", "`STARTED`", "`BEGUN`", "connection: messages"),
    (image, "docs/image.md", "domains vcpus", "vcpus domains", "image: tables"),
    (vmm_files, "docs/vmm.md", "`vm/sysregs.c`", "`vm/sysreg.c`", "vmm: files of the VMM"),
    (folders, "docs/architecture.md", "| `backend/` |", "| `backends/` |", "architecture: folders"),
]
