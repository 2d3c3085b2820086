"""The pages of `docs/reference`, made of code and YAML, so that they say what holds.

`python -m reifegrad.reference` (`make reference`) writes them; with `--check` (`make lint`) it
writes nothing and fails where one is not what would be written. In English, as the code is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from config import PROJECT_ROOT, Settings, read_yaml
from config.language import use_language

if TYPE_CHECKING:
    from expectations.specification import Expectation

# Tried by tests/docs/test_reference.py.
KEY_FORMS = (
    ('`"00000"`', "as digits, with zeros before them up to this width: `123` → `00123`"),
    ('`"0"`', "as digits without zeros before them: `00123` → `123`"),
    ('`"K-00000"`', "with `K-` before the digits: `123`, `k 123` → `K-00123`"),
    ('`"[K-]0"`', "without the `K-` that may stand there: `K-0123` → `123`"),
    ("`upper`, `lower`", "in capitals or small letters, without blanks: `ab 1x` → `AB1X`"),
)
FOLDER: Final = PROJECT_ROOT / "docs" / "reference"
# Variables that are read beside the settings: the programs that they belong to read them too.
OTHER_VARIABLES: Final = {
    "REIFEGRAD_AIRFLOW_PASSWORD": (
        "made at the first start",
        "password of Airflow's user `admin`",
    ),
    "MLFLOW_TRACKING_URI": ("SQLite in the home", "an MLflow server instead"),
}


def pages() -> dict[Path, str]:
    """Return every page by its path."""
    use_language("en")
    makers: dict[str, tuple[str, str, Callable[[], Iterator[str]]]] = {
        "settings": ("Settings", "config/settings.py", _settings),
        "commands": ("Commands", "reifegrad/cli.py", _commands),
        "night": ("Steps of the night", "nights/steps.py", _night),
        "canonical-columns": ("Canonical columns", "vocabulary/entities.yml", _entities),
        "marts": ("Marts", "the YAML files beside dbt_project/models/marts", _marts),
        "expectations": ("Expectations", "expectations/*.yml", _expectations),
    }
    return {
        FOLDER / f"{name}.md": "\n".join([f"# {title}", "", _made_of(origin), "", *content(), ""])
        for name, (title, origin, content) in makers.items()
    }


def stale() -> list[Path]:
    """Return the pages that are not what code and YAML say."""
    return [
        path
        for path, content in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]


def _made_of(origin: str) -> str:
    return f"Made of {origin} by `make reference`: change it there, not here."


def _table(header: str, rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Write a table; the header's cells are parted by ` | `."""
    yield from ("", f"| {header} |", f"|{'---|' * len(header.split(' | '))}")
    yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")


def _settings() -> Iterator[str]:
    yield "They stand in `settings.env` in the config folder; a variable of the same name in the"
    yield "environment wins. Secrets never stand there: the environment has them, or they are made"
    yield "at the first start and kept in the home, readable by its owner only."
    fields = (
        (f"`REIFEGRAD_{name.upper()}`", _default(field.default), _values(field.annotation, field))
        for name, field in Settings.model_fields.items()
    )
    others = ((f"`{name}`", *said) for name, said in OTHER_VARIABLES.items())
    yield from _table("variable | default | meaning", [*fields, *others])


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT_ROOT)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _values(annotation: object, field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    """Say what a field means, and which values it may have where they are a few."""
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    allowed = f"{' or '.join(f'`{choice}`' for choice in choices)}: " if choices else ""
    return f"{allowed}{field.description}"


def _commands() -> Iterator[str]:
    from typer.main import get_command

    from reifegrad.cli import app

    yield "Exit codes: 0 success; 1 a failure, named in one line on stderr; 2 wrong usage. What"
    yield "people do with these commands stands in [install and run](../how-to/install-and-run.md)."
    root = get_command(app)
    yield from ("", f"`reifegrad`: {root.help}")
    yield from _parameters(root)
    yield from _below("reifegrad", root)


def _below(path: str, group: Any) -> Iterator[str]:  # noqa: ANN401 - typer's own are private
    for name, command in group.commands.items():
        full = f"{path} {name}"
        if hasattr(command, "commands"):
            yield from _below(full, command)
            continue
        yield from ("", f"## {full}", "", str(command.help))
        yield from _parameters(command)


def _parameters(command: Any) -> Iterator[str]:  # noqa: ANN401 - typer's own are private
    rows = [
        (_spelling(parameter), _option_default(parameter), parameter.help or "")
        for parameter in command.params
    ]
    if rows:
        yield from _table("argument or option | default | meaning", rows)


def _spelling(parameter: Any) -> str:  # noqa: ANN401 - typer's own are private
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in reversed(parameter.opts))


