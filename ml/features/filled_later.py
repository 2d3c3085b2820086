"""Attributes that were probably filled or changed after the outcome, where no history tells when.

An attribute of the entity's own row is, before its history begins, only known as it stands today.
Two signs tell that it does not stand as it stood at the cut-off:

1. it is blank (or zero) clearly more often with one outcome than with the other: whoever wins gets
   the size from the ERP, whoever loses the amount 0. It may be honest, but nothing shows it;
2. a value that many of one outcome have, hardly any undecided one has: it comes with the outcome.

The interval of the difference of two shares is Newcombe's (`ml.features.shares`), the limits stand
in `ml/specs/defaults.yml` (`leaks`). The model does without such an attribute until its history
reaches back far enough; a person may clear it (`leaks.cleared`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from config.language import _
from ml.features.shares import difference
from ml.specs.sections import Leaks
from ml.specs.spec import Spec

if TYPE_CHECKING:
    import pandas

_BLANK = "(blank)"
_MOST_VALUES = 30  # rarer ones say nothing about a share


def find_filled_later(
    frame: pandas.DataFrame, undecided: pandas.DataFrame, spec: Spec, since: date | None
) -> dict[str, str]:
    """Name features that may have been filled after the outcome, each with what shows it.

    Args:
        frame: a training frame; of each entity its last row is looked at.
        undecided: tonight's scoring frame.
        spec: says which features are attributes of the entity's own row.
        since: the first night of the entity's history; rows from then on are as they were known.

    """
    if since is not None:
        frame = frame[frame["cutoff"].dt.date < since]
    last = frame.drop_duplicates("entity_id", keep="last")
    outcome = last[spec.target.column].to_numpy() == 1
    found: dict[str, str] = {}
    for name in attributes(spec):
        cells, now = (_cells(rows[name]) for rows in (last, undecided))
        reason = _blank_by_outcome(cells[outcome], cells[~outcome], spec.leaks) or _comes_with(
            cells[outcome], cells[~outcome], now, spec.leaks
        )
        if reason:
            found[name] = reason
    for name, feature in spec.inputs.items():
        made_of = set(re.findall(r"\w+", feature.sql or "")) & set(found)
        if feature.source == "features" and made_of:
            found[name] = _("made of {names}").format(names=", ".join(sorted(made_of)))
    return found


def attributes(spec: Spec) -> list[str]:
    """Name the inputs that are plain columns of the own row; what counts from `cutoff` changes."""
    return [
        name
        for name, feature in spec.inputs.items()
        if feature.source == "entity" and "cutoff" not in re.findall(r"\w+", feature.sql or "")
    ]


def _cells(values: pandas.Series[Any]) -> pandas.Series[str]:
    """Blank, zero or the value; all that are rare or numbers as one."""
    import pandas as pd

    is_number = pd.api.types.is_numeric_dtype(values)
    blank = values.isna() | (values == (0 if is_number else ""))
    if is_number and values.nunique() > _MOST_VALUES:
        cells = pd.Series("(a number)", index=values.index)
    else:
        cells = values.astype(str)
    return cells.mask(blank, _BLANK)


def _blank_by_outcome(
    positive: pandas.Series[str], negative: pandas.Series[str], limits: Leaks
) -> str | None:
    if positive.empty or negative.empty:
        return None
    with_it, without = ((cells == _BLANK).mean() for cells in (positive, negative))
    low, high = difference(with_it, len(positive), without, len(negative))
    if low <= limits.blank_gap and high >= -limits.blank_gap:
        return None
    return _(
        "blank or 0 for {with_it:.0%} of those with the outcome and {without:.0%} of those without:"
        " it may have been filled afterwards; no history reaches back that far"
    ).format(with_it=with_it, without=without)


def _comes_with(
    positive: pandas.Series[str],
    negative: pandas.Series[str],
    undecided: pandas.Series[str],
    limits: Leaks,
) -> str | None:
    if undecided.empty:
        return None
    for own, other in ((positive, negative), (negative, positive)):
        shares = own.value_counts(normalize=True)
        for value, share in shares[shares >= limits.blank_gap].items():
            rivals = ((cells == value).mean() for cells in (undecided, other))
            sizes = (len(undecided), len(other))
            if all(
                size and difference(share, len(own), min(rival * limits.comes_with, 1), size)[0] > 0
                for rival, size in zip(rivals, sizes, strict=True)
            ):
                return _(
                    "{value} for {share:.0%} of one outcome, but hardly any that are undecided: it"
                    " comes with the outcome; no history reaches back that far"
                ).format(value=value, share=share)
    return None
