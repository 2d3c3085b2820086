"""The trained models as a table on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from config.language import _, marked

if TYPE_CHECKING:
    from ml.judging.decisions import Version

DECISIONS: Final = {
    "champion": marked("passed"),
    "rejected": marked("not used"),
    "waiting": marked("waits"),
    "": marked("undecided"),
}


def models_table(versions: Sequence[Version]) -> Table | str:
    """Show the versions of each score, the newest first; ● is in force."""
    if not versions:
        return _("No model has been trained yet: `reifegrad train`.")
    table = Table(box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left")
    table.add_column(_("Score"), style="bold", no_wrap=True)
    table.add_column(_("Version"), no_wrap=True)
    table.add_column(_("Night"), no_wrap=True)
    table.add_column(_("Decision"), no_wrap=True)
    table.add_column(_("What the gate found"))
    for version in versions:
        mark = "● " if version.is_champion else "  "
        decision = _("in force") if version.is_champion else _(DECISIONS[version.decision])
        table.add_row(
            version.score, mark + version.version, version.night, decision, Text(version.says)
        )
    table.caption = _("● in force; where there is none, the rules of stage 2 score.")
    return table
