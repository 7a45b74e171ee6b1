# SPDX-License-Identifier: BSD-2-Clause
"""The little of ELF that the image builder needs: loadable segments and symbols (ELF64, LE)."""
import struct

PT_LOAD, PF_X, PF_W = 1, 1, 2
SHT_SYMTAB = 2


class Elf:
    """entry; segments: [(address, bytes padded to their size in memory, writable)]; symbols."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        assert data[:6] == b"\x7fELF\x02\x01", path
        self.entry, phoff, shoff = struct.unpack_from("<QQQ", data, 24)
        phentsize, phnum, shentsize, shnum = struct.unpack_from("<HHHH", data, 54)
        self.segments = []
        for index in range(phnum):
            kind, flags, offset, address, _, filesz, memsz, _ = struct.unpack_from(
                "<IIQQQQQQ", data, phoff + index * phentsize)
            if kind == PT_LOAD and memsz:
                body = data[offset:offset + filesz] + bytes(memsz - filesz)
                self.segments.append((address, body, bool(flags & PF_W)))
        self.symbols = {}
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize)
                    for i in range(shnum)]
        for section in sections:
            if section[1] == SHT_SYMTAB:
                names = sections[section[6]][4]
                for place in range(section[4], section[4] + section[5], 24):
                    name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", data, place)
                    text = data[names + name:data.index(b"\0", names + name)].decode()
                    self.symbols[text] = value
