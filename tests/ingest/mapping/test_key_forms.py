"""One writing for a key and all references to it."""

from __future__ import annotations

import duckdb
import pytest

from ingest.mapping.expressions import in_form
from ingest.mapping.key_forms import checked_form


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("00000", {"123": "00123", "00123": "00123", "1 23": "00123", "123.0": "00123"}),
        ("00000", {"123456": "123456", "0": "00000", "K-123": "K-123", "Barverkauf": "Barverkauf"}),
        ("0", {"00123": "123", "123": "123", "000": "0", "12.5": "12.5"}),
        (
            "K-00000",
            {"123": "K-00123", "k 123": "K-00123", "K00123": "K-00123", "K–123": "K-00123"},
        ),
        ("K-00000", {"L-123": "L-123", "KK-123": "KK-123", "K-12a": "K-12a", "K-": "K-"}),
        ("[K-]0", {"K-0123": "123", "k123": "123", "123": "123", "L1": "L1"}),
        ("[Deb.-Nr. ]K0", {"Deb.-Nr. 0815": "K815", "K 0815": "K815"}),
        ("upper", {"ab 12c": "AB12C"}),
        ("lower", {"AB12c": "ab12c"}),
    ],
)
def test_a_key_is_written_in_its_form(form: str, written: dict[str, str]) -> None:
    sql = in_form("x", form)
    found = {
        text: duckdb.execute(f"select {sql} from (select ?::varchar as x)", [text]).fetchall()[0][0]
        for text in written
    }
    assert found == written


def test_no_key_stays_none_and_a_form_given_twice_changes_nothing() -> None:
    for form in ("00000", "K-000", "[K-]0", "upper"):
        once = in_form("x", form)
        (row,) = duckdb.execute(
            f"select {in_form(f'({once})', form)} = {once}, {in_form('null::varchar', form)}"
            " from (select 'k 7' as x)"
        ).fetchall()
        assert row == (True, None)


@pytest.mark.parametrize("text", ["", "K", "K-5", "5", "[K-]", "[]0", "0K", "Upper"])
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="00000"):
        checked_form(text)
