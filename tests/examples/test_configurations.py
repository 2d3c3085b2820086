"""The examples that come with a configuration: it is complete, and needs no CRM."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import PROJECT_ROOT, Settings
from nights.preflight import check_setup

EXAMPLES = [path.parent for path in sorted((PROJECT_ROOT / "examples").glob("*/sources.yml"))]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_night_can_begin_and_nothing_is_missing(folder: Path, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        config=folder,
        models=folder / "models",
        expectations=folder / "expectations",
    )
    settings.inbox.mkdir()
    found = check_setup(settings)
    assert [finding.says for finding in found if finding.level == "error"] == []
    warned = {finding.check for finding in found if finding.level == "warning"}
    assert "configuration" not in warned
