"""The CRM as a source of files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from crm import read_objects
from fetch import fetch_all
from tests.crm.memory_crm import MemoryCrm


class Exporting(MemoryCrm):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, datetime | None]] = []
        self.rows = [{"id": "7", "name": "Müller & Söhne"}]

    def export(self, what, since):
        self.asked.append((what, since))
        yield from self.rows


@pytest.fixture
def crm(settings, monkeypatch):
    found = Exporting()
    monkeypatch.setattr("crm.reading.open_connector", lambda _settings, _config: found)
    write(settings, "[companies]")
    return found


def write(settings, objects):
    text = f"fetch:\n  crm: {{kind: crm, objects: {objects}}}\n"
    (settings.config / "fetch.yml").write_text(text, encoding="utf-8")


def test_what_changed_in_the_crm_comes_as_numbered_files(settings, crm):
    (first,) = fetch_all(settings, crm_reader=read_objects)
    (file,) = first.files
    assert json.loads((settings.inbox / file).read_text(encoding="utf-8")) == crm.rows[0]
    assert crm.asked == [("companies", None)]
    before = datetime.now(UTC)
    (second,) = fetch_all(settings, crm_reader=read_objects)
    assert second.files != first.files
    since = crm.asked[1][1]
    assert timedelta(minutes=9) < before - since < timedelta(minutes=11)


def test_a_wrong_word_and_a_firm_without_a_crm_are_told(settings, crm):
    write(settings, "[customers]")
    (told,) = fetch_all(settings, crm_reader=read_objects)
    assert "companies, contacts, deals, leads, activities" in told.problem
    write(settings, "[companies]")
    (settings.config / "crm.yml").write_text("connector: excel\n", encoding="utf-8")
    (told,) = fetch_all(settings, crm_reader=read_objects)
    assert "connector: excel" in told.problem
