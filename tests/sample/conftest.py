"""One sample company for all tests of the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from sample import Summary, make_company

UNTIL = date(2026, 3, 31)


@dataclass(frozen=True)
class Made:
    inbox: Path
    truth: Path
    summary: Summary


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("sample")
    inbox, truth = home / "inbox", home / "truth"
    return Made(inbox, truth, make_company(inbox, truth, customers=150, until=UNTIL))
