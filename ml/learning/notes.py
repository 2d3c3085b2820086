"""What a training tells of a table's columns: left out, not read, of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.language import _
from ml.features.table import unread
from ml.learning.estimators import varying

if TYPE_CHECKING:
    import pandas

    from ml.specs.spec import Spec


def nothing_left(left_out: dict[str, str], spec: Spec) -> str:
    """Say why there is no feature to learn from."""
    if not left_out:
        return _("{file}: no feature has more than one value: nothing to learn from.").format(
            file=spec.file
        )
    return _(
        "{file}: nothing to learn from: every feature is nearly the outcome ({found}). Name"
        " features that are known before it."
    ).format(file=spec.file, found="; ".join(f"{name}: {why}" for name, why in left_out.items()))


def notes(
    frame: pandas.DataFrame, inputs: pandas.DataFrame, left_out: dict[str, str], spec: Spec
) -> list[str]:
    """Say what of the table was left out, not read or of no use, one sentence per column."""
    warnings = [
        _(
            "{name} was left out: {why}. Probably it was written after the outcome; if you know"
            " that it was not, say so with the reason in leaks.cleared."
        ).format(name=name, why=why)
        for name, why in left_out.items()
    ]
    constant = set(inputs) - set(varying(inputs))
    for name in inputs:
        distinct = inputs[name].nunique()
        if name in constant:
            warnings.append(_("{name}: has only one value and was left out.").format(name=name))
        elif (
            inputs[name].dtype == object
            and name not in left_out
            and distinct > max(len(inputs) / 2, 2)
        ):
            warnings.append(
                _(
                    "{name}: {distinct} different values in {count} rows; it looks like a name"
                    " or number of the row, which teaches nothing."
                ).format(name=name, distinct=distinct, count=len(inputs))
            )
    return warnings + unread(frame, inputs, spec)
