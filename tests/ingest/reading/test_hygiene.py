from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import Table, read_file
from ingest.reading.hygiene import clean_text, find_harm

Read = Callable[[Path], list[Table]]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="01067"', "01067"),
        ('="5"" Rohr"', '5" Rohr'),
        ('=""', ""),
        ("'01067", "01067"),
        ("'0012A", "0012A"),
        ("'+49 7031 123-45", "+49 7031 123-45"),
        ("'1.234,56 €", "1.234,56 €"),
        ("'=SUMME(A1)", "=SUMME(A1)"),
        ("M&uuml;ller &amp; S&ouml;hne", "Müller & Söhne"),
        ("B&#228;cker &#x26; Co", "Bäcker & Co"),
        ("M&amp;uuml;ller", "Müller"),
        ("&nbsp;", ""),
        ("100,00\u00a0€", "100,00 €"),
        ("\u202f1\u202f234 ", "1 234"),
        ("\ufeffK\u00ad1\u200b", "K1"),
        ("MÃ¼ller", "Müller"),
        ("Müller und BÃ¤cker", "Müller und Bäcker"),
        ("â€žZitatâ€œ", "„Zitat“"),
        ("Å\x81Ã³dÅº", "Łódź"),
        ("LogÃ\u00adstica", "Logística"),  # the soft hyphen is part of the letter
        ("Ã\u00a0 la carte", "à la carte"),  # and so is the no-break space
        ("M√ºller", "Müller"),
        ("ÃƒÂ¼ber", "über"),
    ],
)
def test_what_is_wrapped_around_a_value_goes_and_what_is_sure_is_repaired(
    cell: str, text: str
) -> None:
    assert clean_text(cell) == text
    assert clean_text(text) == text


@pytest.mark.parametrize(
    "cell",
    [
        "'s-Hertogenbosch",
        "'S-GRAVENHAGE",
        "'t Hof 3",
        "'68er Verein",
        "'12'",
        "O'Brien",
        "Müller & Co; KG",
        "A&O;B",
        "=A1+B1",
        "SÃO PAULO",
        "Citroën “C4”",
        "NESCAFÉ™ Gold",
        "«Café»",
        "50 ß€",
        " Blanks stay ",
        '["a &quot;b&quot;"]',
    ],
)
def test_what_belongs_to_the_value_stays(cell: str) -> None:
    assert clean_text(cell) == cell


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("M\ufffdller", "lost"),
        ("M?ller", "question_mark"),
        ("M?LLER", "question_mark"),
        ("4,91511E+11", "rounded"),
        ("4.00638E+12", "rounded"),
        ("wirklich?Ja", None),
        ("Warum? Darum", None),
        ("bau.example/seite?id=3", None),
        ("1,5E+06", None),
        ("1E-05", None),
    ],
)
def test_what_is_lost_shows(text: str, kind: str | None) -> None:
    assert find_harm(text) == kind


CELLS = ['="01067"', "B&auml;cker\u00a0KG", "MÃ¼ller", "'0711 12", "4,91511E+11", "M?ller"]
CLEAN = ["01067", "Bäcker KG", "Müller", "0711 12", "4,91511E+11", "M?ller"]
NAMES = ["PLZ", "Firma", "StraÃŸe", "Telefon", "Nummer", "Ort"]


