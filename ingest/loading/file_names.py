"""The names of the inbox's files as text, and where its links lead."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

# How Python gives a byte of a name that is no UTF-8, as a Windows program or an old FTP leaves it.
_NO_UTF8 = re.compile("[\udc80-\udcff]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def as_text(name: str) -> str:
    r"""Return a file's name such as can be kept and shown, in one line.

    A name is bytes. Those that are no UTF-8 are read as Windows-1252, so that a source's pattern
    fits.

    >>> as_text("auftr\udce4ge.csv")
    'aufträge.csv'
    """
    read = _NO_UTF8.sub(lambda m: os.fsencode(m[0]).decode("cp1252", "replace"), name)
    return _CONTROLS.sub(lambda m: f"\\x{ord(m[0]):02x}", read)


def escaped_name(name: str) -> str:
    r"""Return a file's name with its odd bytes as numbers, where another file has it as text.

    >>> escaped_name("auftr\udce4ge.csv")
    'auftr\\xe4ge.csv'
    """
    return _CONTROLS.sub(
        lambda m: f"\\x{ord(m[0]):02x}", os.fsencode(name).decode(errors="backslashreplace")
    )


def names_below(folder: Path, paths: list[Path]) -> dict[Path, str]:
    """Name each file by its path below the folder, no two alike."""
    raw = {path: path.relative_to(folder).as_posix() for path in paths}
    own = {name for name in raw.values() if as_text(name) == name}
    names: dict[Path, str] = {}
    for path, name in raw.items():
        text = as_text(name)
        is_taken = text != name and (text in own or text in names.values())
        names[path] = escaped_name(name) if is_taken else text
    return names


def numbered(name: str, number: int | str) -> str:
    """Return the name of one of the files of which each holds what changed since the one before.

    >>> numbered("erp/a.parquet", 7), numbered("crm/deals.jsonl", "*")
    ('erp/a_000007.parquet', 'crm/deals_*.jsonl')
    """
    path = PurePosixPath(name)
    told = number if isinstance(number, str) else f"{number:06d}"
    return path.with_name(f"{path.stem}_{told}{path.suffix}").as_posix()


def is_numbered(name: str) -> bool:
    """Tell such a file by its name; a month in its place (`202611`) begins with no zero.

    >>> is_numbered("crm/deals_000012.jsonl"), is_numbered("kunden_202611.csv")
    (True, False)
    """
    return re.search(r"_0\d{5}\.(jsonl|parquet)$", name) is not None


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a file is a link to something outside of the folder."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(path)]) != root
