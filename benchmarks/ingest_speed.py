"""Time and memory of ingest on large clean files, beside the libraries that it is built on.

`python -m benchmarks.ingest_speed [--gigabytes 1] [--quoted] [--latin1] [--xlsx-megabytes 50]
[--rounds 1]`
makes a German CSV file (UTF-8, or one byte a letter) and a workbook of order lines and measures in
one run:

- the CSV file by DuckDB's `read_csv` with everything given by hand, into a table of a fresh
  database; by `ingest.read_file`; by the whole station `ingest_inbox` into a fresh home;
- the workbook by python-calamine alone, every row to a Python list; by `ingest.read_file`.

Each runs in a process of its own; memory is the largest sum of the resident sets of that process
and all its children, sampled ten times a second (pages that they share count for each of them).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.measurement import measure

LATIN1 = "latin1"  # in the file's name: one byte a letter
COLUMNS = (
    "Auftrag", "Pos", "KdNr", "Kunde", "Datum", "Bezeichnung", "Menge", "Preis", "Wert", "Status",
)  # fmt: skip
SOURCES = """
sources:
  erp_orders:
    files: "orders*"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Auftrag, Pos]
        columns: {order_no: Auftrag, line_no: Pos, ordered_on: Datum, product_name: Bezeichnung,
                  quantity: Menge, unit_price: Preis, net_amount: Wert}