def as_csv(path: Path) -> None:
    lines = [",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in r) for r in ROWS]
    path.write_text("\n".join(lines), encoding="utf-8")


def as_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    for cell in book.active[2]:
        cell.data_type = "s"  # no formula
    book.save(path)


def as_json(path: Path) -> None:
    path.write_text(json.dumps([dict(zip(NAMES, CELLS, strict=True))]), encoding="utf-8")


def as_parquet(path: Path) -> None:
    pq.write_table(pa.table({name: [c] for name, c in zip(NAMES, CELLS, strict=True)}), path)


def as_html(path: Path) -> None:
    rows = [
        "<tr>" + "".join(f"<td>{c.replace('&', '&amp;')}</td>" for c in r) + "</tr>" for r in ROWS
    ]
    path.write_text(
        f"<html><meta charset=utf-8><table>{''.join(rows)}</table></html>", encoding="utf-8"
    )


ROWS = (NAMES, CELLS)


@pytest.mark.parametrize("write", [as_csv, as_xlsx, as_json, as_parquet, as_html])
def test_hygiene_is_the_same_for_every_kind_of_file(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / f"kunden.{write.__name__[3:]}"
    write(path)
    (table,) = read_file(path)  # in its own process, where a small file gets along without numpy
    assert table.columns == ["PLZ", "Firma", "Straße", "Telefon", "Nummer", "Ort"]
    assert table.rows == [CLEAN]
    told = " ".join(note.de for note in table.notes)
    row = 2 if write in (as_csv, as_xlsx, as_html) else 1
    assert f"berichtigt: Straße (1 Zelle, Zeile {row}: „MÃ¼ller“ → „Müller“)" in told
    assert f"gerundet da, wie Excel sie anzeigt: Nummer (1 Zelle, Zeile {row}: „4,91" in told
    assert f"verlorener Buchstaben: Ort (1 Zelle, Zeile {row}: „M?ller“)" in told


def test_large_files_are_cleaned_and_counted_throughout(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "kunden.csv"
    rows = [f"{n};Firma {n};Ort" for n in range(60_000)]
    for n in (1, 30_000, 59_999):
        rows[n] = f"'{n:05};MÃ¼ller\u00a0{n};K\ufffdln"
    path.write_text("Nr;Firma;Ort\n" + "\n".join(rows), encoding="utf-8")
    (table,) = read(path)
    assert not table.rejects
    for n in (1, 30_000, 59_999):
        assert table.rows[n] == [f"{n:05}", f"Müller {n}", "K\ufffdln"]
    repaired, lost = (note.en for note in table.notes)
    assert "Firma (3 cells, row 3: “MÃ¼ller 1” → “Müller 1”)" in repaired
    assert "Ort (3 cells, row 3: “K\ufffdln”)" in lost


def test_a_semicolon_of_an_entity_parts_no_cells(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "kunden.csv"
    path.write_text(
        "Nr;Firma;Ort\n"
        "1;M&uuml;ller &amp; S&ouml;hne;K&ouml;ln\n"
        "2;B&#228;cker KG;M&uuml;nchen\n"
        "3;Print&copy;Ulm\n"  # two cells: nothing is missing or surplus
        "4;M&uuml;ller;Ulm;surplus\n"
    )
    (table,) = read(path)
    assert table.rows == [
        ["1", "Müller & Söhne", "Köln"],
        ["2", "Bäcker KG", "München"],
        ["3", "Print&copy", "Ulm"],
    ]
    assert [reject.row_number for reject in table.rejects] == [5]


def test_clean_values_are_the_keys_and_the_notes_are_the_loads(
    write_sources: Callable[[str], None],
    drop: Callable[..., Path],
    settings: object,
    query: Callable[[str], list[tuple[object, ...]]],
) -> None:
    from ingest import ingest_inbox

    write_sources("""
        sources:
          kunden:
            files: "kunden*"
            kind: snapshot
            locale: de
            maps:
              company: {key: [KdNr], columns: {name: Firma, postcode: PLZ}}
    """)
    drop("kunden.csv", 'KdNr;Firma;PLZ\n="00123";M?ller &amp; Co;\'01067\n="00124";Meier;04109\n')
    (load,) = ingest_inbox(settings)  # type: ignore[arg-type]
    assert load.rows_loaded == 2
    assert "M?ller & Co" in load.notes_de[0]
    assert load.is_warning
    assert query("select record_id, name, postcode from raw.companies order by 1") == [
        ("kunden:00123", "M?ller & Co", "01067"),
        ("kunden:00124", "Meier", "04109"),
    ]
