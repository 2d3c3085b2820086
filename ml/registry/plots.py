"""The pictures of a run: drawn by Vega-Lite without a browser or a network, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from config.language import _, spoken_language
from ml.learning.candidates import Candidate
from ml.registry import curves

if TYPE_CHECKING:
    import altair as alt
    import pandas

_INK, _BLUE, _FAINT, _ALARM = "#1b2733", "#1f6aa5", "#6b7683", "#b04300"
_SIDE = 420
_STEADY = 10  # of fewer rows the share of hits jumps between nothing and all


def draw(candidate: Candidate, importance: pandas.DataFrame, folder: Path) -> None:
    """Draw calibration, gain, lift, precision at k and importance as `<name>.png` into a folder.

    Args:
        candidate: with its predictions of unseen rows.
        importance: `feature` (as people call it) and `share` of all pushes (0 to 1), largest first.
        folder: where the files go.

    """
    rows = curves.unseen(candidate.tested)
    gain = curves.gain(rows)
    steady = gain[gain["k"] >= min(_STEADY, len(rows))]
    for name, chart in {
        "calibration": _calibration(candidate.calibration),
        "gain": _gain(gain),
        "lift": _line(steady, "share", "lift", _("share of all, highest scores first"), _("lift")),
        "precision_at_k": _line(
            steady, "k", "precision", _("number called, highest scores first"), _("share of hits")
        ),
        "importance": _importance(importance),
    }.items():
        save(chart, folder / f"{name}.png")


def save(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write one chart as a PNG file."""
    import vl_convert

    spec = (
        chart.properties(width=_SIDE, background="white", padding=12)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12, titleFontSize=13, titleFontWeight="normal", labelColor=_INK,
            titleColor=_INK, gridColor="#e6eaee", domainColor=_FAINT,
        )
        .configure_title(fontSize=15, anchor="start", color=_INK, subtitleColor=_FAINT)
        .to_dict()
    )  # fmt: skip
    numbers: Literal["de-DE", "en-US"] = "de-DE" if spoken_language() == "de" else "en-US"
    path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2, format_locale=numbers))


def _calibration(bins: list[dict[str, float]]) -> alt.TopLevelMixin:
    import altair as alt

    share = alt.Scale(domain=[0, 1])
    promised = alt.X("promised:Q", scale=share, axis=_percent(_("promised")))
    base = _chart(bins).encode(x=promised)
    ends = _chart([{"at": 0}, {"at": 1}]).mark_line(color=_FAINT, strokeDash=[4, 4])
    exact = ends.encode(x=alt.X("at:Q", scale=share), y=alt.Y("at:Q", scale=share))
    spread = base.mark_rule(color=_BLUE, strokeWidth=2, opacity=0.5).encode(
        y=alt.Y("low:Q", scale=share, axis=_percent(_("observed"))), y2="high:Q"
    )
    points = base.mark_point(color=_BLUE, filled=True, size=70, opacity=1).encode(
        y=alt.Y("observed:Q", scale=share, axis=_percent(_("observed")))
    )
    return _titled(
        exact + spread + points,
        _SIDE,
        _("Calibration on rows not learnt from"),
        _("bars: 95 % interval; on the dashed line a promise is kept exactly"),
    )


def _gain(gain: pandas.DataFrame) -> alt.TopLevelMixin:
    import altair as alt

    curve = _chart(gain).mark_line(color=_BLUE, strokeWidth=2.5)
    drawn = curve.encode(
        x=alt.X("share:Q", axis=_percent(_("share of all, highest scores first"))),
        y=alt.Y("found:Q", axis=_percent(_("share of the positives found"))),
    )
    by_chance = _chart([{"at": 0}, {"at": 1}]).mark_line(color=_FAINT, strokeDash=[4, 4])
    return _titled(
        by_chance.encode(x="at:Q", y="at:Q") + drawn,
        _SIDE,
        _("Gain on rows not learnt from"),
        _("dashed: calling in random order"),
    )


def _line(gain: pandas.DataFrame, x: str, y: str, x_title: str, y_title: str) -> alt.TopLevelMixin:
    import altair as alt

    curve = _chart(gain).mark_line(color=_BLUE, strokeWidth=2.5)
    floor = {"lift": 1.0, "precision": float(gain["precision"].iloc[-1])}[y]
    level = _chart([{"at": floor}]).mark_rule(color=_FAINT, strokeDash=[4, 4])
    shares = {"share", "precision"}
    drawn = curve.encode(
        x=alt.X(f"{x}:Q", axis=_percent(x_title) if x in shares else alt.Axis(title=x_title)),
        y=alt.Y(f"{y}:Q", axis=_percent(y_title) if y in shares else alt.Axis(title=y_title)),
    )
    title = _("Lift on rows not learnt from") if y == "lift" else _("Precision at k")
    both = level.encode(y="at:Q") + drawn
    return _titled(both, 300, title, _("dashed: calling in random order"))


def _importance(importance: pandas.DataFrame) -> alt.TopLevelMixin:
    import altair as alt

    shown = importance.head(15)
    bars = _chart(shown).mark_bar(color=_BLUE, height=13)
    axis = alt.Axis(title=None, labelLimit=320, domain=False, ticks=False)
    drawn = bars.encode(
        x=alt.X("share:Q", axis=_percent(_("share of all pushes (mean absolute log-odds)"))),
        y=alt.Y("feature:N", sort=list(shown["feature"]), axis=axis),
    )
    return _titled(drawn, max(60, 24 * len(shown)), _("What the score rests on"), "")


def _chart(rows: pandas.DataFrame | list[dict[str, Any]]) -> alt.Chart:
    import altair as alt

    values = rows if isinstance(rows, list) else rows.to_dict("records")
    return alt.Chart(alt.Data(values=values))  # type: ignore[no-untyped-call]


def _percent(title: str) -> alt.Axis:
    import altair as alt

    return alt.Axis(format=".0%", title=title)


def _titled(
    chart: alt.Chart | alt.LayerChart, height: int, title: str, subtitle: str
) -> alt.TopLevelMixin:
    import altair as alt

    titled: alt.TopLevelMixin = chart.properties(
        title=alt.TitleParams(title, subtitle=subtitle or []), height=height
    )
    return titled


def draw_drift(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw how far each input has moved, beside what was usual, as a PNG file.

    Args:
        rows: `feature` (as people call it), `distance` and `usual` (0 to 1), `is_alarm`; largest
            distance first.
        path: of the file.

    """
    import altair as alt

    names = [row["feature"] for row in rows]
    color = alt.condition("datum.is_alarm", alt.value(_ALARM), alt.value(_BLUE))
    axis = alt.Axis(title=None, labelLimit=320, domain=False, ticks=False)
    base = _chart(rows).encode(y=alt.Y("feature:N", sort=names, axis=axis))
    bars = base.mark_bar(height=13).encode(
        x=alt.X("distance:Q", axis=_percent(_("share of the rows that moved"))), color=color
    )
    usual = base.mark_tick(color=_INK, thickness=2, size=18).encode(x="usual:Q")
    subtitle = _("tick: the most that was usual while it learnt; red: alarm")
    chart = _titled(bars + usual, max(60, 24 * len(rows)), _("Drift since the training"), subtitle)
    save(chart, path)
