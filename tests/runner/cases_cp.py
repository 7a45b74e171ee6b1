# SPDX-License-Identifier: BSD-2-Clause
"""topo cp, out of a VM that sends what it likes: its tar is a program that writes an archive of ours."""
import io
import os
import stat
import sys
import tarfile

from harness import check, check_equal, check_in


def archive(*members):
    """@members: name, type, and the mode, the contents or the target of a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, what in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            data = what if kind == tarfile.REGTYPE else b""
            member.size = len(data)
            member.mode = what if kind == tarfile.DIRTYPE else 0o644
            member.linkname = what if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


# busybox' tar: it makes no archive with holes, and takes none.
WITHOUT_HOLES = """#!{python}
import io, os, re, subprocess, sys, tarfile
words = sys.argv[1:]
if any(re.match("-[a-zA-Z]*S", word) for word in words):
    sys.exit("tar: invalid option -- 'S'")
given = b""
if words[0].startswith("-x"):
    given = sys.stdin.buffer.read()
    if any(member.type == tarfile.GNUTYPE_SPARSE for member in tarfile.open(fileobj=io.BytesIO(given))):
        sys.exit("tar: unknown typeflag: 0x53")
os.environ["PATH"] = {path!r}
sys.exit(subprocess.run(["tar", *words], input=given).returncode)
"""


class Copier:
    """A system whose VMs have such a tar, and a directory to copy to."""

    def __init__(self, world):
        self.world = world
        self.sent = os.path.join(world.directory, "sent.tar")
        self.here = os.path.join(world.directory, "here")
        programs = os.path.join(world.directory, "programs")
        for directory in (self.here, programs):
            os.mkdir(directory)
        with open(os.path.join(programs, "tar"), "w", encoding="ascii") as script:
            script.write(f"#!/bin/sh\nexec cat '{self.sent}'\n")
        os.chmod(script.name, 0o755)
        path = world.env["PATH"]
        world.env["PATH"] = f"{programs}:{path}"
        world.detach()
        world.env["PATH"] = path

    def send(self, status, *members):
        """Ask for x when @members come. What is said, and what is here then."""
        with open(self.sent, "wb") as out:
            out.write(archive(*members))
        said = self.world.bad(status, "cp", "driver:/x", self.here)
        return said, sorted(os.listdir(self.here))


REFUSED = [
    ("sent no", [("y", tarfile.REGTYPE, b"other")]),
    ("sent no", [(".", tarfile.DIRTYPE, 0)]),
    ("contains '..'", [("../x", tarfile.REGTYPE, b"above")]),
    ("no file, directory or link", [("x", tarfile.FIFOTYPE, None)]),
    ("no file, directory or link", [("x/", tarfile.DIRTYPE, 0), ("x/y", tarfile.FIFOTYPE, None)]),
    ("link out of", [("x", tarfile.SYMTYPE, "/etc/passwd")]),
    ("link out of", [("x/", tarfile.DIRTYPE, 0o755), ("x/y", tarfile.SYMTYPE, "../z")]),
    ("", [("x", tarfile.LNKTYPE, "/etc/passwd")]),
    ("contains '..'", [("x/", tarfile.DIRTYPE, 0o755), ("../../x/y", tarfile.REGTYPE, b"above")]),
]


def case_cp_takes_nothing_else(world):
    copier = Copier(world)
    before = sorted(os.listdir(world.directory))
    for words, members in REFUSED:
        said, left = copier.send(3, *members)
        check_in(words, said)
        check_equal((members, left), (members, []))
    check_equal(sorted(os.listdir(world.directory)), sorted(before + ["sent.tar"]))


def case_cp_decides_its_own_modes(world):
    """Neither of the directory that it unpacks in, nor set-ID bits."""
    copier = Copier(world)
    said, left = copier.send(0, ("./", tarfile.DIRTYPE, 0), ("x/", tarfile.DIRTYPE, 0o6777))
    check_equal((said, left), ("", ["x"]))
    mode = stat.S_IMODE(os.stat(os.path.join(copier.here, "x")).st_mode)
    check(mode & 0o6022 == 0, f"its mode is {mode:o}")


def case_cp_is_not_told_by_tars_variable(world):
    copier = Copier(world)
    world.env["TAR_OPTIONS"] = "--strip-components=1"
    said, left = copier.send(0, ("x/", tarfile.DIRTYPE, 0o755), ("x/y", tarfile.REGTYPE, b"it"))
    check_equal((said, left), ("", ["x"]))
    check_equal(os.listdir(os.path.join(copier.here, "x")), ["y"])


def case_cp_where_tar_knows_no_holes(world):
    """As in a root file system of packages: holes come as zeros, all else as it is."""
    programs = os.path.join(world.directory, "programs")
    source = os.path.join(world.directory, "source")
    inside = os.path.join(world.directory, "inside")
    for directory in (programs, source, inside):
        os.mkdir(directory)
    path = world.env["PATH"]
    with open(os.path.join(programs, "tar"), "w", encoding="ascii") as script:
        script.write(WITHOUT_HOLES.format(python=sys.executable, path=path))
    os.chmod(script.name, 0o755)
    with open(os.path.join(source, "sparse"), "wb") as sparse:
        sparse.seek(200000)
        sparse.write(b"end")
    world.env["PATH"] = f"{programs}:{path}"
    world.detach()
    world.env["PATH"] = path
    check_equal(world.good("cp", source, f"driver:{inside}"), "")
    check_equal(world.good("cp", f"driver:{inside}/source", os.path.join(world.directory, "back")), "")
    for copy in (os.path.join(inside, "source"), os.path.join(world.directory, "back")):
        with open(os.path.join(copy, "sparse"), "rb") as sparse:
            check(sparse.read() == bytes(200000) + b"end", "the contents are others")


def case_cp_says_that_there_is_no_source(world):
    world.detach()
    check_equal(world.bad(3, "cp", "nope", f"driver:{world.directory}/x"),
                "topo: error: cannot read 'nope': No such file or directory\n")
