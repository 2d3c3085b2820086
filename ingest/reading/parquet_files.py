"""Parquet: every column as text, written as a person would write it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.reading import refusals
from ingest.reading.handover import Handover
from ingest.reading.refusals import UnreadableFile
from ingest.reading.sheets.cells import cell_text, text_array

BATCH_ROWS = 20_000
READ_BUFFER_BYTES = 1 << 20


def read_parquet(path: Path, handover: Handover) -> None:
    """Read a Parquet file as one table; row numbers count its rows from 1.

    Raises:
        UnreadableFile: the file is damaged or encrypted.

    """
    try:
        # Pages through a buffer: a row group, which may be the whole file, is never in memory.
        with pq.ParquetFile(path, buffer_size=READ_BUFFER_BYTES, pre_buffer=False) as file:
            schema = file.schema_arrow
            if not schema.names:
                raise UnreadableFile(refusals.EMPTY)
            builder = handover.table(path.name, schema.names)
            number = 1
            for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
                builder.add_columns([text_column(column) for column in batch.columns], number)
                number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        is_encrypted = "encrypt" in str(error).lower()
        raise UnreadableFile(refusals.ENCRYPTED if is_encrypted else refusals.DAMAGED) from error


def text_column(column: pa.Array) -> pa.Array:
    """Return a column as text; null stays null, and so do an empty text and "not a number".

    Numbers have a decimal point and no exponent, decimals all their digits; dates and times are
    ISO with a space between, with a fraction of a second only where there is one, in the file's
    own time zone and with its offset; lists and records are JSON; bytes that are not UTF-8 text
    are hexadecimal.
    """
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        return text_column(column.storage)
    if pa.types.is_dictionary(kind):
        return text_column(column.dictionary_decode())
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        return pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0+($|[-+Z])", r"\1")
    if pa.types.is_decimal(kind) or pa.types.is_nested(kind) or pa.types.is_duration(kind):
        return pa.array(map(_text, column.to_pylist()), pa.string(), size=len(column))
    try:
        texts = pc.cast(column, pa.string())
    except pa.ArrowInvalid:  # bytes that are no text
        texts = pa.array(map(_text, column.to_pylist()), pa.string(), size=len(column))
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _floats(column: pa.Array) -> pa.Array:
    """Write numbers without exponents: by Arrow where it has none, else one by one."""
    column = pc.if_else(pc.is_nan(column), None, column)
    texts = pc.cast(column, pa.string())
    if not pc.any(pc.match_substring_regex(texts, "[ei]|^-0$")).as_py():
        return texts
    if not pa.types.is_float64(column.type):  # its digits must not become those of a double
        column = pc.cast(texts, pa.float64())
    return text_array(column.to_pylist())


def _text(value: object) -> str | None:
    """Write what Arrow does not write as a person would."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return cell_text(value)
