"""The stage of each use case, as the assessment stored it."""

from __future__ import annotations

from config import Settings
from warehouse import open_warehouse


def stages(settings: Settings) -> dict[str, int]:
    """Stage (0 to 3) per use case as of the latest assessed night until `settings.night`.

    A use case that was not assessed that night has none: its file was removed or renamed, so
    nothing shows that its data allow the method.
    """
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select use_case, stage from ops.maturity_stages"
            " where night <= ? qualify night = max(night) over ()",
            [settings.night],
        ).fetchall()
    return dict(rows)
