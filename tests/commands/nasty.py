# SPDX-License-Identifier: BSD-2-Clause
"""Words of others, in every place of a topology that takes a string: what they hold cannot begin a
line, obey a terminal, turn text round, or end a string or a mark of JSON, HTML, DOT or CAmkES."""
import html.parser
import json
import os
import re

# As text, and as a string of the language.
NASTY = "n\nINJECTED\r\x1b[31m\u202e\u200b\t\x7f\u009b\"'<b>&\\$;"
QUOTED = "".join("\\x%02x" % byte for byte in NASTY.encode())
# What no line of text for people holds.
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e"
                    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")

# Settings with %s for a nasty string, and the checks that refuse it, to be switched off.
PLACES = {
    "asset": ('vm_a.asset = "%s";', ""),
    "description": ('vm_a.description = "%s";', "text-form"),
    "function": ('vm_a.pci_devices = [{ name: "%s", bus: 0, dev: 1, fun: 0 }];', ""),
    "node": ('vm_a.dtb = dtb([{ "path": "/%s" }]);', ""),
    "disk": ('vm_a.vm_virtio_devices = [{ type: "blk", disk: "%s" }];', ""),
    "tap": ('vm_a.vm_virtio_devices = [{ type: "net", tap: "%s" }];', "interface-name"),
    "bridge": ('vm_a.vm_virtio_devices = [{ type: "net", bridge: "%s" }];', "interface-name"),
    "tag": ('vm_a.vm_virtio_devices = [{ type: "fs", tag: "%s" }];', "fs-tag"),
    "dir": ('vm_a.vm_virtio_devices = [{ type: "fs", dir: "%s" }];', "fs-dir"),
    "kernel": ('vm_a.vm_image_config = { kernel_name: "%s" };', ""),
    "initrd": ('vm_a.vm_image_config = { initrd_name: "%s" };', ""),
    "tree": ('vm_a.vm_image_config = { dtb_name: "%s" };', ""),
    "command line": ('vm_a.vm_image_config = { kernel_bootcmdline: "%s" };', "cmdline-text"),
    # refused everywhere: errors quote them
    "vm_name": ('vm_a.vm_name = "%s";', ""),
    "type": ('vm_a.vm_virtio_devices = [{ type: "%s" }];', ""),
    "target": ('vm_a.vm_virtio_devices = [{ type: "net", target: "%s" }];', ""),
    "format": ('vm_a.vm_virtio_devices = [{ type: "blk", format: "%s" }];', ""),
    "mac": ('vm_a.vm_virtio_devices = [{ type: "net", mac: "%s" }];', ""),
    "trust": ('vm_a.trust = "%s";', ""),
    "board": ('system.board = "%s";', ""),
    "off": ('system.checks_off = ["%s"];', ""),
    "range": ('vm_a.untyped_mmios = ["%s:4096"];', ""),
    "key": ('vm_a.vm_image_config = { "%s": 1 };', ""),
}

# How a command is called, and the form of what it prints.
COMMANDS = [(["check"], "text"), (["check", "--json"], "json"), (["report"], "text"),
            (["report", "--json"], "json"), (["report", "--format", "html"], "html"),
            (["report", "--assert", 'hardware(a, "%s")' % NASTY], "text"),
            (["explain"], "text"), (["explain", "--json"], "json"),
            (["graph", "-f", "dot"], "text"), (["export", "-f", "json"], "json"),
            (["export", "-f", "camkes"], "text"), (["build", "-o", "/dev/null/none"], "text"),
            (["run"], "text"), (["verify", "/dev/null"], "text"), (["diff", "OTHER"], "text"),
            (["diff", "--json", "OTHER"], "json")]


def topology(setting):
    return ("assembly { composition { component VM vm_a; component VM vm_b;\n"
            "VIRTIO_COMPOSITION_DEF(a, b) } configuration {\n" + setting + "\n} }\n")


def text_problem(data):
    """What is wrong of text for people."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"no UTF-8: {error}"
    found = HIDDEN.search(text)
    if found:
        return f"{found[0]!r} in {text[max(0, found.start() - 40):found.start() + 20]!r}"
    return "a line of others" if re.search(r"^\s*INJECTED", text, re.M) else ""


def json_problem(data):
    problem = text_problem(data)
    try:
        json.loads(data or b"null")
    except ValueError as error:
        return f"no JSON: {error}"
    return problem


def html_problem(data):
    bold = []
    parser = html.parser.HTMLParser()
    parser.handle_data = lambda text: bold.append(text) if "<b>" in text else None
    parser.handle_starttag = lambda tag, attributes: None
    parser.feed(data.decode())
    return text_problem(data) or ("" if b"<b>&" not in data else "a mark of others")


CHECKS = {"text": text_problem, "json": json_problem, "html": html_problem}


def check(suite, directory):
    """Every command over every place, and over a file of such a name."""
    other = os.path.join(directory, "other.camkes")
    with open(other, "w", encoding="utf-8") as file:
        file.write(topology(""))
    for place, (setting, off) in [*PLACES.items(), ("file", ("", ""))]:
        name = NASTY.replace("/", "") if place == "file" else "nasty"
        path = os.path.join(directory, name + ".camkes")
        with open(path, "w", encoding="utf-8") as file:
            file.write(topology(setting % QUOTED if "%s" in setting else setting))
        for arguments, form in COMMANDS:
            words = [other if word == "OTHER" else word for word in arguments]
            code, out, err = suite.call_bytes(*words, *(["--off", off] if off else []), path)
            why = CHECKS[form](out) or text_problem(err)
            if code < 0:
                why = f"signal {-code}"
            suite.result(f"nasty {place}: {' '.join(arguments)[:24]}".replace("\n", " "), why)
    model = [suite.call_bytes("explain", "--json", path)[1]]
    text = suite.call_bytes("explain", path)[1]
    with open(other, "wb") as file:
        file.write(text)
    suite.result("nasty: explain again", "" if suite.call_bytes(
        "explain", "--json", other)[1].split(b"\n")[2:] == model[0].split(b"\n")[2:] else text)
