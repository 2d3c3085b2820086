"""From the mapping to SQL: how a canonical column, a key or a condition is read from a raw row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.mapping.entities import CanonicalColumn
from ingest.mapping.key_forms import parse_form, pattern
from ingest.mapping.sources import ColumnMapping, EntityMapping, Source
from ingest.reading.tables import METADATA_COLUMNS, ROW_NUMBER

# A table's columns ready for SQL, by their names in small letters.
Columns = dict[str, str]


def columns_of(names: Iterable[str]) -> Columns:
    """Return the columns of a raw table, its metadata columns included."""
    return {name.casefold(): identifier(name) for name in (*METADATA_COLUMNS, *names)}


def missing_columns(source: Source, columns: Columns) -> list[str]:
    """Return the file columns that the source's mappings name and the table lacks."""
    return [name for name in source.file_columns if name.casefold() not in columns]


def canonical(
    column: CanonicalColumn, origin: ColumnMapping, columns: Columns, key_form: str | None = None
) -> str:
    """Return the text of a canonical column; null where the file's column is missing.

    Args:
        column: the canonical one.
        origin: where it comes from.
        columns: of the raw table.
        key_form: of the records that a reference points to.

    """
    if origin.value is not None:
        text = literal(origin.value)
    elif origin.kinds:
        numbers = [
            f"{literal(f'{kind}: ')} || {_filled(name, columns)}"
            for kind, name in origin.kinds.items()
        ]
        text = joined(numbers, "; ")
    elif origin.first_of:
        text = f"coalesce({', '.join(_filled(name, columns) for name in origin.first_of)})"
    elif origin.columns:
        text = joined(
            [_filled(name, columns) for name in origin.columns], "|" if column.ref else " "
        )
    else:
        text = columns.get(str(origin.column).casefold(), "null")
    if origin.values:
        text = _recoded(text, origin)
    if column.ref:
        key = in_form(f"nullif(trim({text}), '')", key_form)
        text = f"{literal(f'{origin.source}:')} || {key}"
    return f"cast({text} as varchar)"


def record_id(source: Source, mapping: EntityMapping, columns: Columns) -> str:
    """Return a record's id: the source's name and the key's parts."""
    key = joined([_filled(name, columns) for name in mapping.key], "|")
    key = in_form(key, mapping.key_form)
    return f"{literal(f'{source.name}:')} || {key}"


def in_form(text: str, key_form: str | None) -> str:
    """Return the SQL that writes a key, trimmed or null, in its form; see `key_forms`."""
    if key_form is None:
        return text
    bare = rf"regexp_replace({text}, '[\p{{Z}}\s]+', '', 'g')"
    form = parse_form(key_form)
    if isinstance(form, str):
        return f"{form}({bare})"
    digits = f"regexp_extract({bare}, {literal(pattern(form))}, 1)"
    zeros = f"repeat('0', greatest({form.width} - length({digits}), 0))"
    written = f"{literal(form.prefix)} || {zeros} || {digits}"
    return f"case when {digits} <> '' then {written} else {text} end"


def row_key(source: Source, columns: Columns) -> str:
    """Return what identifies a row of a source over all that it feeds; its number without a key."""
    names = dict.fromkeys(name for mapping in source.maps.values() for name in mapping.key)
    return joined([_filled(name, columns) for name in names or (ROW_NUMBER,)], "|")


def feeds(mapping: EntityMapping, columns: Columns) -> str:
    """Return the condition under which a row feeds the entity: `where` holds, no key is empty."""
    keys = [_is_filled(name, columns) for name in mapping.key]
    return " and ".join([applies(mapping, columns), *keys])


def applies(mapping: EntityMapping, columns: Columns) -> str:
    """Return the condition `where` of a mapping."""
    if mapping.where is None:
        return "true"
    listed = ", ".join(map(literal, mapping.where.values))
    return f"coalesce({_filled(mapping.where.column, columns)} in ({listed}), false)"


def loadable(source: Source, columns: Columns) -> str:
    """Return the condition under which a row is loaded.

    A row may feed only some of its source's entities (a company without a contact person); it goes
    to quarantine only if it should feed at least one and lacks the keys of all of them.
    """
    if not source.maps:
        return "true"
    applicable = " or ".join(applies(mapping, columns) for mapping in source.maps.values())
    fed = " or ".join(f"({feeds(mapping, columns)})" for mapping in source.maps.values())
    return f"(not ({applicable}) or {fed})"


def attributes(mapping: EntityMapping, columns: Columns) -> str:
    """Return the map of the columns kept beyond the canonical ones."""
    return text_map(
        (literal(name), columns.get(name.casefold(), "null")) for name in mapping.attributes
    )


def of_loads(load_ids: Sequence[str]) -> tuple[str, str]:
    """Return a row's load and the condition that it is one of these.

    Of a single one the load is a constant: grouping millions of rows by its text would take longer
    than what is counted of them.
    """
    if len(load_ids) == 1:
        load = literal(load_ids[0])
        return load, f"_load_id = {load}"
    return "_load_id", f"_load_id in ({', '.join(map(literal, load_ids)) or 'null'})"


def text_map(entries: Iterable[tuple[str, str]]) -> str:
    """Return a MAP(VARCHAR, VARCHAR) of SQL expressions."""
    inside = ", ".join(f"{key}: {value}" for key, value in entries)
    return f"cast(map {{{inside}}} as map(varchar, varchar))"


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def joined(parts: Sequence[str], separator: str) -> str:
    """Join SQL texts, leaving out those that are null; null if all are."""
    return f"nullif(concat_ws({literal(separator)}, {', '.join(parts)}), '')"


def _filled(name: str, columns: Columns) -> str:
    quoted = columns.get(name.casefold())
    return f"nullif(trim(cast({quoted} as varchar)), '')" if quoted else "cast(null as varchar)"


def _is_filled(name: str, columns: Columns) -> str:
    quoted = columns.get(name.casefold())
    if name.casefold() == ROW_NUMBER or quoted is None:
        return "false" if quoted is None else "true"
    # Most values begin with a visible ASCII character: only the others need be trimmed.
    return f"coalesce({quoted} between '!' and '~' or trim({quoted}) <> '', false)"


def _recoded(text: str, origin: ColumnMapping) -> str:
    cases = " ".join(
        f"when {literal(value.strip().lower())} then {literal(code)}"
        for value, code in origin.values.items()
    )
    otherwise = literal(origin.otherwise) if origin.otherwise is not None else text
    compared = f"coalesce(trim({text}), '')" if "" in origin.values else f"trim({text})"
    return f"case lower({compared}) {cases} else {otherwise} end"
