# SPDX-License-Identifier: BSD-2-Clause
"""One mistake, one message, where the mistake is.

Each token of a good topology is deleted, doubled or misspelled, each string loses a quote: topo
must report one error (or none, where the mutant is right too) on the line of the mistake or of the
next token, or with a note that shows that line. EXCEPTIONS says how many mutants of a file break
that rule, and why.
"""
import concurrent.futures
import json
import os
import re

import served

HERE = os.path.dirname(os.path.abspath(__file__))
TOPOLOGIES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "topologies")

BASES = [
    (os.path.join(TOPOLOGIES, "simple-pair-full.camkes"), []),
    (os.path.join(TOPOLOGIES, "shared-backend.camkes"), []),
    (os.path.join(TOPOLOGIES, "chain.camkes"), []),
    (os.path.join(TOPOLOGIES, "multi-backend-rpi4.camkes"), []),
    (os.path.join(TOPOLOGIES, "deployed", "vm_qemu_virtio", "vm_qemu_virtio.camkes"), []),
    (os.path.join(HERE, "good", "numbered.camkes"), []),
    (os.path.join(HERE, "good", "everything.camkes"), ["--board", "rpi4"]),
]

# An #endif that lost its # in a group that is left out; a macro whose body begins with a bracket that closes.
EXCEPTIONS = {"everything.camkes": 2}

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|\d\w*|\s+|.', re.S)
BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.S)


def misspelled(word):
    middle = len(word) // 2
    return word[:middle] + ("q" if word[middle] != "q" else "z") + word[middle + 1:]


def mutants_of_string(word, before, after):
    yield "open quote", before + word[1:] + after, 0
    yield "close quote", before + word[:-1] + after, len(word) - 1
    if re.match(r'"[A-Za-z]{2,}', word):
        yield "misspell", before + '"' + misspelled(word[1:-1]) + '"' + after, len(word)


def mutants(text):
    """(what was done to which word on which line, the text, where the mistake ends in it)"""
    for match in TOKEN.finditer(text):
        word = match.group()
        if word.isspace() or word.startswith(("//", "/*")):
            continue
        before, after = text[:match.start()], text[match.end():]
        line = before.count("\n") + 1
        apart = " " if word[0].isalnum() or word[0] in '_"' else ""
        made = [("delete", before + after, 0),
                ("double", before + word + apart + word + after, 2 * len(word) + len(apart))]
        if word[0] == '"':
            made += mutants_of_string(word, before, after)
        elif len(word) > 1 and re.match(r"[A-Za-z_]", word):
            made.append(("misspell", before + misspelled(word) + after, len(word)))
        for kind, mutant, length in made:
            yield f"{kind} {word} line {line}", mutant, line, match.start() + length


def judge(topo, options, directory, mutant):
    """What is wrong with what topo says of a mutant, "" if nothing."""
    what, text, first, end = mutant
    # By standard input: a mutant in the tree would stay there when this is killed.
    done = served.run([topo, "check", "--json", *options, "-"], cwd=directory, given=text)
    errors = [m for m in json.loads(done.stdout) if m["severity"] == "error"]
    if not errors:
        return ""
    last = text.count("\n", 0, BLANK.match(text, end).end()) + 1
    lines = [errors[0]["line"]] + [note["line"] for note in errors[0]["notes"]]
    if len(errors) == 1 and any(first <= line <= last for line in lines):
        return ""
    said = "; ".join(f"{m['line']}: {m['message']}" for m in errors)
    return f"{what}: {said}"


def run(topo, result):
    """Report each file of BASES by result(name, why)."""
    for path, options in BASES:
        name = os.path.basename(path)
        with open(path) as file:
            text = file.read()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [why for why in pool.map(
                lambda mutant: judge(topo, options, os.path.dirname(path), mutant),
                mutants(text)) if why]
        allowed = EXCEPTIONS.get(name, 0)
        why = ""
        if len(wrong) != allowed:
            why = f"{len(wrong)} exceptions, not {allowed}:\n  " + "\n  ".join(wrong)
        result(f"single mistakes in {name}", why)
