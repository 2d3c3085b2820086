"""Damages to the sample company's marts, and what each must lower: a person's judgement.

`damages.yml` declares them. What falls is said from the meaning of the use cases (which method
needs which data), not read from `expectations/*.yml`. All damages are SQL and the same each time:
rows are chosen by their hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from config import PROJECT_ROOT
from config.settings import read_yaml

# Mart -> its key.
KEYS = {
    "customers": "customer_id",
    "orders": "order_id",
    "order_lines": "order_line_id",
    "contacts": "contact_id",
    "leads": "lead_id",
    "tickets": "ticket_id",
    "interactions": "interaction_id",
    "consents": "consent_id",
    "products": "product_id",
    "offer_lines": "offer_line_id",
}
# What a damage is of if it does not say so itself.
KINDS = {"blank": "blank", "say": "placeholder", "shuffle": "shuffle", "swap": "swap",
         "empty": "drop", "older": "age"}  # fmt: skip
SHUFFLED = """
create temp table places as select {key} as id, {column} as old,
    row_number() over (order by hash({key})) as place from marts.{mart};
create temp table others as select old,
    row_number() over (order by hash(id || 'shuffled')) as place from places;
update marts.{mart} m set {column} = o.old
from places p join others o using (place) where p.id = m.{key};
"""
# A day read as a month; null where there is no such month.
SWAPPED = "try_cast(strftime({0}, '%Y-%d-%m') as timestamp) + ({0}::timestamp - date_trunc('day', {0}::timestamp))"  # noqa: E501


@dataclass(frozen=True)
class Records:
    """The records that the to-do of one expectation must list, by hand-written SQL."""

    use_case: str
    expectation: str
    sql: str


@dataclass(frozen=True)
class Mutation:
    """One damage, the stages that it must lower (no others), and what must be said of it."""

    name: str
    kind: str
    sql: str
    # use case -> stage that is left, expectation that says why
    falls: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    cause: Literal["source", "data"] | None = None  # None: either may be said
    records: tuple[Records, ...] = ()
    audit: frozenset[str] = frozenset()  # what of the audit must fail
    why_unnoticed: str = ""


@cache
def _declared() -> dict[str, Any]:
    return read_yaml(Path(__file__).with_name("damages.yml"))


def completing() -> str:
    """Write the SQL that adds what the sample lacks for the highest stage of three use cases."""
    return str(_declared()["completed"]) + deriving()


def deriving() -> str:
    """Write the SQL of what the marts derive from each other, as dbt would after a damage."""
    return str(_declared()["derived"])


def all_mutations() -> list[Mutation]:
    """List every damage, in the order in which the table shows them."""
    return [_mutation(entry) for part in ("first", "fresh") for entry in _declared()[part]]


def _mutation(entry: dict[str, Any]) -> Mutation:
    does = next(key for key in entry if key in WAYS)
    name, sql = WAYS[does](entry)
    falls = {
        use_case: (int(reason[0]), reason[2:])
        for reason, use_cases in entry.get("falls", {}).items()
        for use_case in use_cases.split()
    }
    cause: Any = {"empty": "source", "older": "source"}.get(does, "data") if falls else None
    return Mutation(
        entry.get("name", name),
        entry.get("kind", KINDS.get(does)),
        _some(sql),
        falls,
        entry.get("cause", cause),
        tuple(
            Records(*place.split("."), _some(_listing(which)))
            for place, which in entry.get("lists", {}).items()
        ),
        frozenset(entry.get("audit", "").split()),
        entry.get("unnoticed", ""),
    )


def _some(sql: str) -> str:
    """Choose so many of a hundred rows by the hash of a column: `{5 % of order_id}`."""
    chosen = re.compile(r"\{([\d.]+) % of (\w+)( \w+)?\}")
    return chosen.sub(
        lambda m: f"hash({m[2]} || '{(m[3] or '')[1:]}') % 1000 < {round(float(m[1]) * 10)}", sql
    )


def _listing(which: str) -> str:
    mart = which.partition(" ")[0]
    return f"select {KEYS[mart]} from marts.{which}" if mart in KEYS else which


def _set(entry: dict[str, Any], does: str, value: str, where: str) -> str:
    mart, column = entry[does].split(".")
    return f"update marts.{mart} set {column} = {value} where {where};"


def _share(entry: dict[str, Any], does: str) -> str:
    """Choose the share of a mart's rows by the rank of a hash.

    By rank, because of 514 customers those whose hash lies below 12 % were 15 %.
    """
    mart = entry[does].split(".")[0]
    rank, share = f"hash({KEYS[mart]} || '')", entry["percent"] / 100
    return f"{rank} <= (select quantile_disc({rank}, {share}) from marts.{mart})"


def _blank(entry: dict[str, Any]) -> tuple[str, str]:
    among = entry.get("where")
    name = f"{entry['blank']} blank in {entry['percent']:g} %{f' where {among}' if among else ''}"
    where = f"{among or 'true'} and {_share(entry, 'blank')}"
    return name, _set(entry, "blank", "null", where)


def _say(entry: dict[str, Any]) -> tuple[str, str]:
    """Put a text that says nothing into a file's cells: the mart holds what staging makes of it."""
    cell, column = entry["text"], entry["say"].split(".")[1]
    staged = f"(select {_staging().parse_text(column)} from (select '{cell}' as {column}))"
    name = f"{entry['say']} '{cell}' in {entry['percent']:g} %"
    return name, _set(entry, "say", staged, _share(entry, "say"))


