"""What the tests of proposals share."""

from __future__ import annotations

import pytest

from config.language import use_language
from tests.proposals.small_firm import Firm


@pytest.fixture(autouse=True)
def _german():
    use_language("de")


@pytest.fixture
def firm(tmp_path):
    return Firm(tmp_path / "firm")
