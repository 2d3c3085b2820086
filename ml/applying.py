"""The station that applies models which are no scores, each by the method that its stage allows."""

from __future__ import annotations

import logging

from config import Settings
from config.language import _
from ml.kinds import Model, all_tables, read_models
from ml.maturity import stages
from ml.results import Applied, ApplyingError
from warehouse import WarehouseLockedError, open_warehouse

logger = logging.getLogger(__name__)


def apply_models(settings: Settings) -> list[Applied]:
    """Make tonight's rows of every model in `models/` that is no score.

    Below stage 1 of its use case a model makes nothing and its rows go, as do those of a model
    whose YAML is gone. One that fails, or whose YAML is wrong, keeps its rows of an earlier night
    and stops no other.

    Raises:
        ApplyingError: some failed; the message names each with its cause.
        warehouse.WarehouseLockedError: another process holds the warehouse.

    """
    models, reached = read_models(settings), stages(settings)
    problems = {name: " ".join(str(error).split()) for name, error in models.broken.items()}
    results: list[Applied] = []
    for model in models.readable:
        name = model.spec.name
        try:
            result = _apply(settings, model, reached.get(model.spec.use_case, 0))
        except WarehouseLockedError:
            raise
        except Exception as error:  # whatever it is, the other models are applied
            logger.info("%s: %s", name, error, exc_info=error)
            text = " ".join(str(error).split())
            is_ours = type(error).__module__.split(".")[0] in {"config", "ml"}
            problems[name] = text if is_ours else f"{type(error).__name__}: {text}"
            continue
        logger.info("%s: %s", name, result.message)
        results.append(result)
    _forget_others(settings, models.names)
    if problems:
        raise ApplyingError(problems, results)
    return results


def _apply(settings: Settings, model: Model, stage: int) -> Applied:
    if stage >= 1:
        return model.kind.apply(settings, model.spec, stage)
    name = model.spec.name
    with open_warehouse(settings) as connection:
        for table in model.kind.TABLES:
            connection.execute(f"delete from {table} where model = ?", [name])
    told = _("skipped: its use case is below stage 1; `reifegrad status` says what is missing.")
    return Applied(name, stage, "none", 0, told)


def _forget_others(settings: Settings, names: set[str]) -> None:
    """Delete the rows of models that are gone."""
    with open_warehouse(settings) as connection:
        for table in all_tables():
            connection.execute(
                f"delete from {table} where not list_contains(?::varchar[], model)", [sorted(names)]
            )
