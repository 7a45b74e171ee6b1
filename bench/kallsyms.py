# SPDX-License-Identifier: BSD-2-Clause
"""The functions that a Linux kernel's Image knows by name: what it would show in /proc/kallsyms,
read from where scripts/kallsyms.c (Linux 6.12) has put it. Nothing points there: the tables are
found by how they hang together.

    count, names (each a length and as many tokens), markers (where in names each 256th begins),
    256 tokens, where each token begins, addresses relative to a base

The base is for the kernel to fill in: it is relocatable.
"""
import array
import re

TOKENS = 256
STRIDE = 256  # names per marker
DIGITS = b"".join(bytes([digit, 0]) for digit in b"0123456789")  # tokens of one letter each


def align(offset):
    return (offset + 7) & ~7


def words(code, image, offset, count):
    item = array.array(code)
    item.frombytes(image[offset:offset + count * item.itemsize])
    return item


def find_tokens(image):
    """(where the tokens are, the tokens, where their index ends)"""
    for found in re.finditer(re.escape(DIGITS), image):
        start = found.start()
        for _ in range(ord("0") + 1):
            start = image.rfind(b"\0", 0, start - 1) + 1
        start, begins, end = align(start), [], align(start)
        for _ in range(TOKENS):
            begins.append(end - start)
            end = image.index(b"\0", end) + 1
        if list(words("H", image, align(end), TOKENS)) == begins:
            tokens = [image[start + at:image.index(b"\0", start + at)] for at in begins]
            return start, tokens, align(end) + 2 * TOKENS
    raise ValueError("no tokens of kallsyms")


def find_names(image, tokens_at):
    """(where names are, how many), from the tokens backwards over the markers."""
    markers = tokens_at - 4
    while words("I", image, markers, 1)[0] == 0:
        markers -= 4  # what aligns the tokens
    last = (markers, words("I", image, markers, 1)[0])
    while words("I", image, markers, 1)[0] != 0:
        markers -= 4
    groups = (last[0] - markers) // 4 + 1
    for names in range(align(markers - last[1]) - 8, 0, -8):
        count, zero = words("I", image, names - 8, 2)
        if zero == 0 and -(-count // STRIDE) == groups:
            return names, count
    raise ValueError("no names of kallsyms")


def symbols(image):
    """[(address relative to where the kernel lies, name)] in the order of addresses."""
    tokens_at, tokens, offsets = find_tokens(image)
    at, count = find_names(image, tokens_at)
    found = []
    for offset in words("I", image, offsets, count):
        length, at = image[at], at + 1
        if length & 0x80:
            length, at = length & 0x7f | image[at] << 7, at + 1
        name = b"".join(tokens[token] for token in image[at:at + length])
        found.append((offset, name[1:].decode()))  # the first letter is its type
        at += length
    return found
