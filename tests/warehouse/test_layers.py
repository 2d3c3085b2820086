"""The layers of dbt's models: only intermediate ones read staging, and no mart; marts follow."""

from __future__ import annotations

import re

from config import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project/models"
# What ops holds is a result, not a source: a mart shows such a table as it is.
SHOWN = {
    f"stg_ops__{name}": name
    for name in (
        "expectation_results", "forecast_series", "forecasts", "loads", "maturity_stages",
    )
}  # fmt: skip


def reads() -> list[tuple[str, str, str]]:
    """Layer, model and a model that it reads, written out or through a macro."""
    found = []
    for path in (*MODELS.glob("*/*.sql"), *MODELS.glob("*/*.py")):
        code = path.read_text(encoding="utf-8")
        read = re.findall(r"ref\('(\w+)'", code)
        if "corrected(" in code:
            read.append("stg_ops__corrections")
        found += [(path.parent.name, path.stem, name) for name in read]
    return found


def test_only_intermediate_models_read_staging():
    astray = [
        (model, read)
        for layer, model, read in reads()
        if read.startswith("stg_") and layer != "intermediate" and SHOWN.get(read) != model
    ]
    assert astray == []
    assert any(read.startswith("stg_inbox__") for layer, _, read in reads() if layer != "staging")


def test_intermediate_models_read_no_mart():
    later = {path.stem for layer in ("marts", "sync") for path in (MODELS / layer).glob("*.sql")}
    astray = [
        (model, read) for layer, model, read in reads() if layer == "intermediate" and read in later
    ]
    assert astray == []
    assert any(layer == "marts" and read in later for layer, _, read in reads())


def test_who_objected_is_left_out_in_one_model():
    filters = [
        path.stem
        for path in MODELS.glob("*/*.sql")
        if "stg_ops__scores" in path.read_text(encoding="utf-8")
    ]
    assert filters == ["int_scores_permitted"]
