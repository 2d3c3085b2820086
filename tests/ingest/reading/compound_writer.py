"""Writes compound files with storages within storages, as Outlook's messages are."""

from __future__ import annotations

import struct
from typing import Any

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, MINI = 512, 64


def compound_tree(tree: dict[str, Any]) -> bytes:
    """Return a compound file; a dict is a storage, bytes are a stream.

    Format: [MS-CFB]. All streams lie in the small sectors of the root's stream, so each should
    have fewer than 4096 bytes.
    """
    entries: list[list[Any]] = [["Root Entry", 5, FREE, FREE, 0, b""]]
    mini_table: list[int] = []
    mini_stream = b""

    def add(children: dict[str, Any]) -> int:
        nonlocal mini_stream
        first, last = FREE, None
        for name, content in children.items():
            entry: list[Any] = [name, 1, FREE, FREE, 0, 0]
            number = len(entries)
            entries.append(entry)
            if isinstance(content, dict):
                entry[3] = add(content)
            else:
                count = -(-len(content) // MINI)
                start = len(mini_table)
                mini_table.extend([*range(start + 1, start + count), END] if count else [])
                mini_stream += content.ljust(count * MINI, b"\0")
                entry[1], entry[4], entry[5] = 2, start if count else END, len(content)
            if last is None:
                first = number
            else:
                entries[last][2] = number  # the next one at its right
            last = number
        return first

    entries[0][3] = add(tree)
    directory = b""
    minis = -(-len(mini_table) * 4 // SECTOR)
    dirs = -(-len(entries) * 128 // SECTOR)
    streams = -(-len(mini_stream) // SECTOR)
    first_dir, first_mini, first_stream = 1, 1 + dirs, 1 + dirs + minis
    entries[0][4], entries[0][5] = first_stream, len(mini_stream)
    for name, kind, right, child, start, size in entries:
        text = name.encode("utf-16-le")
        links = struct.pack("<HBB3I", len(text) + 2, kind, 1, FREE, right, child)
        directory += text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    def chain(first: int, count: int) -> list[int]:
        return [*range(first + 1, first + count), END] if count else []

    table = [TABLE, *chain(first_dir, dirs), *chain(first_mini, minis)]
    table += chain(first_stream, streams)
    assert len(table) <= SECTOR // 4
    header = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6,
        0, 1, first_dir, 0, 4096, first_mini, minis, END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[FREE] * 108)
    parts = [
        struct.pack("<128I", *table, *[FREE] * (128 - len(table))),
        directory.ljust(dirs * SECTOR, b"\0"),
        b"".join(struct.pack("<I", n) for n in mini_table).ljust(minis * SECTOR, b"\xff"),
        mini_stream.ljust(streams * SECTOR, b"\0"),
    ]
    return header + b"".join(parts)
