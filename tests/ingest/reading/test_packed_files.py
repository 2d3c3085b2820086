"""zip and gzip: what is inside is read as if it had come alone, and nothing in it does harm."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from ingest import Table, UnreadableFile, read_file
from ingest.reading import refusals
from ingest.reading.packed_files import FREE_BYTES
from ingest.reading.refusals import Reason

Read = Callable[[Path], list[Table]]
Refusal = Callable[[Path], str]
CUSTOMERS = "Nr;Firma\n1;Müller AG\n2;Özil GmbH\n"


def zipped(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Kunden"
    sheet.append(["Nr", "Firma"])
    sheet.append([1, "Müller AG"])
    second = book.create_sheet("Orte")
    second.append(["Ort", "PLZ"])
    second.append(["Köln", "01067"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def refusal(read: Read) -> Refusal:
    def reason(path: Path) -> str:
        with pytest.raises(UnreadableFile) as caught:
            read(path)
        return caught.value.reason_de

    return reason


def test_a_single_member_is_read_as_if_it_had_come_alone(tmp_path: Path) -> None:
    members = {"export/kunden.csv": CUSTOMERS, "__MACOSX/export/._kunden.csv": b"\0\1", "x/": b""}
    (table,) = read_file(zipped(tmp_path / "a.zip", members))
    assert (table.name, table.is_sheet, table.columns) == ("kunden.csv", False, ["Nr", "Firma"])
    assert table.rows == [["1", "Müller AG"], ["2", "Özil GmbH"]]
    sheets = read_file(zipped(tmp_path / "b.zip", {"k.xlsx": workbook(), ".DS_Store": b"x"}))
    assert [(t.name, t.is_sheet) for t in sheets] == [("Kunden", True), ("Orte", True)]


def test_several_members_are_parts_of_the_archive(tmp_path: Path, read: Read) -> None:
    members = {"a/kunden.csv": CUSTOMERS, "b\\kunden.xlsx": workbook(), "x.json": '[{"y": 1}]'}
    tables = read(zipped(tmp_path / "a.zip", members))
    names = ["a/kunden.csv", "b/kunden.xlsx/Kunden", "b/kunden.xlsx/Orte", "x.json"]
    assert [table.name for table in tables] == names and all(t.is_sheet for t in tables)
    assert tables[2].rows == [["Köln", "01067"]] and tables[3].rows == [["1"]]


def test_what_is_no_table_is_named_beside_the_tables(
    tmp_path: Path, read: Read, refusal: Refusal
) -> None:
    path = zipped(tmp_path / "a.zip", {"kunden.csv": CUSTOMERS, "agb.pdf": b"%PDF-1.7"})
    table, other = read(path)
    assert len(table.rows) == 2
    assert (other.name, other.columns, other.rows) == ("agb.pdf", [], [])
    assert "ein PDF" in other.rejects[0].reason_de
    assert "PDF" in refusal(zipped(tmp_path / "b.zip", {"agb.pdf": b"%PDF-1.7"}))


def test_a_broken_member_refuses_the_archive_by_name(tmp_path: Path, refusal: Refusal) -> None:
    members = {"kunden.csv": CUSTOMERS, "umsatz.xlsx": workbook()[:2000]}
    reason = refusal(zipped(tmp_path / "a.zip", members))
    assert "„umsatz.xlsx“" in reason and "beschädigt" in reason


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_gzip(tmp_path: Path, read: Read, kind: str) -> None:
    content = {"csv": CUSTOMERS.encode(), "xlsx": workbook(), "json": b'[{"Nr": 1}]'}[kind]
    path = tmp_path / f"kunden.{kind}.gz"
    path.write_bytes(gzip.compress(content))
    table = read(path)[0]
    assert table.name == ("Kunden" if kind == "xlsx" else f"kunden.{kind}")
    assert table.rows[0][0] == "1"


def test_archives_within_archives_to_one_level(
    tmp_path: Path, read: Read, refusal: Refusal
) -> None:
    inner = zipped(tmp_path / "inner.zip", {"k.csv": CUSTOMERS}).read_bytes()
    middle = zipped(
        tmp_path / "middle.zip", {"inner.zip": inner, "k.csv.gz": gzip.compress(b"a;b\n1;2\n")}
    )
    tables = read(middle)
    assert [(t.name, len(t.rows)) for t in tables] == [("inner.zip", 2), ("k.csv.gz", 1)]
    outer = zipped(tmp_path / "outer.zip", {"middle.zip": middle.read_bytes()})
    assert refusals.NESTED_ARCHIVE.de in refusal(outer)


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "/etc/x.csv", "C:\\x.csv", "a\\..\\..\\x.csv", "a/../../x.csv"],
)
def test_names_that_lead_outside(tmp_path: Path, refusal: Refusal, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = zipped(tmp_path / "in" / "a.zip", {name: CUSTOMERS})
    assert refusal(path) == refusals.UNSAFE_ARCHIVE.de
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.zip", "in"]


def link(path: Path) -> None:
    member = zipfile.ZipInfo("k.csv")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "/etc/passwd")


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("k.csv", CUSTOMERS)
        archive.writestr("k.csv", CUSTOMERS)


def encrypted(path: Path) -> None:
    _patch(zipped(path, {"k.csv": CUSTOMERS}), flag=1)


def strange_method(path: Path) -> None:
    _patch(zipped(path, {"k.csv": CUSTOMERS}), method=9)


def cut(path: Path) -> None:
    path.write_bytes(zipped(path, {"k.csv": CUSTOMERS * 100}).read_bytes()[:-30])


def altered(path: Path) -> None:
    data = bytearray(zipped(path, {"k.csv": CUSTOMERS}).read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(bytes(data))


def empty(path: Path) -> None:
    zipped(path, {})


def only_empty_folders(path: Path) -> None:
    zipped(path, {"a/": b""})


def bomb(path: Path) -> None:
    zipped(path, {"k.csv": bytes(FREE_BYTES + 1)})


def lying_bomb(path: Path) -> None:
    """A member that declares fewer bytes than it has."""
    bomb(path)
    _patch(path, size=10)


def many(path: Path) -> None:
    zipped(path, {f"{number}.csv": b"" for number in range(1001)})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (link, refusals.UNSAFE_ARCHIVE),
        (twice, refusals.UNSAFE_ARCHIVE),
        (encrypted, refusals.ENCRYPTED),
        (strange_method, refusals.UNKNOWN_PACKING),
        (cut, refusals.DAMAGED),
        (altered, refusals.DAMAGED),
        (empty, refusals.EMPTY),
        (only_empty_folders, refusals.EMPTY),
        (bomb, refusals.ARCHIVE_TOO_LARGE),
        (lying_bomb, refusals.DAMAGED),
        (many, refusals.ARCHIVE_TOO_LARGE),
    ],
)
def test_hostile_and_broken_archives(
    tmp_path: Path, refusal: Refusal, make: Callable[[Path], None], reason: Reason
) -> None:
    make(tmp_path / "a.zip")
    assert refusal(tmp_path / "a.zip") == reason.de


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data + b"more"])
def test_broken_gzip(tmp_path: Path, refusal: Refusal, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "k.csv.gz"
    path.write_bytes(damage(gzip.compress(CUSTOMERS.encode() * 50)))
    assert refusal(path) == refusals.DAMAGED.de


def test_gzip_bomb_and_tar(tmp_path: Path, refusal: Refusal) -> None:
    path = tmp_path / "k.csv.gz"
    path.write_bytes(gzip.compress(bytes(FREE_BYTES + 1)))
    assert refusal(path) == refusals.ARCHIVE_TOO_LARGE.de
    with tarfile.open(tmp_path / "k.tar.gz", "w:gz") as archive:
        archive.add(path, "k.csv.gz")
    assert "tar-Archiv" in refusal(tmp_path / "k.tar.gz")


def test_other_archives_are_refused_by_name(tmp_path: Path, refusal: Refusal) -> None:
    for name, start, word in [
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "7z"),
        ("a.rar", b"Rar!\x1a\7", "RAR"),
    ]:
        (tmp_path / name).write_bytes(start + bytes(100))
        assert word in refusal(tmp_path / name)


def _patch(
    path: Path, flag: int | None = None, method: int | None = None, size: int | None = None
) -> None:
    """Change what the headers of the only member say of it."""
    data = bytearray(path.read_bytes())
    for start, offset in ((data.find(b"PK\3\4"), 0), (data.rfind(b"PK\1\2"), 2)):
        if flag is not None:
            struct.pack_into("<H", data, start + 6 + offset, flag)
        if method is not None:
            struct.pack_into("<H", data, start + 8 + offset, method)
        if size is not None:
            struct.pack_into("<I", data, start + 22 + offset, size)
    path.write_bytes(bytes(data))
