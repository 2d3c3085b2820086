"""`reifegrad identity decide` and `undo`: what can't be done is told in the set language."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings
from config.language import use_language
from identity import IdentityError
from reifegrad import stations


@pytest.mark.parametrize(
    ("language", "unknown", "nothing"),
    [
        ("de", "'a:1' hat noch kein Lauf gesehen", "ist nichts entschieden"),
        ("en", "No build has seen a company record 'a:1'", "Nothing is decided of a:1 and b:1"),
    ],
)
def test_a_decision_that_fails_is_told_in_the_language(
    tmp_path: Path, language: str, unknown: str, nothing: str
) -> None:
    use_language(language)
    settings = Settings(home=tmp_path, language=language)
    with pytest.raises(IdentityError, match=unknown):
        stations.decide(settings, ("a:1", "b:1"), "same")
    with pytest.raises(IdentityError, match=nothing):
        stations.undo(settings, ("a:1", "b:1"))
