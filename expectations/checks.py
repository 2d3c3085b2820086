"""From an expectation to Great Expectations' terms and back to figures; pure functions."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any, Final, Literal

from expectations.results import ExpectationResult
from expectations.sources import needed, read_sources
from expectations.specification import Expectation

SHARE_CLASSES = {
    "complete": "ExpectColumnValuesToNotBeNull",
    "unique": "ExpectColumnValuesToBeUnique",
    "in_set": "ExpectColumnValuesToBeInSet",
    "in_range": "ExpectColumnValuesToBeBetween",
}
COUNT_CLASSES = {
    "rows": "ExpectTableRowCountToBeBetween",
    "distinct": "ExpectColumnUniqueValueCountToBeBetween",
}
DATE_CLASSES = {
    "fresh": "ExpectColumnMaxToBeBetween",
    "history": "ExpectColumnMinToBeBetween",
}
NO_RECORDS: Final[dict[Literal["de", "en"], str]] = {
    "de": "Noch keine Angaben, an denen sich das messen lässt ({names}).",
    "en": "Nothing yet to measure this by ({names}).",
}


def records_sql(expectation: Expectation, night: date) -> str:
    """Write the SQL of the records that Great Expectations sees.

    A date counts as a day; a date after the night is ignored, so that it can't prove freshness.
    """
    sql = expectation.records.replace("{night}", f"date '{night:%Y-%m-%d}'")
    if expectation.type not in DATE_CLASSES:
        return sql
    column = f'"{expectation.column}"'
    return (
        f'select "{expectation.id}", cast({column} as date) as {column} from ({sql})'
        f" where cast({column} as date) <= date '{night:%Y-%m-%d}'"
    )


def gx_expectation(expectation: Expectation, night: date) -> tuple[str, dict[str, Any]]:
    """Name the Great Expectations class and its arguments."""
    kind, column = expectation.type, {"column": expectation.column}
    if kind == "fresh":
        oldest = night - timedelta(days=expectation.at_most or 0)
        return DATE_CLASSES[kind], column | {"min_value": oldest}
    if kind == "history":
        latest = night - timedelta(days=expectation.at_least or 0)
        return DATE_CLASSES[kind], column | {"max_value": latest}
    if kind == "rows":
        return COUNT_CLASSES[kind], {"min_value": _whole(expectation.at_least)}
    if kind == "distinct":
        return COUNT_CLASSES[kind], column | {"min_value": _whole(expectation.at_least)}
    mostly = {"mostly": expectation.mostly}
    if kind == "in_set":
        return SHARE_CLASSES[kind], column | mostly | {"value_set": list(expectation.values or ())}
    if kind == "in_range":
        ends = {"min_value": expectation.min, "max_value": expectation.max}
        return SHARE_CLASSES[kind], column | mostly | ends
    if kind in SHARE_CLASSES:
        return SHARE_CLASSES[kind], column | mostly
    named = column if expectation.column else {}
    return kind, named | mostly | expectation.arguments


def measure(
    use_case: str,
    stage: int,
    expectation: Expectation,
    outcome: dict[str, Any],
    succeeded: bool,
    night: date,
) -> ExpectationResult:
    """Turn the `result` of one Great Expectations check into figures and a to-do."""
    if expectation.type in COUNT_CLASSES:
        figures = _count(expectation, int(outcome["observed_value"]))
    elif expectation.type in DATE_CLASSES:
        figures = _days(expectation, outcome["observed_value"], night)
    else:
        figures = _share(expectation, outcome)
    is_empty = figures["observed"] is None
    is_met = expectation.may_be_empty if is_empty else succeeded
    todos = (
        _no_records(expectation)
        if is_empty
        else {
            "de": todo(expectation.todo_de, figures, "de"),
            "en": todo(expectation.todo_en, figures, "en"),
        }
    )
    return ExpectationResult(
        use_case=use_case,
        stage=stage,
        expectation=expectation.name,
        is_met=is_met,
        **figures,
        todo_de=todos["de"],
        todo_en=todos["en"],
    )


def _no_records(expectation: Expectation) -> dict[str, str]:
    """Say that there are no records, by the name that firms use for them."""
    sources = [read_sources()[name] for name in needed(expectation)]
    return {
        language: text.format(names="; ".join(source.name[language] for source in sources))
        for language, text in NO_RECORDS.items()
    }


def restated(
    result: ExpectationResult, expectation: Expectation, observed: float
) -> ExpectationResult:
    """Return the result as if `observed` (in the result's unit) had been measured.

    A share of no records stays what it is.
    """
    if expectation.type in DATE_CLASSES:
        bound = result.required or 0
        is_met = observed <= bound if expectation.type == "fresh" else observed >= bound
        changed: dict[str, Any] = {"observed": observed}
    elif expectation.type in COUNT_CLASSES:
        changed = _count(expectation, math.floor(observed))
        is_met = not changed["records_to_next"]
    elif result.records_total:
        total = result.records_total
        is_met = observed >= expectation.mostly
        # 80 % of 61 is no whole number of records: round up if the share is met, else down.
        rounded = math.ceil(observed * total - 1e-9) if is_met else math.floor(observed * total)
        changed = {
            "observed": observed,
            "records_unmet": total - rounded,
            "records_to_next": to_mend(total, total - rounded, expectation.mostly),
        }
    else:
        return result
    figures = result.model_dump() | changed
    todos = {
        f"todo_{language}": todo(template, figures, language)
        for language, template in (("de", expectation.todo_de), ("en", expectation.todo_en))
    }
    return result.model_copy(update={**changed, **todos, "is_met": is_met})


def effort(result: ExpectationResult) -> tuple[bool, int, str]:
    """Sort by records to mend; what mending records can't fix (a stale source) comes last."""
    count = result.records_to_next
    return count is None, count or 0, result.expectation


def statement(expectation: Expectation) -> str:
    """Say in one line what is expected and why, for the data docs."""
    item = expectation
    columns = [item.column, item.arguments.get("column_A"), item.arguments.get("column_B")]
    unit = " days" if item.type in DATE_CLASSES else ""
    words = [item.type, ", ".join(filter(None, columns))]
    if item.values:
        words.append(f"in {', '.join(str(value).lower() for value in item.values)}")
    ends = {"from": item.min, "to": item.max, "at least": item.at_least, "at most": item.at_most}
    words += [f"{word} {value:,.10g}{unit}" for word, value in ends.items() if value is not None]
    if item.type not in COUNT_CLASSES | DATE_CLASSES:
        words.append(
            f"for {_written(item.mostly, 'share', 'en')}" if item.mostly < 1 else "for all"
        )
    said = " ".join(filter(None, words))
    why = " ".join(filter(None, (item.reason, item.source and f"Source: {item.source}.")))
    return f"{item.name}: {said}. {why}"


def todo(template: str, figures: dict[str, Any], language: str) -> str:
    """Fill a to-do's template with the figures, written as the language writes them."""
    unit = figures["unit"]
    values = {
        "unmet": (figures["records_unmet"], "rows"),
        "total": (figures["records_total"], "rows"),
        "to_next": (figures["records_to_next"], "rows"),
        "observed": (figures["observed"], unit),
        "required": (figures["required"], unit),
    }
    return template.format(
        **{name: _Number(_written(*value, language)) for name, value in values.items()}
    )


class _Number(str):
    """A written number; `{unmet:belongs|belong}` gives the word that goes with it."""

    __slots__ = ()

    def __format__(self, words: str) -> str:
        one, bar, many = words.partition("|")
        if not bar:
            return str(self)
        return one if self == "1" else many


def to_mend(total: int, unmet: int, mostly: float) -> int:
    """How many of the unmet records must be mended so that the share `mostly` holds."""
    # The margin absorbs rounding errors of floats: 0.7 * 10 may be 7.000000000000001.
    return max(0, math.ceil(mostly * total - 1e-9) - (total - unmet))


def _share(expectation: Expectation, outcome: dict[str, Any]) -> dict[str, Any]:
    total = int(outcome["element_count"]) - int(outcome.get("missing_count") or 0)
    unmet = int(outcome["unexpected_count"] or 0)
    return {
        "observed": (total - unmet) / total if total else None,
        "required": expectation.mostly,
        "unit": expectation.unit or "share",
        "records_total": total,
        "records_unmet": unmet,
        "records_to_next": to_mend(total, unmet, expectation.mostly),
    }


def _count(expectation: Expectation, observed: int) -> dict[str, Any]:
    required = _whole(expectation.at_least)
    missing = max(0, required - observed)
    return {
        "observed": float(observed),
        "required": float(required),
        "unit": expectation.unit or ("rows" if expectation.type == "rows" else "values"),
        "records_total": observed,
        "records_unmet": missing,
        "records_to_next": missing,
    }


def _days(expectation: Expectation, observed: date | None, night: date) -> dict[str, Any]:
    return {
        "observed": float((night - observed).days) if observed else None,
        "required": expectation.at_most if expectation.type == "fresh" else expectation.at_least,
        "unit": expectation.unit or "days",
        "records_total": None,
        "records_unmet": None,
        "records_to_next": None,
    }


def _whole(value: float | None) -> int:
    return math.ceil(value or 0)


def _written(value: float | None, unit: str, language: str) -> str:
    if value is None:
        return "–"
    if unit == "share":
        # Rounded down, so that 79.6 % of a required 80 % never reads as 80 %.
        percent = math.floor(value * 100 + 1e-9)
        return f"{percent} %" if language == "de" else f"{percent}%"
    text = f"{value:,.0f}"
    return text.replace(",", ".") if language == "de" else text
