"""What a score's YAML would give, as tables on a terminal: drafted rules, and models tried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from config.language import _, marked, spoken_language
from reifegrad.terminal.overview_tables import NOTHING, titled_table

if TYPE_CHECKING:
    from ml import Candidate
    from ml.drafting import Draft, DraftRule

REMARKS: Final = {
    "kept": marked("too few rows to learn from: in proportion to the others"),
    "new": marked("new: is there a reason for it?"),
    "turned": marked("the history says the opposite: leave it out?"),
    "learnt": NOTHING,
}


def draft_tables(draft: Draft) -> Iterator[Table | str]:
    """Yield a table per stage and what the draft is worth on rows not learnt from."""
    target = getattr(draft.spec.target.title, spoken_language(), draft.spec.target.column)
    yield _("{rows} rows with a known outcome, {positives} of them: {outcome}.").format(
        rows=draft.rows, positives=draft.positives, outcome=target
    )
    present_base = draft.spec.rules.base if draft.spec.rules else 0
    for stage, rules in draft.stages.items():
        table = titled_table(
            _("Rules of stage {stage}").format(stage=stage),
            _("Condition"),
            _("Now"),
            _("Draft"),
            _("Rows"),
            _("Share with it"),
            _("Log loss saved"),
            _("Remark"),
            numbers={1, 2, 3, 4, 5},
        )
        table.add_row(_("to begin with"), str(present_base), str(draft.base), "", "", "", "")
        for rule in rules:
            table.add_row(*_row(rule))
        yield table
        yield _verdict(draft.measures[stage])


def _row(drafted: DraftRule) -> Iterator[Text]:
    is_turned = drafted.kind == "learnt" and drafted.points == 0
    remark = REMARKS["turned" if is_turned else drafted.kind]
    cells = (
        " ".join(drafted.rule.when.split()),
        NOTHING if drafted.kind == "new" else str(drafted.rule.points),
        str(drafted.points),
        str(drafted.rows),
        f"{drafted.share:.0%}" if drafted.rows else NOTHING,
        f"{100 * drafted.gain:+.1f} % ({100 * drafted.low:+.1f} … {100 * drafted.high:+.1f})",
        _(remark),
    )
    return (Text(cell) for cell in cells)


def _verdict(measures: dict[str, float]) -> str:
    told = _(
        "On rows not learnt from: AUC {present_auc:.3f} now, {drafted_auc:.3f} drafted; average"
        " precision {present_precision:.3f} now, {drafted_precision:.3f} drafted."
    ).format(**measures)
    is_better = all(
        measures[f"drafted_{name}"] > measures[f"present_{name}"] for name in ("auc", "precision")
    )
    advice = (
        _("The draft is better: worth taking over what convinces you.")
        if is_better
        else _("The draft is not better on both: the present points may stay.")
    )
    return f"{told} {advice}\n"


def candidate_tables(learnt: Candidate) -> Iterator[Table | str]:
    """Yield how good each candidate was on rows not learnt from, and what was left out."""
    metrics = learnt.metrics
    told = _("{file}: tested on {rows} rows not learnt from, {share:.0%} of them positive.")
    rows = learnt.tested["row"].nunique()
    yield told.format(file=learnt.spec.file, rows=rows, share=metrics["base_rate"])
    table = titled_table(
        _("Candidates"), _("Model"), "AUC", "±", _("Log loss"), "Brier", _("Calibration error"),
        numbers={1, 2, 3, 4, 5},
    )  # fmt: skip
    figures = ("auc", "auc_error", "log_loss", "brier", "calibration_error")
    for name, trial in learnt.trials.items():
        chosen = _("{name} (chosen)").format(name=name) if name == learnt.name else name
        table.add_row(chosen, *(f"{trial[figure]:.3f}" for figure in figures))
    rivals = {"rules_1": _("rules of stage 1"), "rules_2": _("rules of stage 2")}
    rivals["baseline"] = _("{feature} alone").format(feature=learnt.baseline)
    for name, told in rivals.items():
        if f"{name}_auc" in metrics:
            table.add_row(told, f"{metrics[f'{name}_auc']:.3f}", *[NOTHING] * 4)
    yield table
    for name, reason in learnt.left_out.items():
        yield _("Left out: {name}: {reason}").format(name=name, reason=reason)
    yield from learnt.warnings
