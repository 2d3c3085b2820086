"""`reifegrad sources suggest DIR`: a folder in one go, seen before anything is written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.header_sets.rows import header_sets, write
from config import ConfigurationError, Settings
from config.language import use_language
from ingest import ingest_inbox, load_sources
from ingest.suggesting.one_file import append_sources
from ingest.suggesting.trial import Trial, try_out
from reifegrad.terminal.suggest_tables import suggest_tables

CUSTOMERS = """Nr.;Name;Adresse;PLZ-Code;Ort;Kunde seit;Geburtstag
D100;Antriebe Nord GmbH;Hafenstr. 1;20457;Hamburg;01.02.2019;01.01.1970
D101;Süd Getriebe KG;Ringweg 4;80331;München;03.04.2020;02.02.1971
D102;Werk Ost AG;Am Gleis 9;04109;Leipzig;05.06.2021;03.03.1972
"""
NEWSLETTER = "E-Mail;Vorname\n" + "".join(f"a{n}@b{n}.example;Anna\n" for n in range(6))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    (files / "Debitoren.csv").write_text(CUSTOMERS, encoding="cp1252")
    (files / "Newsletter.csv").write_text(NEWSLETTER)
    (files / "Preisliste.pdf").write_bytes(b"%PDF-1.4 no table")
    return files


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "config"
    config.mkdir()
    return Settings(home=tmp_path / "home", config=config)


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    use_language("de")
    yield
    use_language(None)


def shown(trial: Trial, settings: Settings, folder: Path, *, is_written: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200)
    for part in suggest_tables(trial, settings, folder, is_written=is_written):
        console.print(part)
    return out.getvalue()


def test_a_look_shows_typed_records_left_overs_and_questions_and_writes_nothing(
    settings: Settings, folder: Path
) -> None:
    trial = try_out(settings, folder)
    customers = next(found for found in trial.previews if found.entity == "company")
    values = {column.name: column.values for column in customers.columns}
    assert values["customer_since"] == ("2019-02-01", "2020-04-03", "2021-06-05")
    text = shown(trial, settings, folder)
    assert "2019-02-01" in text and "Antriebe Nord GmbH" in text
    assert "Nicht zugeordnet: Geburtstag – nennt oder beschreibt Personen" in text
    assert "Welche Spalte sagt es, und welcher Wert heißt ja?" in text
    assert "Preisliste.pdf" in text and "--write" not in text  # a fresh home begins with start
    assert not settings.home.exists()
    assert list(settings.config.iterdir()) == []


@pytest.mark.parametrize("name", ["sevdesk_de", "cleverreach_de"])
def test_what_is_written_is_taken_by_the_next_night_unedited(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    settings.inbox.mkdir(parents=True)
    for file in header_sets("open")[name]:
        write(file, settings.inbox)
    trial = try_out(settings, settings.inbox)
    assert "Keine Frage ist offen." in shown(trial, settings, settings.inbox)
    append_sources(settings, trial.suggestion.proposals, "de")
    loads = list(ingest_inbox(settings))
    assert {load.status for load in loads} == {"loaded"}
    assert sum(load.rows_quarantined for load in loads) == 0
    assert len(load_sources(settings).sources) == len(header_sets("open")[name])
    again = try_out(settings, settings.inbox)
    assert again.suggestion.proposals == ()
    assert "gehört schon zu einer Quelle" in shown(again, settings, settings.inbox)


def test_the_rehearsal_knows_the_records_of_the_warehouse(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    trial = try_out(settings, folder)
    append_sources(settings, trial.suggestion.proposals, "de")
    settings.inbox.mkdir(parents=True)
    (settings.inbox / "Debitoren.csv").write_bytes((folder / "Debitoren.csv").read_bytes())
    ingest_inbox(settings)
    more = tmp_path / "more"
    more.mkdir()
    (more / "Auftraege.csv").write_text(
        "Auftrag;Datum;Kundennr.;Menge\n" + "".join(f"A{n};0{n}.02.2025;D10{n % 3};2\n"
                                                   for n in range(1, 7))
    )  # fmt: skip
    orders = try_out(settings, more).previews
    assert [(found.entity, found.rows, found.with_customer) for found in orders] == [
        ("order_line", 6, 6)
    ]
    assert not list(settings.home.glob(".rehearsal-*"))


def test_a_home_without_settings_is_not_written_to(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reifegrad.groups import _suggest_folder

    monkeypatch.setenv("REIFEGRAD_HOME", str(tmp_path / "fresh"))
    monkeypatch.delenv("REIFEGRAD_CONFIG", raising=False)
    with pytest.raises(ConfigurationError, match="reifegrad start"):
        _suggest_folder(folder, None, write=True)
