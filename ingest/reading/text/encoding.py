"""The encoding of a text file, even if it changes half-way."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ingest.reading import refusals
from ingest.reading.refusals import Reason, UnreadableFile
from ingest.reading.text.alphabets import (
    GUESSED,
    MANY_WORDS,
    UNKNOWN_SCRIPT,
    find_alphabet,
    find_script,
    words_beyond_ascii,
)

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF_8 = ("utf-8", "utf-8-sig")
PROBE_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20
# Windows first: it is likelier where two encodings explain the bytes equally well.
WESTERN = ("cp1252", "cp850", "mac_roman")
# Relatives of cp1252, told from it by what it would make of their bytes.
CENTRAL_EUROPEAN, WITH_EURO = "cp1250", "iso-8859-15"
SINGLE_BYTE = (*WESTERN, CENTRAL_EUROPEAN, WITH_EURO, UNKNOWN_SCRIPT, *GUESSED)
ENOUGH_LETTERS = 10_000
# More control characters than this are no slips: the file is binary.
MAX_CONTROL_SHARE = 0.01
MIXED_SHARE = 0.02
# What single bytes of another script may form of it by chance.
SCRIPT_MULTIBYTE_SHARE = 0.5
CENTRAL_EUROPEAN_SHARE = 0.05
# UTF-8 with single bytes of cp1252 in it: files appended to by a second program.
MIXED = "utf-8-with-cp1252"

_LETTERS = frozenset("äöüÄÖÜßéèêëÉàâáåçÇñóôòíîìúûùøæœÅØŠšŽžÀÁÂÈÊÍÓÔÚÑ")
# No western language has these within a word; Polish, Czech and their neighbours have, in cp1250.
_NOT_WITHIN_WORDS = frozenset("³¹¿¯£¥ìòù")
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\f\r\x1a"))
_ASCII = bytes(range(0x80))
_BESIDE_LETTER = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]|[\x80-\xff](?=[A-Za-z])")
_WITHIN_WORD = re.compile(rb"(?<=[A-Za-z])[\x80-\xff](?=[A-Za-z])")
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# A leading byte of these characters as "L", a following one as "F": counting pairs is fast.
_PARTS = bytes(
    ord("L" if 0xC2 <= byte <= 0xF4 else "F" if 0x80 <= byte <= 0xBF else " ")
    for byte in range(0x100)
)


def find_encoding(path: Path) -> str:
    """Return the file's encoding: by its mark, else UTF-8 if all of it is, else by its bytes.

    `MIXED` stands for UTF-8 in some places and cp1252 in others; `read_utf8` reads
    both.

    Raises:
        UnreadableFile: the file is empty or its bytes are not text.

    """
    with path.open("rb") as file:
        probe = file.read(PROBE_BYTES)
    if not probe:
        raise UnreadableFile(refusals.EMPTY)
    for mark, encoding in BYTE_ORDER_MARKS:
        if probe.startswith(mark):
            # A mark is no proof: another program may have appended lines in its own encoding.
            return encoding if encoding != "utf-8-sig" or _is_utf8(path) else MIXED
    text = probe.rstrip(b"\0")  # some programs fill up a file's last block
    even, odd = text[::2].count(0), text[1::2].count(0)
    # In UTF-16 every other byte of western text is zero.
    if max(even, odd) > 0.4 * len(text) / 2 and min(even, odd) < 0.1 * len(text) / 2:
        return "utf-16-be" if even > odd else "utf-16-le"
    if len(text) - len(text.translate(None, _CONTROLS)) > MAX_CONTROL_SHARE * len(text):
        raise UnreadableFile(refusals.NOT_TEXT)
    return "utf-8" if _is_utf8(path) else _by_bytes(path)


def read_utf8(path: Path, encoding: str, size: int) -> Iterator[bytes]:
    """Yield the file's text as UTF-8, without a mark, in pieces of about `size` bytes."""
    with path.open("rb") as file:
        if encoding in UTF_8:
            if encoding == "utf-8-sig":
                file.seek(len(codecs.BOM_UTF8))
            while piece := file.read(size):
                yield piece
            return
        codec = {MIXED: "utf-8", UNKNOWN_SCRIPT: "cp1252"}.get(encoding, encoding)
        errors = "single_byte" if encoding == MIXED or codec == "cp1252" else "replace"
        decoder = codecs.getincrementaldecoder(codec)(errors)
        while piece := file.read(size):
            yield decoder.decode(piece).encode(errors="replace")
        yield decoder.decode(b"", final=True).encode(errors="replace")


