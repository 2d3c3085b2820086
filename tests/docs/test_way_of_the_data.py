"""The page that follows a row, a threshold and a text names files, functions and models there."""

from __future__ import annotations

import re

from config import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "explanation" / "way-of-the-data.md"


def test_every_hop_is_where_the_page_says() -> None:
    text, missing = PAGE.read_text(encoding="utf-8"), []
    hops = re.findall(r"`(\w+)` \(`([\w/]+\.py)`\)", text)
    assert len(hops) > 20
    for function, file in hops:
        path = PROJECT_ROOT / file
        if not path.exists() or f"def {function}(" not in path.read_text(encoding="utf-8"):
            missing.append(f"{function} in {file}")
    for model in re.findall(r"`((?:stg|int|sync)_\w+)`", text):
        if not list((PROJECT_ROOT / "dbt_project" / "models").rglob(f"{model}.*")):
            missing.append(model)
    assert missing == []
