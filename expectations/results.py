"""What a night's measurement says: of one expectation, and of one use case."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, computed_field

from expectations.journey import Phase


class ExpectationResult(BaseModel):
    """How far one expectation holds on one night; a row of `ops.expectation_results`.

    `observed` and `required` are in `unit` (share: 0 to 1; days; rows; values). `records_unmet` of
    `records_total` records break it, `records_to_next` of them must be mended to meet it. For
    counts all three refer to existing and missing records; for dates they are None.
    """

    model_config = ConfigDict(frozen=True)

    use_case: str
    stage: int
    expectation: str
    is_met: bool
    observed: float | None
    required: float | None
    unit: str
    records_total: int | None
    records_unmet: int | None
    records_to_next: int | None
    todo_de: str
    todo_en: str


class Assessment(BaseModel):
    """The stage of one use case on one night, and what would raise it.

    `stage` is in force and decides what may be done, 0 (not even stage 1) to 3; `measured_stage`
    is what the data reached that night, None if they could not be measured. `method_*` says what
    the method of the stage in force does (None at stage 0). `cause` (source, data, unmeasured) and
    `cause_*` tell why less is measured than was in force, or nothing. `unmet` are the expectations
    of `next_stage`, the one after the measured stage, that do not hold, least work first. `edge`
    names the expectations by which chance alone would change the measured stage.
    """

    model_config = ConfigDict(frozen=True)

    use_case: str
    phase: Phase
    title_de: str
    title_en: str
    night: date
    stage: int
    measured_stage: int | None
    cause: str | None
    cause_de: str | None
    cause_en: str | None
    next_stage: int | None
    method_de: str | None
    method_en: str | None
    unmet: tuple[ExpectationResult, ...]
    edge: tuple[str, ...] = ()

    @computed_field
    def is_at_edge(self) -> bool:
        """Whether a few records more or less would change the measured stage."""
        return bool(self.edge)
