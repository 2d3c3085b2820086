"""A few nights of chaos over each CRM; `python -m benchmarks.crm.chaos --runs 500` does many."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crm.chaos import tell_story
from tests.crm.kit.registry import CRMS, REAL


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", [name for name in CRMS if name not in REAL])
def test_after_an_undisturbed_push_the_crm_shows_what_it_should(
    name: str, seed: int, tmp_path: Path
) -> None:
    with tell_story(name, seed, tmp_path / "story") as story:
        assert story.problems() == [], story.happened
