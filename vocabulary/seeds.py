"""What dbt needs of the vocabulary: seeds and macros, of the YAML files beside this one.

`python -m vocabulary.seeds` (`make vocabulary`) writes them; with `--check` (`make lint`) it writes
nothing and fails where one is not what would be written.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT
from vocabulary.columns import company_columns, customer_attributes
from vocabulary.job_titles import role_names
from vocabulary.words import free_mail_domains, words

DBT: Final = PROJECT_ROOT / "dbt_project"
_WRITTEN_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_MACROS: Final = """\
{{# Made of vocabulary/words.yml by `make vocabulary`; change it there. Placeholders as regular
   expressions, a space stands for any or no marks. #}}
{{% macro placeholders_everywhere() -%}}
    {everywhere}
{{%- endmacro %}}


{{# These too, but not where people, their initials or countries stand. #}}
{{% macro placeholders_but_for_people_and_countries() -%}}
    {but_for_people_and_countries}
{{%- endmacro %}}
"""
_COLUMNS: Final = """\
{{# Made of vocabulary/entities.yml by `make vocabulary`; change it there. Names parted by spaces,
   to be split: sqlfluff knows no lists as results of macros. Of one kind, or all. #}}
{{% macro company_columns(kind=none) -%}}
{company}
{{%- endmacro %}}


{{% macro customer_attributes(kind=none) -%}}
{customer}
{{%- endmacro %}}
"""


def files() -> dict[Path, str]:
    """Return what dbt needs: its files with their content."""
    kinds = words()["placeholders"]
    everywhere = (phrase for phrases in kinds["everywhere"] for phrase in phrases)
    macros = _MACROS.format(
        everywhere=_pattern(everywhere),
        but_for_people_and_countries=_pattern(kinds["but_for_people_and_countries"]),
    )
    return {
        DBT / "seeds/free_mail_domains.csv": _table(
            ["domain"], ([domain] for domain in sorted(free_mail_domains()))
        ),
        DBT / "seeds/country_names.csv": _table(["name", "country_code"], sorted(_countries())),
        DBT / "seeds/buying_roles.csv": _table(
            ["buying_role", "name_de", "name_en"],
            ([role, names["de"], names["en"]] for role, names in role_names().items()),
        ),
        DBT / "macros/vocabulary.sql": macros,
        DBT / "macros/columns.sql": _COLUMNS.format(
            company=_by_kind(company_columns()), customer=_by_kind(customer_attributes())
        ),
    }


def stale() -> list[Path]:
    """Return the files that are not as `vocabulary/*.yml` have it."""
    return [
        path
        for path, content in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]


def _by_kind(columns: dict[str, str]) -> str:
    """Write names as Jinja that leaves those of one kind, or all."""
    lines = [
        f"    {{{{- '{name} ' if kind in (none, '{kind}') }}}}" for name, kind in columns.items()
    ]
    return "\n".join(lines)


def _countries() -> Iterator[tuple[str, str]]:
    """Names in lower case, with and without umlauts and accents, and their codes."""
    for code, names in words()["countries"].items():
        for spelling in {form for name in names for form in _spellings(name.lower())}:
            yield spelling, code


def _spellings(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return {
        name,
        name.translate(_WRITTEN_OUT),
        "".join(c for c in plain if not unicodedata.combining(c)),
    }


def _pattern(phrases: Iterable[str]) -> str:
    """Write phrases as one pattern, those with the same first word together.

    Each space becomes a class of all marks, and with many of them DuckDB's engine (RE2) falls back
    to one that took 45 times as long.
    """
    rests: dict[str, list[str]] = {}
    for phrase in phrases:
        first, _, rest = phrase.partition(" ")
        rests.setdefault(first, []).append(rest)
    return "|".join(_escaped(first) + _ending(rests[first]) for first in rests)


def _ending(rests: list[str]) -> str:
    more = _pattern(rest for rest in rests if rest)
    return f"( ({more}))" + "?" * ("" in rests) if more else ""


def _escaped(word: str) -> str:
    """Escape what means something in a pattern or ends a text in SQL."""
    return re.sub(r"([.+*?()\[\]|\\^$])", r"\\\1", word).replace("'", "''")


def _table(header: list[str], rows: Iterable[Iterable[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows])
    return written.getvalue()


if __name__ == "__main__":
    if "--check" not in sys.argv:
        for path, content in files().items():
            path.write_text(content, encoding="utf-8")
    elif left := stale():
        names = ", ".join(str(path.relative_to(PROJECT_ROOT)) for path in left)
        sys.exit(f"Not as vocabulary/*.yml has it: {names}. Run `make vocabulary`.")