def doubt(encoding: str) -> Reason | None:
    """Return what a person should check in a text with an uncommon encoding."""
    if encoding == MIXED:
        return refusals.MIXED_ENCODINGS
    if encoding == UNKNOWN_SCRIPT:
        return refusals.UNKNOWN_SCRIPT
    return refusals.guessed_encoding(encoding) if encoding in GUESSED else None


def _single_byte(error: UnicodeError) -> tuple[str, int]:
    """Decode one byte by cp1252, or as Latin-1 where cp1252 has none, as Windows itself does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return byte.decode("latin-1"), error.start + 1


codecs.register_error("single_byte", _single_byte)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(CHUNK_BYTES):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _by_bytes(path: Path) -> str:
    """Judge a file that is not UTF-8 by its bytes above ASCII."""
    in_words: Counter[bytes] = Counter()
    within: Counter[bytes] = Counter()
    words: Counter[bytes] = Counter()
    seen: set[int] = set()
    total = multibyte = 0
    with path.open("rb") as file:
        # Whole lines, so that no character is cut in two; most have nothing above ASCII.
        while chunk := file.readlines(CHUNK_BYTES):
            lines = b"".join(line for line in chunk if not line.isascii())
            if in_words.total() < ENOUGH_LETTERS and len(words) < MANY_WORDS:
                words.update(words_beyond_ascii(lines))
                in_words.update(_BESIDE_LETTER.findall(lines))
                within.update(_WITHIN_WORD.findall(lines))
            high = lines.translate(None, _ASCII)
            seen.update(high)
            total += len(high)
            if b"LF" in lines.translate(_PARTS):
                multibyte += sum(map(len, _MULTIBYTE.findall(lines)))
    script = find_script(words, in_words.total())
    if script and multibyte < SCRIPT_MULTIBYTE_SHARE * total:
        return script
    # In western text two bytes above ASCII hardly ever meet by chance so as to form UTF-8.
    if multibyte > MIXED_SHARE * total:
        return MIXED
    best = max(WESTERN, key=lambda name: _letters(in_words, name))
    if best != "cp1252":
        return best
    relative = _relative_of_cp1252(within, seen)
    return (relative != WITH_EURO and find_alphabet(relative, in_words)) or relative


def _relative_of_cp1252(within_words: Counter[bytes], seen: set[int]) -> str:
    """Return cp1252 or the relative of it that explains bytes which cp1252 would hardly have."""
    foreign = sum(within_words[letter.encode("cp1252")] for letter in _NOT_WITHIN_WORDS)
    if foreign > CENTRAL_EUROPEAN_SHARE * within_words.total():
        return CENTRAL_EUROPEAN
    # Nobody writes ¤; the Latin-9 of Unix has the euro there, and nothing from 80 to 9F.
    has_euro = 0xA4 in seen and seen.isdisjoint(range(0x80, 0xA0))
    return WITH_EURO if has_euro else "cp1252"


def _letters(in_words: Counter[bytes], encoding: str) -> int:
    """Count the bytes beside letters that are letters themselves: signs stand between words."""
    return sum(
        count
        for byte, count in in_words.items()
        if byte.decode(encoding, errors="replace") in _LETTERS
    )
