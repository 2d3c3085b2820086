"""The stage that each use case has reached, as the assessment wrote it down."""

from __future__ import annotations

from config import Settings
from warehouse import open_warehouse


def stages(settings: Settings) -> dict[str, int]:
    """Stage (0 to 3) per use case as of the latest assessed night until `settings.night`."""
    with open_warehouse(settings) as connection:
        rows = connection.execute(
            "select use_case, arg_max(stage, night) from ops.maturity_stages"
            " where night <= ? group by use_case",
            [settings.night],
        ).fetchall()
    return dict(rows)
