# SPDX-License-Identifier: BSD-2-Clause
"""Whatever a file holds, topo reads it with bounded memory, and says what is wrong with it.

Each text is what would cost the most of some kind: megabytes of errors, brackets, names, macros
that double, files that include each other. What is bounded is the most memory that the process
had at once, which can also be said of a program with sanitizers.
"""
import os
import tempfile

import measure

MEMORY_MAX = 1 << 30
PROLOGUE = "assembly { composition { component VM vm_a; component VM vm_b; " \
           "VIRTIO_COMPOSITION_DEF(a, b) } configuration {\n"


def doubling(count, start="x x", joiner=" "):
    lines = [f"#define A0 {start}"]
    lines += [f"#define A{i} A{i - 1}{joiner}A{i - 1}" for i in range(1, count)]
    return "\n".join(lines) + "\n"


def texts():
    """(name, text, words of the answer)"""
    mib = 1 << 20
    long_list = "vm_a.irqs = [" + "40," * (5 * mib) + "];"
    yield "brackets", "}{" * (15 * mib // 2), "error"
    yield "brackets in lines", "}{\n" * (5 * mib), "too long"
    yield "assemblies in lines", "}assembly{}\n" * (mib + mib // 4), "more errors are not shown"
    yield "too large", "}{" * (25 * mib), "larger than 16 MiB"
    yield "words in lines", "ab\n" * (5 * mib), "error"
    yield "quotes in lines", '"\n' * (7 * mib), "error"
    yield "directives", "#x\n" * (5 * mib), "more errors are not shown"
    yield "warnings", "#warning " + "y" * 1000 + "\n" + "#warning z\n" * mib, "no VM"
    yield "lines", "\n" * (15 * mib) + "x", "error"
    yield "a long name", "component " + "n" * (15 * mib), "longer than"
    yield "a long string", PROLOGUE + 'vm_a.asset = "' + "s" * (15 * mib) + '";}}', "longer than"
    yield "a string of lines", PROLOGUE + 'vm_a.asset = "' + "s\n" * (7 * mib) + '";}}', "error"
    yield "brackets of lists", PROLOGUE + "vm_a.irqs = " + "[" * (10 * mib), "nested"
    yield "brackets of blocks", "component A { composition { component " * (mib // 4), "error"
    yield "operators", PROLOGUE + "vm_a.ram_size = 1" + "+1" * (5 * mib) + ";}}", "too long"
    yield "signs", PROLOGUE + "vm_a.ram_size = " + "-" * (10 * mib) + "1;}}", "nested"
    yield "a long list", PROLOGUE + long_list + "}}", "too long"
    yield "unknown settings", PROLOGUE + "".join(
        f"vm_a.q{i} = 1;\n" for i in range(400000)) + "}}", "more errors are not shown"
    yield "unknown instances", PROLOGUE + "".join(
        f"vm_x{i}z.q = 1;\n" for i in range(400000)) + "}}", "more errors are not shown"
    yield "instances", "assembly { composition { component VM " + ", ".join(
        f"vm{i}" for i in range(1200000)) + "; } }", "more than 65536"
    yield "components", "".join(f"component C{i} {{ }}\n" for i in range(400000)), "no VM"
    yield "conditions", "#if 1\n" * (2 * mib), "error"
    yield "conditions left out", "#if 0\n" * (2 * mib), "error"
    yield "doubling macros", doubling(60) + "A59\n", "expand without end"
    yield "doubling names", doubling(60, "x", " ## y ## ") + "A59\n", "error"
    yield "a macro of strings", '#define S "' + "s" * 60000 + '"\n' + PROLOGUE + \
        "vm_a.asset = S;\n" * 200000 + "}}", "more errors are not shown"
    yield "strings that join", '#define S "' + "s" * 60000 + '"\n' + PROLOGUE + \
        "vm_a.asset = " + "S " * 200000 + ";}}", "too long"
    yield "strings of arguments", "#define Q(x) " + "#x " * 100000 + "\nQ(" + "z" * 1000 + \
        ")\n" * 3, "too long"
    yield "pasted names", "#define P(x) " + "x ## " * 500000 + "x\nP(" + "z" * 500 + ")\n", "error"
    yield "calls in calls", "#define F(x) x x\n" + "F(" * 150 + "y" + ")" * 150 + "\n", "error"
    yield "lists that join", PROLOGUE + "vm_a.irqs = " + "[40] + [40];" + "".join(
        f"c{i}_memdev.x = vm_a.irqs + vm_a.irqs;" for i in range(1000)) + "}}", "error"
    yield "settings that double", PROLOGUE + "vm_a.q0 = [1, 2];" + "".join(
        f"vm_a.q{i} = vm_a.q{i - 1} + vm_a.q{i - 1};" for i in range(1, 40)) + \
        "vm_a.irqs = vm_a.q39;}}", "error"
    yield "a file in itself", '#include "x.camkes"\n' * 100, "include each other without end"
    yield "a file again and again", '#include "part.inc"\n' * 5000, "error"
    yield "zero bytes", "\0" * mib, "not text"


def run(topo, result):
    """Report each text by result(name, why)."""
    for name, text, words in texts():
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "x.camkes"), "w") as file:
                file.write(text)
            with open(os.path.join(directory, "part.inc"), "w") as file:
                file.write("component C { control; }\n" * 100)
            status, said, usage = measure.check(topo, directory)
        memory = usage.ru_maxrss * 1024
        why = ""
        if status not in (1, 3) or words not in said or memory > MEMORY_MAX:
            why = f"status {status}, {memory >> 20} MiB, not '{words}': {said[-300:]}"
        result(f"bounds: {name}", why)
