# SPDX-License-Identifier: BSD-2-Clause
"""What all tests of documents use: pages, into which a falsehood can be planted, topo's own words,
and results.
"""
import contextlib
import functools
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
TOPO = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get(
    "PV_TOPO", os.path.join(os.environ.get("BUILD", "build"), "topo")))
DOCUMENTS = sorted(glob.glob("docs/*.md")) + ["README.md"]
results = []
instead = {}  # of a page's text


def read(path):
    if path in instead:
        return instead[path]
    with open(path, encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def planted(path, text):
    """Tests in here read @text as the page @path, print nothing, and put their results in a list."""
    before = results[:]
    del results[:]
    instead[path] = text
    said = []
    yield said
    said += results
    del instead[path]
    results[:] = before


def test(name, problems):
    problems = [str(p) for p in problems if p]
    results.append((name, not problems))
    if not instead:
        print(f"FAIL {name} {'; '.join(problems[:6])}" if problems else f"ok {name}", flush=True)


def close():
    good = sum(good for _, good in results)
    print(f"{good} passed, {len(results) - good} failed")
    return good != len(results)


def same(what, said, found):
    """What only a document says, and what it leaves out."""
    said, found = set(said), set(found)
    return [f"{what} {x} is not in the source" for x in sorted(said - found)] + \
        [f"{what} {x} is not in the document" for x in sorted(found - said)] + \
        ([] if found else [f"no {what} found"])


@functools.lru_cache(None)
def output(*arguments):
    return subprocess.run([TOPO, *arguments], capture_output=True, text=True, check=False).stdout


def printed(*arguments):
    return json.loads(output(*arguments))


def help_of(command):
    return output(*command, "--help")


@functools.lru_cache(None)
def tracked():
    """All files of the project, without what is built."""
    found = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True,
                           text=True, check=False)
    return [path for path in found.stdout.split("\n") if os.path.isfile(path)] or [
        os.path.join(place, name)[2:] for place, _, names in os.walk(".") for name in names
        if not place.startswith(("./build", "./.git"))]
