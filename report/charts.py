"""The report's charts: described as Vega-Lite, drawn as SVG without a browser or a network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from report.words import Words

if TYPE_CHECKING:
    import altair as alt

    from report.facts import Doubles, Share, SourceRhythm

# Blue and vermilion are told apart by every eye (Okabe and Ito 2008); darkened until text in them
# has a contrast of at least 4.5 to white.
BLUE: Final = "#1f6aa5"
ALARM: Final = "#b04300"
INK: Final = "#1b2733"
FAINT: Final = "#5b6875"
LINE: Final = "#d5dce3"
LIGHT: Final = "#9db8cf"  # of blue, beside it
FONT: Final = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
WIDTH: Final = 370  # of every chart, so that all write equally large
STEP: Final = 17
ABOVE: Final = -11  # pixels between a point and its label's middle
BELOW: Final = 17
NEAR: Final = 0.8  # of the records: closer than a label is high
LETTER: Final = 6.8  # pixels that a letter of a label takes at most, on the average
NAME_EXTENT: Final = (168, 245)  # pixels for the names at the left, at least and at most
SAID_EXTENT: Final = 75  # pixels for "vor 12 Tagen" at the right
SHARES_SHOWN: Final = 10
SOURCES_SHOWN: Final = 14


def worst_first(shares: Iterable[Share]) -> list[Share]:
    """Choose the columns to show, those furthest below the required share first."""
    lacking = sorted(shares, key=lambda s: (s.by_night[-1][1] - s.required, s.mart, s.column))
    return lacking[:SHARES_SHOWN]


def last_came(source: SourceRhythm, night: date, words: Words) -> str:
    """Say when a source came last, that a file of it is held back, or that it is missing."""
    if source.held:
        return words("held")
    if source.is_overdue:
        return words("overdue")
    return words.days_ago((night - source.nights[-1]).days if source.nights else None)


def completeness(shares: Sequence[Share], words: Words) -> str:
    """Draw how complete the columns are, and the required shares."""
    import altair as alt

    rows = [
        {
            "label": words.of_mart(share.mart, share.column),
            "now": share.by_night[-1][1],
            "before": share.by_night[0][1] if len(share.by_night) > 1 else None,
            "required": share.required,
            "percent": words.share(share.by_night[-1][1]),
            "color": BLUE if share.is_met else ALARM,
        }
        for share in shares
    ]
    base = _chart(rows).encode(y=_lanes("label", [str(r["label"]) for r in rows]))
    x = alt.X("now:Q", scale=alt.Scale(domain=[0, 1.2]), axis=None)
    bars = base.mark_bar(height=9).encode(x=x, color=_as_given())
    wanted = base.mark_tick(thickness=2, size=15, color=INK).encode(x="required:Q")
    before = base.mark_point(size=24, color=INK, fill="white", strokeWidth=1.2).encode(x="before:Q")
    percent = base.mark_text(align="left", color=INK).encode(x=alt.datum(1.03), text="percent:N")
    return _drawn(bars + wanted + before.transform_filter("datum.before != null") + percent)


def freshness(sources: Sequence[SourceRhythm], night: date, nights: int, words: Words) -> str:
    """Draw a dot for every one of the last nights in which a source came, tonight at the right."""
    import altair as alt

    rows, ends = [], []
    sources = [replace(source, source=shortened(source.source)) for source in sources]
    for source in sources:
        color = ALARM if source.is_overdue or source.held else BLUE
        said = last_came(source, night, words)
        ends.append({"source": source.source, "said": said, "color": color, "from": 1 - nights})
        rows += [
            {"source": source.source, "at": (came - night).days, "color": color}
            for came in source.nights
            if (night - came).days < nights
        ]
    names = [source.source for source in sources]
    extent = _name_extent(names)
    labels = _lanes("source", names, extent)
    lane_pixels = WIDTH - extent - SAID_EXTENT
    scale = alt.Scale(domain=[1 - nights, nights * SAID_EXTENT / lane_pixels])
    lanes = _chart(ends).encode(y=labels)
    lane = lanes.mark_rule(color=LINE).encode(
        x=alt.X("from:Q", scale=scale, axis=None), x2=alt.datum(0)
    )
    dots = _chart(rows).mark_circle(size=34, opacity=1)
    said = lanes.mark_text(align="left", dx=9).encode(
        x=alt.datum(0), text="said:N", color=_as_given()
    )
    return _drawn(lane + dots.encode(x="at:Q", y=labels, color=_as_given()) + said)


def duplicates(doubles: Sequence[Doubles], words: Words) -> str:
    """Draw the numbers of records and of customers, night by night."""
    import altair as alt

    rows = [
        {
            "night": f"{one.night:%Y-%m-%d}",
            "count": count,
            "what": what,
            "color": color,
            "said": f"{words.number(count)} {words(what)}",
            "rise": rise,
        }
        for one in doubles
        for what, count, color, rise in (
            ("records", one.records, FAINT, ABOVE),
            # Below its line where the records' label stands close above it.
            (
                "customers",
                one.customers,
                BLUE,
                BELOW if one.customers > NEAR * one.records else ABOVE,
            ),
        )
    ]
    axis = alt.Axis(
        title=None, format=_day_format(words), values=_ends(doubles), labelFlush=True, ticks=False
    )
    x = alt.X("night:O", timeUnit="yearmonthdate", axis=axis)
    y = alt.Y("count:Q", axis=None, scale=alt.Scale(domainMax=1.15 * doubles[-1].records))
    every = _chart(rows).encode(x=x, y=y, color=_as_given())
    last = _chart(rows[-2:]).encode(x=x, y=y, color=_as_given())
    lines = every.mark_line(strokeWidth=2.5).encode(detail="what:N")
    said = [
        last.mark_text(align="right", dy=rise, dx=4)
        .encode(text="said:N")
        .transform_filter(f"datum.rise == {rise}")
        for rise in (ABOVE, BELOW)
    ]
    return _drawn(lines + last.mark_circle(size=45, opacity=1) + said[0] + said[1], height=170)


def shortened(name: str) -> str:
    """Cut the middle out of a long name: names from one program begin alike."""
    most = int(NAME_EXTENT[1] / LETTER)
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}…{name[-(most - most // 2 - 1) :]}"


def calibration(bins: Sequence[Mapping[str, float]], words: Words) -> str:
    """Draw promised against observed shares (0 to 1), each with its interval."""
    import altair as alt

    scale = alt.Scale(domain=[0, 1])

    def axis(title: str) -> alt.Axis:
        return alt.Axis(format=".0%", title=words(title), titleFontWeight="normal", tickCount=5)

    base = _chart([dict(one) for one in bins]).encode(
        x=alt.X("promised:Q", scale=scale, axis=axis("axis_promised"))
    )
    kept = _chart([{"at": 0}, {"at": 1}]).mark_line(color=FAINT, strokeDash=[4, 4])
    exact = kept.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
    observed = alt.Y("observed:Q", scale=scale, axis=axis("axis_observed"))
    spread = base.mark_rule(color=BLUE, strokeWidth=2, opacity=0.5).encode(
        y=alt.Y("low:Q", scale=scale), y2="high:Q"
    )
    points = base.mark_circle(color=BLUE, size=60, opacity=1).encode(y=observed)
    return _drawn(exact + spread + points, height=260)


def hints(bars: Sequence[tuple[str, int, int, bool]], words: Words) -> str:
    """Draw the shares of good outcomes, each with its interval (Wilson, 95 %).

    `bars`: what is said of it, good outcomes, known outcomes, whether it stands out.
    """
    import altair as alt
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    rows = []
    for place, (said, good, known, stands_out) in enumerate(bars):
        interval = binomtest(good, known).proportion_ci(method="wilson")
        rows.append({
            "row": place, "said": f"{said} ({words.share(good / known)})", "share": good / known,
            "low": interval.low, "high": interval.high, "color": BLUE if stands_out else LIGHT,
        })  # fmt: skip
    base = _chart(rows).encode(y=alt.Y("row:O", axis=None))
    axis = alt.Axis(format=".0%", title=None, tickCount=5)
    x = alt.X("share:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    shares = base.mark_bar(height=11).encode(x=x, color=_as_given())
    spread = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    told = base.mark_text(align="left", dy=-13, color=INK).encode(x=alt.datum(0), text="said:N")
    return _drawn(shares + spread + told, height=44 * len(rows))


def _name_extent(names: Iterable[str]) -> float:
    least, most = NAME_EXTENT
    return min(most, max(least, *(LETTER * len(name) + 8 for name in names), least))


def _lanes(field: str, order: Sequence[str], extent: float = NAME_EXTENT[0]) -> alt.Y:
    """Give every row its name at the left, in the order given."""
    import altair as alt

    # Other machines have wider letters than this one measures: leave them some room.
    axis = alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        labelPadding=6,
        labelLimit=extent - 8,
        minExtent=extent,
    )
    return alt.Y(f"{field}:N", sort=list(order), axis=axis)


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    import altair as alt

    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


def _as_given() -> alt.Color:
    import altair as alt

    return alt.Color("color:N", scale=None)


def _day_format(words: Words) -> str:
    return "%d.%m." if words.language == "de" else "%d %b"


def _ends(doubles: Sequence[Doubles]) -> list[dict[str, int]]:
    """Name the first and the last night as Vega-Lite writes dates."""
    nights = dict.fromkeys((doubles[0].night, doubles[-1].night))
    return [{"year": n.year, "month": n.month, "date": n.day} for n in nights]


def _drawn(chart: alt.LayerChart, height: int | None = None) -> str:
    """Draw as SVG that fills the width of its container; the text beside it says what it shows."""
    import vl_convert

    spec = (
        chart.properties(
            width=WIDTH,
            height=height or {"step": STEP},
            background="transparent",
            autosize={"type": "fit-x", "contains": "padding"},
        )
        .configure(font=FONT, padding=1)
        .configure_view(stroke=None)
        .configure_text(fontSize=11)
        .configure_axis(
            labelFontSize=11, labelColor=INK, domainColor=LINE, tickColor=LINE, grid=False
        )
        .to_dict()
    )
    svg = vl_convert.vegalite_to_svg(spec)
    # The parts' roles mean nothing in a picture that is not read out.
    svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)
    return re.sub(r"<svg ", '<svg aria-hidden="true" focusable="false" ', svg, count=1)
