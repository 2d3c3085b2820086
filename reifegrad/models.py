"""`reifegrad models …`: trying a score's YAML, and deciding which model is in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reifegrad.options import AsJson, Night, settings_now, settings_of
from reifegrad.terminal.printing import say, say_json, show

if TYPE_CHECKING:
    import pandas

    from config import Settings
    from ml import Spec

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


@models_app.command()
def draft(
    score: Annotated[str, typer.Argument(help="A score's name: that of its file in models/.")],
    to: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the drafted rules there; else only show them."),
    ] = None,
    night: Night = None,
) -> None:
    """Draft the rules of stages 1 and 2 from the history, beside the present ones; to be judged."""
    from config.language import _
    from ml.drafting import draft_rules
    from ml.specs.files import load_specs
    from reifegrad.terminal.model_tables import draft_tables

    settings = settings_of(night)
    drafted = draft_rules(settings, load_specs(settings, [score])[0])
    show(*draft_tables(drafted))
    if to:
        _write_new(to, drafted.text())
        told = _("Written to {file}: take over what convinces you into models/{score}.yml.")
        say(told.format(file=to, score=score))


@models_app.command(name="try")
def try_out(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The YAML of a score.")],
    table: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A file with the table to learn from."),
    ] = None,
    night: Night = None,
) -> None:
    """Learn by a score's YAML and show how good it would be; no model is kept."""
    from ml import load_spec, train
    from reifegrad.terminal.model_tables import candidate_tables

    spec = load_spec(file)
    frame = _read_table(table) if table else _read_marts(settings_of(night), spec)
    show(*candidate_tables(train(frame, spec)))


def _read_marts(settings: Settings, spec: Spec) -> pandas.DataFrame:
    from ml import training_frame
    from warehouse import open_warehouse

    with open_warehouse(settings) as connection:
        return training_frame(connection, spec, settings.night)


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet: what a person has edited is never replaced."""
    from config import ConfigurationError
    from config.language import _

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        told = _("{path} can't be written ({problem}): choose a new name in a folder of yours.")
        raise ConfigurationError(told.format(path=path, problem=error.strerror)) from error


Score = Annotated[str, typer.Argument(help="Name in models/.", show_default=False)]
Version = Annotated[
    str | None, typer.Option(help="A version of `models list`; default: the one that waits.")
]
Why = Annotated[str, typer.Option(help="The reason, for the record.")]
By = Annotated[str | None, typer.Option(help="Who decides; default: the user of this machine.")]


@models_app.command(name="list")
def list_models(
    score: Annotated[str | None, typer.Argument(help="Name in models/; default: all.")] = None,
    json: AsJson = False,
) -> None:
    """List the trained models: which one is in force, and what the gate found of each."""
    from dataclasses import asdict

    from ml.judging.decisions import list_versions
    from reifegrad.terminal.version_tables import models_table

    found = list_versions(settings_now(), score)
    if json:
        say_json([asdict(version) for version in found])
    else:
        show(models_table(found))


@models_app.command()
def approve(
    score: Score,
    version: Version = None,
    why: Why = "",
    by: By = None,
) -> None:
    """Put a model in force that waits for a person; the next scoring uses it."""
    from ml.judging.decisions import approve as put_in_force

    say(put_in_force(settings_now(), score, by or _user(), version, why))


@models_app.command()
def reject(
    score: Score,
    version: Version = None,
    why: Why = "",
    by: By = None,
) -> None:
    """Turn down a model that waits for a person; what was in force stays."""
    from ml.judging.decisions import turn_down

    say(turn_down(settings_now(), score, by or _user(), version, why))


@models_app.command()
def rollback(
    score: Score,
    to: Annotated[
        str | None, typer.Option(help="A version, or `rules`; default: the champion before.")
    ] = None,
    why: Why = "",
    by: By = None,
) -> None:
    """Put an earlier model, or the rules, in force again; new ones then wait for a person."""
    from ml.judging.decisions import roll_back

    say(roll_back(settings_now(), score, by or _user(), to, why))


def _user() -> str:
    from getpass import getuser

    return getuser()


def _read_table(path: Path) -> pandas.DataFrame:
    """Read the largest table of a file: text cells, as a spec takes them."""
    import pandas as pd

    from ingest import read_file

    largest = max(read_file(path), key=lambda table: table.row_count)
    return pd.DataFrame(largest.rows, columns=largest.columns)
