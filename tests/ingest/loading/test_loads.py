"""What is told of a file, in both languages."""

from datetime import UTC, datetime

import pytest

from config.language import use_language
from ingest.loading.loads import TOLD, Load


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "de",
            {
                "loaded": "a.xlsx › Blatt: 1.028 Zeilen geladen, 3 in Quarantäne",
                "unchanged": "a.xlsx › Blatt: unverändert",
                "superseded": "a.xlsx › Blatt: eine neuere Fassung gilt",
                "held": "a.xlsx › Blatt: zurückgehalten. Grund.",
                "duplicate": "a.xlsx › Blatt: doppelt. Grund.",
                "skipped": "a.xlsx › Blatt: übergangen. Grund.",
                "growing": "a.xlsx › Blatt: noch nicht geladen. Grund.",
                "failed": "a.xlsx › Blatt: nicht geladen. Grund.",
                "gone": "a.xlsx › Blatt: fehlt. Grund.",
                "overdue": "a.xlsx › Blatt: fehlt. Grund.",
                "unmet": "a.xlsx › Blatt: Verweise ohne Ziel. Grund.",
            },
        ),
        (
            "en",
            {
                "loaded": "a.xlsx › Blatt: 1,028 rows loaded, 3 in quarantine",
                "unchanged": "a.xlsx › Blatt: unchanged",
                "superseded": "a.xlsx › Blatt: a newer version is in force",
                "held": "a.xlsx › Blatt: held back. Reason.",
                "duplicate": "a.xlsx › Blatt: duplicate. Reason.",
                "skipped": "a.xlsx › Blatt: skipped. Reason.",
                "growing": "a.xlsx › Blatt: not yet loaded. Reason.",
                "failed": "a.xlsx › Blatt: not loaded. Reason.",
                "gone": "a.xlsx › Blatt: missing. Reason.",
                "overdue": "a.xlsx › Blatt: missing. Reason.",
                "unmet": "a.xlsx › Blatt: references without a record. Reason.",
            },
        ),
    ],
)
def test_each_outcome_is_told_in_the_language_in_use(language: str, told: dict[str, str]) -> None:
    use_language(language)
    note = {"de": "Bitte ansehen.", "en": "Please look."}[language]
    lines = {
        status: Load(
            load_id="1",
            source="a",
            file="a.xlsx",
            sheet="Blatt",
            sha256="0",
            loaded_at=datetime.now(UTC),
            rows_loaded=1028,
            rows_quarantined=3,
            status=status,
            reason_de="Grund.",
            reason_en="Reason.",
            notes_de=("Bitte ansehen.",),
            notes_en=("Please look.",),
        ).lines()
        for status in TOLD
    }
    assert lines == {status: [text, f"  ! {note}"] for status, text in told.items()}


def test_one_row_is_told_as_one() -> None:
    load = Load(
        load_id="1", source="a", file="a.csv", sha256="0", loaded_at=datetime.now(UTC),
        rows_loaded=1, status="loaded",
    )  # fmt: skip
    use_language("de")
    assert load.lines() == ["a.csv: 1 Zeile geladen, 0 in Quarantäne"]
    use_language("en")
    assert load.lines() == ["a.csv: 1 row loaded, 0 in quarantine"]
