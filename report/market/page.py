"""The page on the market: how customers divide, how that develops, and what demand is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from config import Settings
from report.market.facts import (
    Forecast,
    Segment,
    Segmentation,
    read_forecasts,
    read_segmentations,
)
from report.words import Language, Words
from report.writing import languages, replace_page, template_named
from warehouse import open_warehouse

if TYPE_CHECKING:
    from ml.specs.kind import KindSpec

NAME: Final = "market.html"
TEMPLATE: Final = "market.html.j2"
MOVES_SHOWN: Final = 3
LINE: Final = (120, 30)  # pixels of the small chart
TELLING: Final = 0.1  # less than a tenth above or below last year is no news


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment in one language."""

    key: str
    name: str
    customers: str
    sales: str
    share: int  # percent of all sales, for the bar
    line: str  # points of the polyline; empty without months
    trend: str
    came: str
    went: str
    traits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentationView:
    """The segments of one YAML in one language."""

    title: str
    decision: str
    stage: str
    method: str
    far: str
    is_behaviour: bool
    segments: tuple[SegmentView, ...]


@dataclass(frozen=True, slots=True)
class ForecastView:
    """A series in one language; positions are percent of the widest interval."""

    series: str
    expected: str
    between: str
    last_year: str
    change: str
    is_news: bool
    left: float
    width: float
    at: float
    before: float | None
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemandView:
    """The series of one YAML in one language."""

    title: str
    decision: str
    ahead: str
    how: str
    series: tuple[ForecastView, ...]


@dataclass(frozen=True, slots=True)
class MarketView:
    """The page in one language."""

    language: Language
    words: Words
    company: str
    night: str
    segmentations: tuple[SegmentationView, ...]
    demands: tuple[DemandView, ...]


def market_path(settings: Settings) -> Path:
    """Return where the page lies."""
    return settings.reports / NAME


def write_market_page(settings: Settings) -> Path:
    """Write the page in one atomic step; the set language comes first.

    Raises:
        warehouse.WarehouseLockedError: another process holds the warehouse; the old page stays.

    """
    from ml.kinds import read_models

    specs = {model.spec.name: model.spec for model in read_models(settings).readable}
    with open_warehouse(settings) as connection:
        segmentations = read_segmentations(connection)
        forecasts = read_forecasts(connection)
    views = [
        view(segmentations, forecasts, specs, settings, language)
        for language in languages(settings)
    ]
    return replace_page(market_path(settings), template_named(TEMPLATE).render(views=views))


def view(
    segmentations: Sequence[Segmentation],
    forecasts: Mapping[str, Sequence[Forecast]],
    specs: Mapping[str, KindSpec],
    settings: Settings,
    language: Language,
) -> MarketView:
    """Say the facts in one language."""
    words = Words(language)
    return MarketView(
        language,
        words,
        settings.company,
        words.day(settings.night),
        tuple(_segmentation(one, specs.get(one.model), words) for one in segmentations),
        tuple(_demand(name, found, specs.get(name), words) for name, found in forecasts.items()),
    )


def _segmentation(found: Segmentation, spec: KindSpec | None, words: Words) -> SegmentationView:
    names = {one.key: one.names[words.language] for one in found.segments}
    sales = sum(one.net_amount for one in found.segments) or 1.0
    is_behaviour = found.method == "clusters"
    if is_behaviour and found.fitted_on:
        method = words("market_by_clusters", day=words.day(found.fitted_on))
    else:
        method = words("market_by_groups")
    segments = [one for one in found.segments if one.customers or one.months]
    if not is_behaviour:
        segments.sort(key=lambda one: -one.net_amount)
    return SegmentationView(
        _of(spec, "title", found.model, words),
        _of(spec, "decision", "", words),
        words("score_of_stage", stage=found.stage),
        f"{method} {words('data_reach', day=words.day(found.as_of))}",
        words.counted("market_far", found.far) if found.far else "",
        is_behaviour,
        tuple(_segment(one, names, sales, words) for one in segments),
    )


def _of(spec: KindSpec | None, field: str, otherwise: str, words: Words) -> str:
    return str(getattr(getattr(spec, field, None), words.language, otherwise))


def _segment(segment: Segment, names: Mapping[str, str], sales: float, words: Words) -> SegmentView:
    counts = [count for _month, count, _amount in segment.months]
    trend = ""
    if len(counts) > 3:
        trend = words("market_trend", now=words.number(counts[-1]), before=words.number(counts[-4]))
    share = segment.net_amount / sales
    return SegmentView(
        segment.key,
        segment.names[words.language],
        words.counted("market_customers", segment.customers),
        words("market_sales", amount=words.number(segment.net_amount), share=words.share(share))
        if segment.net_amount
        else "",
        round(100 * share),
        points(counts),
        trend,
        _moves("market_came", segment.came, names, words),
        _moves("market_went", segment.went, names, words),
        tuple(segment.traits[words.language]),
    )


def _moves(
    text: str, moves: Sequence[tuple[str | None, int]], names: Mapping[str, str], words: Words
) -> str:
    if not moves:
        return ""
    said = ", ".join(
        f"{words.number(count)} {names.get(key or '', words('market_outside'))}"
        for key, count in moves[:MOVES_SHOWN]
    )
    return words(text, count=words.number(sum(count for _key, count in moves)), moves=said)


def points(values: Sequence[float]) -> str:
    """Return the points of a polyline from zero up to the largest value; empty for fewer than 2."""
    width, height = LINE
    most = max(values, default=0)
    if len(values) < 2 or most <= 0:
        return ""
    step = width / (len(values) - 1)
    return " ".join(
        f"{number * step:.1f},{height - 2 - (height - 4) * value / most:.1f}"
        for number, value in enumerate(values)
    )


def _demand(
    name: str, found: Sequence[Forecast], spec: KindSpec | None, words: Words
) -> DemandView:
    first = found[0]
    most = max(max(one.high, one.last_year or 0.0) for one in found) or 1.0
    unit = str(getattr(spec, "unit_of_value", ""))
    inside = [one.coverage for one in found if one.coverage is not None]
    better = sum(one.method != "mean" for one in found)
    how = words("market_how", better=better, count=len(found))
    if inside:
        how += " " + words(
            "market_coverage",
            promised=words.share(first.promised_coverage),
            observed=words.share(sum(inside) / len(inside)),
        )
    return DemandView(
        _of(spec, "title", name, words),
        _of(spec, "decision", "", words),
        words(f"market_ahead_{first.unit}", count=first.units, day=words.day(first.starts_on)),
        how,
        tuple(_forecast(one, most, unit, words) for one in found),
    )


def _forecast(one: Forecast, most: float, unit: str, words: Words) -> ForecastView:
    def said(value: float) -> str:
        return f"{words.number(value)} {unit}".strip()

    change, is_news = "", False
    if one.last_year:
        relative = one.expected / one.last_year - 1
        is_news = abs(relative) >= TELLING
        change = f"{100 * relative:+.0f} %".replace("-", "−")
    return ForecastView(
        one.series,
        said(one.expected),
        words("market_between", low=words.number(one.low), high=words.number(one.high)),
        said(one.last_year) if one.last_year is not None else "–",
        change,
        is_news,
        round(100 * one.low / most, 1),
        round(100 * (one.high - one.low) / most, 1),
        round(100 * one.expected / most, 1),
        round(100 * one.last_year / most, 1) if one.last_year is not None else None,
        tuple(one.told[words.language]),
    )
