"""Any pandas table as a spec reads it: typed inputs, and labels of one and zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from config.language import _
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

    Numeric features become float64; blanks, infinities and text that is no number become NaN.
    Categorical ones become text, missing ones `MISSING`.

    Raises:
        TableError: a column is missing, doubled, or holds nothing of its type.

    """
    import pandas as pd

    columns = {}
    for name, feature in spec.inputs.items():
        raw = _column(frame, feature, spec)
        columns[name] = (
            _numbers(raw, feature, spec) if feature.type == "numeric" else _categories(raw)
        )
    return pd.DataFrame(columns, index=frame.index)


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


def _numbers(raw: pandas.Series[Any], feature: Feature, spec: Spec) -> pandas.Series[float]:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(raw):
        raise TableError(
            _(
                "{file}: features.{name}: is a date; a model needs days before the"
                " cut-off as a number."
            ).format(file=spec.file, name=feature.name)
        )
    if not pd.api.types.is_numeric_dtype(raw):
        raw = raw.map(lambda value: value.strip() if isinstance(value, str) else value)
    numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
    numbers = numbers.replace([np.inf, -np.inf], np.nan)
    if numbers.isna().all() and raw.notna().any() and (raw.dropna().astype(str) != "").any():
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