def _option_default(parameter: Any) -> str:  # noqa: ANN401 - typer's own are private
    if parameter.required:
        return "required"
    if parameter.default is None or parameter.default is False:
        return ""
    return f"`{parameter.default}`"


def _night() -> Iterator[str]:
    from nights.steps import NIGHT

    yield "Each step is a task of its DAG; `reifegrad run` takes the same steps in this order."
    rows = (
        (f"`{dag}`", f"`{step.name}`", ", ".join(f"`{name}`" for name in step.chooses))
        for dag, steps in NIGHT.items()
        for step in steps
    )
    yield from _table("DAG | step | chooses among", rows)


def _entities() -> Iterator[str]:
    from ingest.mapping.entities import load_entities

    yield "What the columns of a file are mapped to in `sources.yml`"
    yield "([how](../how-to/new-file.md)). All arrive as text in the view"
    yield "`raw.<view>`; dbt's staging models give them the type that stands here. A reference"
    yield "holds the record id, `<source>:<key>`, of the record that it points to. *finds the"
    yield "customer*: by one of these the warehouse finds whose record it is."
    yield ""
    yield "Where files write one key in several ways (`00123`, `123`, `k 123`), `key_form` below"
    yield "the `key` of the records brings it and all references to it to one:"
    yield from _table("`key_form` | a key is written", KEY_FORMS)
    for entity in load_entities().values():
        yield from ("", f"## {entity.name}", "", f"View `raw.{entity.view}`.")
        rows = (
            (
                f"`{column.name}`",
                f"reference to {column.ref}" if column.ref else column.kind,
                "yes" if column.name in entity.ties else "",
            )
            for column in entity.columns.values()
        )
        yield from _table("column | type | finds the customer", rows)


def _marts() -> Iterator[str]:
    yield "The schema `marts`; contracts hold the types. *personal*: the kind of personal data, of"
    yield "which `config/privacy.yml` says what analysts see. Tables and columns carry these"
    yield "descriptions as comments in the warehouse."
    for model in sorted(_mart_models(), key=lambda model: str(model["name"])):
        yield from ("", f"## {model['name']}", "", _cell(model["description"]))
        rows = (
            (
                f"`{column['name']}`",
                column["data_type"],
                "" if _may_be_null(column) else "never",
                column.get("config", {}).get("meta", {}).get("personal", ""),
                column["description"],
            )
            for column in model["columns"]
        )
        yield from _table("column | type | null | personal | meaning", rows)


def _mart_models() -> Iterator[dict[str, Any]]:
    for path in sorted((PROJECT_ROOT / "dbt_project" / "models" / "marts").glob("*.yml")):
        yield from read_yaml(path).get("models", ())


def _may_be_null(column: dict[str, Any]) -> bool:
    return {"type": "not_null"} not in column.get("constraints", ())


def _expectations() -> Iterator[str]:
    from expectations.specification import load_audit, load_use_cases

    folder = PROJECT_ROOT / "expectations"
    yield "What the data must satisfy, per use case and stage; a stage is reached where everything"
    yield "up to it holds. [Stages](../explanation/maturity.md) says how it is measured and what"
    yield "the types (`complete`, `rows`, `fresh` …) mean."
    for case in load_use_cases(folder):
        yield from ("", f"## {case.title_en}", "", f"`expectations/{case.name}.yml`.")
        yield from ("", f"Decision: {case.decision_en}", "")
        yield from (f"- Stage {n}: {stage.description_en}" for n, stage in case.stages.items())
        yield from _checks(case.checks)
    audit = load_audit(folder)
    yield from ("", f"## {audit.title_en}", "", f"`expectations/{audit.name}.yml`.")
    yield from _checks(audit.checks)


def _checks(checks: Iterable[tuple[int, Expectation]]) -> Iterator[str]:
    from expectations.checks import statement

    rows = []
    for stage, item in checks:
        required, _, why = statement(item).removeprefix(f"{item.name}: ").partition(". ")
        mart = f"`{item.mart}`" if item.mart else "a query"
        rows.append((stage or "audit", f"`{item.name}`", mart, required, why))
    yield from _table("stage | expectation | mart | required | why", rows)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        FOLDER.mkdir(exist_ok=True)
        for path, content in pages().items():
            path.write_text(content, encoding="utf-8")
    elif left := stale():
        names = ", ".join(str(path.relative_to(PROJECT_ROOT)) for path in left)
        sys.exit(f"Not as code and YAML say: {names}. Run `make reference`.")