@cache
def _staging() -> Any:  # noqa: ANN401 - macros
    import jinja2

    project = PROJECT_ROOT / "dbt_project"
    variables = read_yaml(project / "dbt_project.yml")["vars"]
    files = [project / "macros" / name for name in ("vocabulary.sql", "parse.sql")]
    macros = "".join(file.read_text(encoding="utf-8") for file in files)
    return jinja2.Environment().from_string(macros, globals={"var": variables.get}).module


def _shuffle(entry: dict[str, Any]) -> tuple[str, str]:
    mart, column = entry["shuffle"].split(".")
    return entry["shuffle"], SHUFFLED.format(mart=mart, column=column, key=KEYS[mart])


def _swap(entry: dict[str, Any]) -> tuple[str, str]:
    value = SWAPPED.format(entry["swap"].split(".")[1])
    return entry["swap"], _set(entry, "swap", value, entry.get("where", "true"))


def _older(entry: dict[str, Any]) -> tuple[str, str]:
    mart, *columns = entry["older"].split()
    days = f"interval {entry['days']} day"
    moved = ", ".join(f"{column} = {column} - {days}" for column in columns)
    name = f"{entry.get('name', mart)} {entry['days']} days older"
    return name, f"update marts.{mart} set {moved} where {entry.get('where', 'true')};"


def _empty(entry: dict[str, Any]) -> tuple[str, str]:
    return "", "".join(f"delete from marts.{mart};" for mart in entry["empty"].split())


def _keep(entry: dict[str, Any]) -> tuple[str, str]:
    mart, among = entry["of"].split(" where ")
    key = KEYS[mart]
    return (
        "",
        f"""delete from marts.{mart} where {among} and {key} not in (
        select {key} from marts.{mart} where {among} order by hash({key}) limit {entry["keep"]});
    """,
    )


WAYS: dict[str, Callable[[dict[str, Any]], tuple[str, str]]] = {
    "blank": _blank,  # {blank: mart.column, percent, where}
    "say": _say,  # {say: mart.column, text, percent}
    "shuffle": _shuffle,  # {shuffle: mart.column}
    "swap": _swap,  # {swap: mart.column, where}: day and month
    "older": _older,  # {older: mart and columns, days, where}
    "empty": _empty,  # {empty: marts}
    "keep": _keep,  # {keep: rows, of: mart where condition}
    # {set: mart.column, to: value, where}
    "set": lambda e: ("", _set(e, "set", str(e["to"]), e.get("where", "true"))),
    "sql": lambda e: ("", str(e["sql"])),
}