"""
PICK = "create macro pick(i, n) as (hash(i) % n)::bigint"
ROWS = """
    select 'A' || (1000000 + i // 4) as Auftrag, i % 4 + 1 as Pos,
        lpad(pick(i // 4, 9000)::varchar, 6, '0') as KdNr,
        {name} as Kunde,
        strftime(date '2019-01-01' + pick(i, 2500)::int, '%d.%m.%Y') as Datum,
        ['Kegelradgetriebe', 'Wälzlager 40 mm', 'Dichtung, groß', 'Öl'][pick(i + 1, 4) + 1]
            as Bezeichnung,
        pick(i + 2, 90) as Menge,
        replace((pick(i + 3, 1000000) / 100)::decimal(12, 2)::varchar, '.', ',') as Preis,
        replace((pick(i + 4, 90000000) / 100)::decimal(12, 2)::varchar, '.', ',') as Wert,
        ['offen', 'geliefert', null][pick(i + 5, 3) + 1] as Status
    from range(?) rows(i)
"""
PLAIN_NAME = "['Müller', 'Groß', 'Weiß'][pick(i // 4, 3) + 1] || ' Maschinenbau GmbH'"
QUOTED_NAME = """['"Müller"; Söhne', 'Groß', 'Weiß'][pick(i // 4, 3) + 1] || ' Bau GmbH'"""


@dataclass(frozen=True)
class Reading:
    """One method on one file."""

    seconds: float
    cpu_seconds: float
    rows: int
    peak_bytes: int


def make_csv(path: Path, size: int, is_quoted: bool, encoding: str) -> None:
    """Write a German CSV file of about `size` bytes."""
    query = ROWS.format(name=QUOTED_NAME if is_quoted else PLAIN_NAME)
    options = "delimiter ';', header" + (", force_quote (Kunde, Bezeichnung)" if is_quoted else "")

    def write(rows: int) -> int:
        with duckdb.connect() as connection:
            connection.execute(PICK)
            connection.execute(f"copy ({query}) to '{path}' ({options})", [rows])
        return path.stat().st_size

    write(int(size / (write(10_000) / 10_000)))
    if encoding != "utf-8":
        original = path.rename(path.with_suffix(".utf-8"))
        with original.open(encoding="utf-8") as read, path.open("w", encoding=encoding) as written:
            shutil.copyfileobj(read, written, 1 << 20)
        original.unlink()


def make_workbook(path: Path, size: int) -> None:
    """Write an xlsx file of about `size` bytes, its texts shared as Excel shares them."""
    rows = 5_000
    _write_workbook(path, rows)
    rows = int(size / path.stat().st_size * rows)
    if rows > 1_048_575:
        sys.exit("A sheet has 1,048,576 rows; ask for a smaller file.")
    _write_workbook(path, rows)


def _write_workbook(path: Path, rows: int) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
        f' Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Tabelle1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>'
        f'<Relationship Id="r3" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            for line in _sheet_rows(rows, texts):
                sheet.write(line.encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w") as shared:
            shared.write(f'<sst xmlns="{main}">'.encode())
            for text in texts:
                shared.write(f"<si><t>{text}</t></si>".encode())
            shared.write(b"</sst>")


def _sheet_rows(rows: int, texts: dict[str, int]) -> Iterator[str]:
    rng = random.Random(1)
    for row in range(1, rows + 2):
        values: tuple[object, ...] = COLUMNS
        if row > 1:
            quantity, price = rng.randrange(1, 90), rng.randrange(100, 1_000_000) / 100
            customer = rng.randrange(9000)
            values = (
                f"A{1_000_000 + row // 4}", row % 4 + 1, f"{customer:06}",
                f"Müller {customer} Maschinenbau GmbH", 43_466 + rng.randrange(2500),
                f"Wälzlager Größe {rng.randrange(400)}", quantity, price,
                round(quantity * price, 2), rng.choice(("offen", "geliefert", "storniert")),
            )  # fmt: skip
        cells = []
        for column, value in zip("ABCDEFGHIJ", values, strict=True):
            if isinstance(value, str):
                number = texts.setdefault(value, len(texts))
                cells.append(f'<c r="{column}{row}" t="s"><v>{number}</v></c>')
            else:
                style = ' s="1"' if column == "E" else ""
                cells.append(f'<c r="{column}{row}"{style}><v>{value}</v></c>')
        yield f'<row r="{row}">{"".join(cells)}</row>'


def duckdb_by_hand(path: Path, folder: Path) -> int:
    with duckdb.connect(str(folder / "peer.duckdb")) as connection:
        columns = dict.fromkeys(COLUMNS, "VARCHAR")
        connection.execute(
            "create table lines as from read_csv(?, delim = ';', quote = '\"', header = true,"
            f" columns = {columns}, auto_detect = false, encoding = ?)",
            [str(path), "latin-1" if LATIN1 in path.name else "utf-8"],
        )
        connection.execute("checkpoint")
        (rows,) = connection.execute("select count(*) from lines").fetchone() or (0,)
    return int(rows)


def read_alone(path: Path, _: Path) -> int:
    from ingest import read_file

    return sum(table.row_count for table in read_file(path))


def whole_station(path: Path, folder: Path) -> int:
    from config import Settings
    from ingest import ingest_inbox

    settings = Settings(home=folder, config=folder)
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
    settings.inbox.mkdir()
    os.link(path, settings.inbox / path.name)
    (load,) = ingest_inbox(settings)
    if load.status != "loaded":
        sys.exit(f"{load.status}: {load.reason_en}")
    return load.rows_loaded


def calamine_alone(path: Path, _: Path) -> int:
    import python_calamine

    with python_calamine.CalamineWorkbook.from_path(path) as workbook:
        return sum(1 for _ in workbook.get_sheet_by_index(0).iter_rows()) - 1


METHODS: dict[str, Callable[[Path, Path], int]] = {
    "DuckDB, by hand": duckdb_by_hand,
    "ingest.read_file": read_alone,
    "ingest.ingest_inbox": whole_station,
    "python-calamine": calamine_alone,
}
CSV_METHODS = ["DuckDB, by hand", "ingest.read_file", "ingest.ingest_inbox"]
XLSX_METHODS = ["python-calamine", "ingest.read_file"]


def run_apart(method: str, path: Path) -> Reading:
    """Run a method in a fresh process and folder and watch its process tree."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        command = [sys.executable, "-m", "benchmarks.ingest_speed", "--run", method]
        took = measure([*command, "--path", str(path), "--folder", folder])
    outcome = json.loads(took.output)
    return Reading(outcome["seconds"], outcome["cpu_seconds"], outcome["rows"], took.peak_bytes)


def run_here(method: str, path: Path, folder: Path) -> None:
    start, before = time.perf_counter(), cpu_seconds()
    rows = METHODS[method](path, folder)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds() - before, "rows": rows}))


def cpu_seconds() -> float:
    """Return what this process and those that it started and that have ended took so far."""
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in taken)


def compare(table: Table, path: Path, methods: list[str], rounds: int) -> None:
    """Measure the methods in turns; of each the round that took the fewest processor seconds.

    The first is the one that the others are compared with.
    """
    taken = [[run_apart(method, path) for method in methods] for _ in range(rounds)]
    best = [min(of_one, key=lambda each: each.cpu_seconds) for of_one in zip(*taken, strict=True)]
    for method, result in zip(methods, best, strict=True):
        table.add_row(
            f"{path.name}, {path.stat().st_size / 1e6:,.0f} MB",
            method,
            f"{result.rows:,}",
            f"{result.seconds:.1f} ({result.seconds / best[0].seconds:.2f})",
            f"{result.cpu_seconds:.1f} ({result.cpu_seconds / best[0].cpu_seconds:.2f})",
            f"{result.peak_bytes / 1e6:,.0f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--gigabytes", type=float, default=1, help="of the CSV file; 0: none")
    parser.add_argument("--quoted", action="store_true", help="quotation marks in the CSV file")
    parser.add_argument("--latin1", action="store_true", help="the CSV file in latin-1")
    parser.add_argument("--xlsx-megabytes", type=float, default=50, help="of the workbook; 0: none")
    parser.add_argument("--rounds", type=int, default=1, help="of all methods; the best counts")
    parser.add_argument("--folder", type=Path, help="for the files; default: a temporary one")
    parser.add_argument("--run", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run_here(arguments.run, arguments.path, arguments.folder)
        return
    seconds = "{} (times the first)"
    table = Table(
        "file", "method", "rows", seconds.format("s"), seconds.format("CPU s"), "peak memory, MB"
    )
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.gigabytes:
            kinds = ("_quoted" * arguments.quoted, f"_{LATIN1}" * arguments.latin1)
            path = Path(folder) / f"orders{''.join(kinds)}.csv"
            encoding = LATIN1 if arguments.latin1 else "utf-8"
            make_csv(path, int(arguments.gigabytes * 1e9), arguments.quoted, encoding)
            compare(table, path, CSV_METHODS, arguments.rounds)
            path.unlink()
        if arguments.xlsx_megabytes:
            path = Path(folder) / "orders.xlsx"
            make_workbook(path, int(arguments.xlsx_megabytes * 1e6))
            compare(table, path, XLSX_METHODS, arguments.rounds)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
