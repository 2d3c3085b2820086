"""The page about the warehouse: for each table, the files it is made from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb
from pydantic import BaseModel, ConfigDict

from config import Settings, read_yaml
from config.language import in_thousands
from warehouse.catalogue import Mart, read_marts

TEXTS: Final = Path(__file__).with_name("page.yml")
TEMPLATE: Final = "page.html.j2"
INBOX: Final = "stg_inbox__"
OPS: Final = "stg_ops__"


class Source(BaseModel):
    """A kind of record of the inbox with the files that it came from."""

    model_config = ConfigDict(frozen=True)

    entity: str
    files: tuple[tuple[str, int], ...]  # file, rows


class Table(BaseModel):
    """A mart and the lineage of its data."""

    model_config = ConfigDict(frozen=True)

    mart: Mart
    rows: int | None
    entities: tuple[str, ...]  # whose files the content comes from
    identity: tuple[str, ...]  # those that only assign rows to a customer or person
    own: tuple[str, ...]  # what the night itself records: loads, scores, …
    steps: tuple[str, ...]  # models between staging and the mart, in the order of building
    marts: tuple[str, ...]  # other marts that it is made from
    used_by: tuple[str, ...]


def read_sources(connection: duckdb.DuckDBPyConnection) -> list[Source]:
    """List the entities of the inbox, each with its files and their rows.

    An entity's view is there once a source is mapped to it.
    """
    views = connection.execute(
        "select table_name from information_schema.columns where table_schema = 'raw'"
        " and column_name in ('record_id', 'formats') group by table_name having count(*) = 2"
        " order by table_name"
    ).fetchall()
    return [
        Source(
            entity=entity,
            files=tuple(
                connection.execute(
                    f'select file, count(*) from raw."{entity}" group by file order by file'
                ).fetchall()
            ),
        )
        for (entity,) in views
    ]


def read_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count the rows of each mart that is built."""
    names = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    ).fetchall()
    return {
        name: (connection.execute(f'select count(*) from marts."{name}"').fetchone() or (0,))[0]
        for (name,) in names
    }


def read_tables(manifest: dict[str, Any], rows: dict[str, int]) -> list[Table]:
    """Trace each mart back to the files, and on to its users.

    Args:
        manifest: dbt's `manifest.json`.
        rows: of each mart that is built.

    """
    nodes = {key: node for key, node in manifest["nodes"].items() if "depends_on" in node}
    marts = read_marts()
    tables = []
    for key, node in nodes.items():
        if node["resource_type"] != "model" or node["name"] not in marts:
            continue
        content = set(_without(INBOX, _names(_ancestors(key, nodes, past_identity=False), nodes)))
        way = [
            nodes[parent]
            for parent in _ancestors(key, nodes)
            if nodes[parent]["resource_type"] in {"model", "snapshot"}
        ]
        names = [one["name"] for one in way]
        tables.append(
            Table(
                mart=marts[node["name"]],
                rows=rows.get(node["name"]),
                entities=tuple(sorted(content)),
                identity=tuple(sorted(set(_without(INBOX, names)) - content)),
                own=tuple(sorted(_without(OPS, names))),
                steps=tuple(
                    name for name in names if not name.startswith("stg_") and name not in marts
                ),
                marts=tuple(name for name in names if name in marts),
                used_by=tuple(sorted(_users(key, manifest))),
            )
        )
    return sorted(tables, key=lambda table: table.mart.name)


def _without(prefix: str, names: Iterable[str]) -> list[str]:
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _names(keys: Iterable[str], nodes: dict[str, Any]) -> list[str]:
    return [nodes[key]["name"] for key in keys]


def _ancestors(key: str, nodes: dict[str, Any], *, past_identity: bool = True) -> list[str]:
    """List all ancestors of a node, in the order of building.

    Nearly every table needs its rows' customers, which are found from the records of all files:
    without `past_identity` the models marked `lineage: identity` are not traced further.
    """
    found: dict[str, None] = {}

    def visit(one: str) -> None:
        for parent in nodes[one]["depends_on"].get("nodes", ()):
            if parent not in nodes or parent in found:
                continue
            if past_identity or nodes[parent]["config"]["meta"].get("lineage") != "identity":
                visit(parent)
                found[parent] = None

    visit(key)
    return list(found)


def _users(key: str, manifest: dict[str, Any]) -> set[str]:
    """Name the exposures that read a mart, by itself or through the tables made for them."""
    users = set()
    for exposure in manifest["exposures"].values():
        for parent in exposure["depends_on"]["nodes"]:
            direct = manifest["nodes"].get(parent, {}).get("depends_on", {}).get("nodes", ())
            if parent == key or (".sync_" in parent and key in direct):
                users.add(exposure["label"] or exposure["name"])
    return users


def render(settings: Settings, sources: list[Source], tables: list[Table], full_docs: str) -> str:
    """Write the page in the set language; descriptions are those of the contracts.

    Args:
        settings: of the installation.
        sources: the entities of the inbox.
        tables: the marts.
        full_docs: name of the file beside it with dbt's own pages.

    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    texts = read_yaml(TEXTS)
    language = settings.language
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        words={name: text[language] for name, text in texts["words"].items()},
        entity={name: text[language] for name, text in texts["entities"].items()},
        language=language,
        company=settings.company,
        night=settings.night,
        sources=sources,
        files={source.entity: source.files for source in sources},
        tables=tables,
        full_docs=full_docs,
        count=in_thousands,
    )


def read_manifest(path: Path) -> dict[str, Any]:
    """Read dbt's manifest of the project."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest
