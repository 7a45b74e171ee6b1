# SPDX-License-Identifier: BSD-2-Clause
"""Archives of the form newc (cpio), of which initial root file systems are made, as tests write them."""


def entry(name, content=b"", mode=0o100644, size=None):
    """A file, or what @mode says; @size: what the entry says of its size, which may be wrong."""
    named = name.encode() + b"\0"
    size = len(content) if size is None else size
    head = b"070701" + b"".join(b"%08X" % value for value in (
        1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(named), 0)) + named
    head += bytes(-len(head) % 4)
    return head + content + bytes(-len(content) % 4)


def archive(files):
    """@files: name and content of each."""
    return b"".join(entry(name, content) for name, content in files.items()) + \
        entry("TRAILER!!!", mode=0)
