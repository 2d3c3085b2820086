"""The catalogue of messages: what the code says in English, in German in `config/de.po`.

`python -m reifegrad.catalogue` (`make messages`) takes new messages over and drops those that no
code says any more; with `--check` (`make lint`) it writes nothing and fails where one is missing.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Iterator
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from config.folders import PROJECT_ROOT
from config.language import CATALOGUE, use_language

ROOMS: Final = (
    "config",
    "vocabulary",
    "warehouse",
    "ingest",
    "fetch",
    "identity",
    "expectations",
    "report",
    "proposals",
    "desk",
    "ml",
    "crm",
    "workbooks",
    "nights",
    "sample",
    "reifegrad",
)
KEYWORDS: Final = {"_": None, "marked": None}
# Of other templates the texts stand in YAML.
KINDS: Final = [("**.py", "python"), ("pages/*.j2", "jinja2")]


def messages() -> set[str]:
    """Every message of the code: what stands in `_` and `marked`, and the command line's help."""
    found: set[str] = set()
    for room in ROOMS:
        folder = PROJECT_ROOT / room
        for _file, _line, message, *_rest in extract_from_dir(folder, KINDS, keywords=KEYWORDS):
            found.add(str(message))
    return found | set(_help())


def _help() -> Iterator[str]:
    from typer.main import get_command

    from reifegrad.cli import app
    from reifegrad.spoken import help_texts

    use_language("en")  # as the texts stand in the code
    for holder, name in help_texts(get_command(app)):
        if isinstance(text := getattr(holder, name), str):
            yield text


def update() -> Catalog:
    """Write the catalogue anew: sorted, new messages empty, those of no code left out."""
    known, wanted = _read(), messages()
    catalogue = Catalog(locale="de", project="Reifegrad", fuzzy=False)
    for message in sorted(wanted):
        was = known.get(message)
        catalogue.add(message, was.string if was else "", flags=was.flags if was else ())
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=100, omit_header=True, no_location=True)
    return catalogue


def problems() -> list[str]:
    """Tell what the catalogue lacks, a line per message; an empty list where it is complete."""
    known, wanted = _read(), messages()
    found = [f"is not in de.po: {message}" for message in sorted(wanted - set(_ids(known)))]
    for message in known:
        if not message.id:
            continue
        english, german = str(message.id), str(message.string)
        if english not in wanted:
            found.append(f"is said by no code: {english}")
        elif not german:
            found.append(f"has no translation: {english}")
        elif message.fuzzy:
            found.append(f"is marked as unsure (fuzzy): {english}")
        elif placeholders(english) != placeholders(german):
            found.append(f"has other placeholders in German: {english}")
    return found


def placeholders(message: str) -> set[str]:
    """Return the names that stand in braces."""
    return {name for _text, name, *_rest in string.Formatter().parse(message) if name is not None}


def _read() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="de")


def _ids(catalogue: Catalog) -> Iterator[str]:
    return (str(message.id) for message in catalogue if message.id)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        update()
    if left := problems():
        print("\n".join([*left, "Run `make messages` and translate in config/de.po."]))
        sys.exit(1)
