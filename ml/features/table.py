"""Any pandas table as a spec reads it: typed inputs, and labels of one and zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.written import is_placeholder, read_written
from ml.specs.feature import Feature
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas

MISSING = "(missing)"
# YAML reads `positive: Yes` as true: the values in a table that it may stand for.
_TRUE = {"true", "yes", "y", "on", "1", "ja", "wahr"}
_FALSE = {"false", "no", "n", "off", "0", "nein", "falsch"}


class TableError(Exception):
    """The table does not fit the spec; the message names the column and says what to change."""


class NotEnoughDataError(TableError):
    """There is too little to learn from; the message says what is missing."""


def read_inputs(frame: pandas.DataFrame, spec: Spec) -> pandas.DataFrame:
    """Bring the model's features into shape.

    Numeric features become float64; text is read as ingest reads it ("29,85", "1.234,50 €"), a
    date becomes days before the row's own day; blanks, infinities and what can't be read become
    NaN (`unread` tells). Categorical ones become text, missing ones `MISSING`.

    Raises:
        TableError: a column is missing, doubled, or holds nothing of its type.

    """
    import pandas as pd

    columns, cutoff = {}, _cutoff(frame, spec)
    for name, feature in spec.inputs.items():
        raw = _column(frame, feature, spec)
        is_number = feature.type == "numeric"
        columns[name] = _numbers(raw, feature, spec, cutoff) if is_number else _categories(raw)
    return pd.DataFrame(columns, index=frame.index)


def unread(frame: pandas.DataFrame, inputs: pandas.DataFrame, spec: Spec) -> list[str]:
    """Say of each column what of it is not used: cells that are no number, days left as text.

    Args:
        frame: the table.
        inputs: what `read_inputs` made of it.
        spec: `preparation.unread_share` is the share of filled cells up to which nothing is said.

    """
    told = []
    for name, feature in spec.inputs.items():
        raw = _column(frame, feature, spec)
        filled = ~(raw.isna() if raw.dtype.kind in "biufcmM" else is_placeholder(raw))
        if not filled.any():
            continue
        if feature.type == "numeric":
            lost = filled & inputs[name].isna()
            text = _(
                "{name}: {share:.0%} of the values are no number ({example!r}): they count as"
                " missing."
            )
        else:
            lost = filled & days_of(raw).notna()
            text = _(
                "{name}: {share:.0%} of the values are days ({example!r}), which teach nothing as"
                " text. Say type: numeric and name the day of the row in validation.time: then"
                " they count as days before it."
            )
            if lost.sum() * 2 < filled.sum():
                continue
        share = float(lost.sum() / filled.sum())
        if share > spec.preparation.unread_share:
            told.append(text.format(name=name, share=share, example=str(raw[lost].iloc[0])))
    return told


def read_labels(frame: pandas.DataFrame, spec: Spec) -> pandas.Series[float]:
    """Return 1 for the positive value, 0 for the others, NaN where the outcome is not known.

    Raises:
        TableError: there is no such column, or it does not hold the positive value.

    """
    import pandas as pd

    target = spec.target
    if target.column not in frame.columns:
        raise TableError(
            _("{file}: target.column: the table has no column {column!r}.").format(
                file=spec.file, column=target.column
            )
        )
    values = frame[target.column].map(_plain, na_action="ignore")
    values = values.where(values != "")
    present = sorted(values.dropna().unique())
    positive = _meant(True if target.positive is None else target.positive)
    if not positive & set(present):
        raise TableError(
            _(
                "{file}: target.positive: {column!r} never is {positive!r}; it holds"
                " {names}. Name the value to predict."
            ).format(
                file=spec.file,
                column=target.column,
                positive=target.positive,
                names=", ".join(map(repr, present[:5])) or _("nothing"),
            )
        )
    labels = pd.Series(0.0, index=frame.index).mask(values.isin(positive), 1.0).mask(values.isna())
    if target.negative is not None:
        known = values.isin(positive | _meant(target.negative))
        labels = labels.where(known)
    return labels


def days_of(raw: pandas.Series[Any]) -> pandas.Series[float]:
    """Read dates, and text that is one, as days since 1970 (with the part of the day); else NaN."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(raw):
        moments = raw.dt.tz_localize(None) if raw.dt.tz is not None else raw
        return (moments - pd.Timestamp(0)) / pd.Timedelta(days=1)
    if pd.api.types.is_numeric_dtype(raw):
        return pd.Series(float("nan"), index=raw.index)
    return read_written(raw.map(_plain, na_action="ignore"), "date")


def _cutoff(frame: pandas.DataFrame, spec: Spec) -> pandas.Series[Any] | None:
    """Find the day of each row, up to which its features were known: a snapshot's, or named."""
    time = "cutoff" if spec.snapshots else spec.validation.time
    return frame.get(time)


def _column(frame: pandas.DataFrame, feature: Feature, spec: Spec) -> pandas.Series[Any]:
    name = feature.name if feature.name in frame.columns else feature.column or feature.name
    if name not in frame.columns:
        raise TableError(
            _(
                "{file}: features.{name}: the table has no column {column!r}; mend"
                " `column` or remove the feature."
            ).format(file=spec.file, name=feature.name, column=name)
        )
    column = frame[name]
    if column.ndim != 1:
        raise TableError(
            _("{file}: features.{name}: the table has {column!r} twice.").format(
                file=spec.file, name=feature.name, column=name
            )
        )
    return column


def _numbers(
    raw: pandas.Series[Any], feature: Feature, spec: Spec, cutoff: pandas.Series[Any] | None
) -> pandas.Series[float]:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(raw):
        return raw.astype("float64").replace([np.inf, -np.inf], np.nan)
    days = days_of(raw)
    if days.notna().any() and days.notna().mean() > raw.notna().mean() / 2:
        if cutoff is None:
            raise TableError(
                _(
                    "{file}: features.{name}: is a date ({example}); a model needs days before"
                    " the cut-off as a number. Name the column with the day of the row in"
                    " validation.time, or remove the feature."
                ).format(file=spec.file, name=feature.name, example=raw.dropna().iloc[0])
            )
        return days_of(cutoff) - days
    is_text = raw.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    numbers = pd.to_numeric(raw.mask(is_text), errors="coerce").astype("float64")
    numbers = numbers.where(~is_text, read_written(raw.where(is_text), "number"))
    numbers = numbers.replace([np.inf, -np.inf], np.nan)
    if numbers.isna().all() and not is_placeholder(raw).all():
        raise TableError(
            _("{file}: features.{name}: no value is a number; say type: categorical.").format(
                file=spec.file, name=feature.name
            )
        )
    return numbers


def _categories(raw: pandas.Series[Any]) -> pandas.Series[Any]:
    text = raw.map(_plain, na_action="ignore").astype(object)
    return text.where(text.notna() & (text != ""), MISSING)


def _plain(value: object) -> str:
    """One spelling per value, whether a column came as 1, 1.0 or "1"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _meant(value: str | bool | int | float) -> set[str]:
    if isinstance(value, bool):
        words = _TRUE if value else _FALSE
        return {spelling for word in words for spelling in (word, word.title(), word.upper())}
    return {_plain(value)}
