"""`reifegrad models …`: trying a score's YAML, and what stands behind the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reifegrad.options import AsJson, settings_now
from reifegrad.terminal.printing import say_json, show

if TYPE_CHECKING:
    import pandas

models_app = typer.Typer(no_args_is_help=True)


@models_app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The YAML of a score.")],
    table: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with the table to learn from."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Say what is wrong with a score's YAML, on which line; nothing is written or trained."""
    from ml.checking import check_spec
    from nights.preflight import Finding
    from reifegrad.terminal.overview_tables import findings_table

    given = _read_table(table) if table else None
    found = [
        Finding(check="models", level=finding.level, says=finding.says)
        for finding in check_spec(settings_now(), file, given)
    ]
    if json:
        say_json([finding.model_dump(mode="json") for finding in found])
    else:
        show(findings_table(found))
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(1)


def _read_table(path: Path) -> pandas.DataFrame:
    """Read the largest table of a file: text cells, as a spec takes them."""
    import pandas as pd

    from ingest import read_file

    largest = max(read_file(path), key=lambda table: table.row_count)
    return pd.DataFrame(largest.rows, columns=largest.columns)
