"""Training and applying a model of texts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb

from config import Settings
from config.language import _
from ml import registry
from ml.judging import decisions
from ml.results import Applied, Training
from ml.specs.spec import SpecError, name_place
from ml.text.cleaning import clean
from ml.text.embedding import TABLE as EMBEDDINGS
from ml.text.embedding import Vectors, forget_others, hash_of, vectors_of
from ml.text.gate import Choice, choose, figures, judge
from ml.text.learning import Judge, Trial, fit, try_vectors, try_words
from ml.text.spec import TextSpec
from warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas
    from mlflow import MlflowClient
    from numpy.typing import NDArray

LABELS: Final = "ops.text_labels"
TABLES: Final = (LABELS, EMBEDDINGS)
FILE: Final = "judge.json"
_COLUMNS: Final = (
    "source",
    "text_id",
    "customer_id",
    "said_at",
    "category",
    "text",
    "label",
    "said",
)


class _Learnable(NamedTuple):
    """Labelled texts, each once: cleaned text, label, in order of time; vectors where all have."""

    texts: list[str]
    labels: NDArray[Any]


def train(settings: Settings, spec: TextSpec) -> Training:
    """Learn from the labelled texts, test vectors against words, and put the better one in force.

    Raises:
        ConfigurationError: the SQL of the YAML is wrong.
        StoreError: MLflow's store can't be used.

    """
    with open_warehouse(settings) as connection:
        frame = read_texts(connection, settings, spec)
        known = _learnable(frame, spec)
        short = _too_few(known, spec)
        if short:
            return Training(spec.name, "skipped", short)
        with registry.tracking(settings) as client:
            registry.finish_killed(client, spec.name)
            fingerprint = _fingerprint(known, spec)
            decided = registry.decided_version(client, spec.name, fingerprint)
        if decided:
            told = _("version {version} already learnt from these {count} rows.")
            message = told.format(version=decided.version, count=len(known.texts))
            return Training(spec.name, "unchanged", message, str(decided.version))
        # Before the others: what the test needs goes first into the night's share.
        order = [*known.texts[::-1], *frame["cleaned"]]
        vectors = vectors_of(connection, settings, spec.name, spec.embedding, order)
    with registry.tracking(settings) as client:
        return _train(client, settings, spec, known, vectors, fingerprint)


def apply(settings: Settings, spec: TextSpec, stage: int) -> Applied:
    """Judge tonight's texts by the model in force; while there is none, by what people said.

    A text whose vector waits for a later night (or can't be had) is judged by its words.
    """
    model = _in_force(settings, spec)
    with open_warehouse(settings) as connection:
        frame = read_texts(connection, settings, spec)
        vectors = Vectors({}, 0, None)
        if model and model.method == "embedding":
            newest = frame["cleaned"].tolist()[::-1]
            vectors = vectors_of(connection, settings, spec.name, spec.embedding, newest)
        else:
            hashes = map(hash_of, frame["cleaned"])
            forget_others(connection, spec.name, spec.embedding, hashes)
        rows = _judged(frame, model, vectors, spec)
        _replace(connection, settings, spec, rows)
    return Applied(spec.name, stage, _method(model), len(rows), _told(rows, model, vectors, stage))


def read_texts(
    connection: duckdb.DuckDBPyConnection, settings: Settings, spec: TextSpec
) -> pandas.DataFrame:
    """Read the texts that may be looked at, the oldest first, with the column `cleaned` added.

    Who objected to profiling is not among them, nor a text of nobody knows whom: it may be theirs.

    Raises:
        SpecError: the SQL is wrong, or lacks a column.

    """
    parameters = {"night": settings.night} if "$night" in spec.texts else {}
    columns = ", ".join(f"texts.{name}" for name in _COLUMNS)
    try:
        frame = connection.execute(
            f"select {columns} from ({spec.texts.strip().rstrip(';')}) as texts"
            " semi join (from marts.customers where not coalesce(has_objected_to_profiling, false))"
            " as customers using (customer_id)"
            f" where texts.said_at >= date '{settings.night}' - {spec.reading.last_days}"
            f" and texts.said_at < date '{settings.night}' + 1"
            " order by texts.said_at, texts.source, texts.text_id",
            parameters or None,
        ).df()
    except duckdb.Error as error:
        place = name_place(spec.file, "texts", spec.path)
        raise SpecError(f"{place}: {str(error).splitlines()[0]}") from error
    most = spec.reading.most_characters
    frame["cleaned"] = [clean(text, most) for text in frame["text"].astype(object)]
    return frame[frame["cleaned"] != ""].reset_index(drop=True)


def _learnable(frame: pandas.DataFrame, spec: TextSpec) -> _Learnable:
    """Return the newest labelled texts of each outcome, copies once (by the newest's label)."""
    import numpy as np

    labelled = frame[frame["label"].notna()].drop_duplicates("cleaned", keep="last")
    half = spec.learning.most_texts // 2
    is_positive = labelled["label"].astype(bool)
    kept = labelled[is_positive].tail(half).index.union(labelled[~is_positive].tail(half).index)
    labelled = labelled.loc[kept]
    return _Learnable(labelled["cleaned"].tolist(), np.array(labelled["label"].astype(int)))


def _too_few(known: _Learnable, spec: TextSpec) -> str:
    if _enough(known.labels, spec):
        return ""
    positives = int(known.labels.sum())
    least = max(spec.gate.least_of_each, spec.learning.folds)
    told = _("{positives} of {count} labelled texts are positive; {least} of each are needed.")
    return told.format(positives=positives, count=len(known.labels), least=least)


def _train(
    client: MlflowClient,
    settings: Settings,
    spec: TextSpec,
    known: _Learnable,
    vectors: Vectors,
    fingerprint: str,
) -> Training:
    tried = _try(spec, known, vectors)
    choice, labels, fitted = tried.choice, tried.labels, tried.fitted
    findings = judge(choice, labels, spec)
    measured = figures(choice, tried.words, tried.vectors, labels, spec)
    message = _("{says}, on {count} texts").format(says=choice.says, count=len(labels))
    learnt = registry.Learnt(
        parameters={"method": choice.method, "embedding": spec.embedding.model},
        metrics=measured,
        files={
            FILE: {
                "method": fitted.method, "words": fitted.words, "vectors": fitted.vectors,
                "engine": f"{spec.embedding.engine}:{spec.embedding.model}",
            },
            "gate.json": {"findings": [finding.says for finding in findings]},
        },
        card=message,
        tags={"fingerprint": fingerprint, "candidate": choice.method},
    )  # fmt: skip
    version = registry.register_learnt(client, settings, spec, learnt)
    verdict, message, before = decisions.settle(
        client, settings, spec.name, version, findings, spec.approval, message
    )
    warnings = (vectors.problem,) if vectors.problem else ()
    return Training(
        spec.name, verdict, message, version, choice.method, measured, warnings, tuple(findings),
        before,
    )  # fmt: skip


class _Tried(NamedTuple):
    """What was compared on which labels, what was chosen, and that one learnt from all."""

    labels: NDArray[Any]
    words: Trial
    vectors: Trial | None
    choice: Choice
    fitted: Judge


def _try(spec: TextSpec, known: _Learnable, vectors: Vectors) -> _Tried:
    """Try both ways on the same texts: those that have a vector, where enough of each kind have."""
    import numpy as np

    there = np.array([hash_of(text) in vectors.by_hash for text in known.texts])
    if not _enough(known.labels[there], spec):
        words = try_words(known.texts, known.labels, spec.learning)
        choice = choose(words, None, known.labels)
        fitted = fit(known.texts, known.labels, None, spec.learning)
        return _Tried(known.labels, words, None, choice, fitted)
    texts = [text for text, kept in zip(known.texts, there, strict=True) if kept]
    labels = known.labels[there]
    matrix = np.array([vectors.by_hash[hash_of(text)] for text in texts])
    words = try_words(texts, labels, spec.learning)
    by_vectors = try_vectors(matrix, labels, spec.learning)
    choice = choose(words, by_vectors, labels)
    if choice.method == "words":
        fitted = fit(known.texts, known.labels, None, spec.learning)
    else:
        fitted = fit(texts, labels, matrix, spec.learning)
    return _Tried(labels, words, by_vectors, choice, fitted)


def _enough(labels: NDArray[Any], spec: TextSpec) -> bool:
    positives = int(labels.sum())
    least = max(spec.gate.least_of_each, spec.learning.folds)
    return min(positives, len(labels) - positives) >= least


def _in_force(settings: Settings, spec: TextSpec) -> Judge | None:
    if not registry.is_used(settings):
        return None
    with registry.tracking(settings) as client:
        kept = registry.kept(client, spec.name)
        if kept is None:
            return None
        held = kept.file(FILE)
    if held["method"] == "embedding":
        engine = f"{spec.embedding.engine}:{spec.embedding.model}"
        if held["engine"] != engine:  # its weights mean nothing for vectors of another model
            return Judge("words", held["words"])
    return Judge(held["method"], held["words"], held["vectors"])


def _judged(
    frame: pandas.DataFrame, model: Judge | None, vectors: Vectors, spec: TextSpec
) -> pandas.DataFrame:
    """Add `probability, method, is_positive, sentence`; what people said of a text goes first."""
    import numpy as np

    rows = frame.assign(probability=np.nan, method="said", sentence=None)
    texts = rows["cleaned"].tolist()
    if model and texts:
        rows["probability"], rows["method"] = model.by_words(texts), "words"
        keys = [hash_of(text) for text in texts]
        there = np.array([key in vectors.by_hash for key in keys])
        if model.method == "embedding" and there.any():
            matrix = np.array([vectors.by_hash[key] for key in keys if key in vectors.by_hash])
            rows.loc[there, "probability"] = model.by_vectors(matrix)
            rows.loc[there, "method"] = "embedding"
    said = rows["said"].astype("boolean")
    rows["is_positive"] = said.fillna(rows["probability"] >= spec.threshold)
    positive = rows.index[rows["is_positive"].astype(bool)]
    if model and len(positive):
        found = model.heaviest(rows.loc[positive, "cleaned"].tolist())
        rows["sentence"] = rows["sentence"].astype(object)
        rows.loc[positive, "sentence"] = np.array(found, dtype=object)
    return rows[rows["method"].ne("said") | said.notna()]


def _replace(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    spec: TextSpec,
    rows: pandas.DataFrame,
) -> None:
    connection.register("judged", rows)
    connection.begin()
    try:
        connection.execute(f"delete from {LABELS} where model = ?", [spec.name])
        connection.execute(
            f"insert into {LABELS} by name select ? as model, source, text_id, customer_id,"
            " said_at, category, probability, is_positive, said is not null as is_said, sentence,"
            " method, ?::date as night from judged",
            [spec.name, settings.night],
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.unregister("judged")


def _method(model: Judge | None) -> str:
    return model.method if model else "said"


def _told(rows: pandas.DataFrame, model: Judge | None, vectors: Vectors, stage: int) -> str:
    if model is None:
        told = _(
            "{count} texts at stage {stage} by what people said of them: no model is in force yet"
        )
    elif model.method == "words":
        told = _("{count} texts at stage {stage} by words")
    else:
        told = _("{count} texts at stage {stage} by embedding")
    message = told.format(count=len(rows), stage=stage)
    if vectors.left:
        waiting = _("; {count} of them by words until a later night embeds them")
        message += waiting.format(count=vectors.left)
    if vectors.problem:
        message += _("; no new vectors: {problem}").format(problem=vectors.problem.rstrip("."))
    return f"{message}."


def _fingerprint(known: _Learnable, spec: TextSpec) -> str:
    import sklearn

    recipe = spec.model_dump_json(exclude={"path", "file", "title", "decision", "purpose"})
    held = "\n".join([*known.texts, str(known.labels.tolist()), recipe, sklearn.__version__])
    return hashlib.sha256(held.encode()).hexdigest()
