"""The YAML of a model of texts: where texts and labels stand, and what it must reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from config import read_yaml
from ml.specs.feature import Part, Text
from ml.specs.kind import KindSpec, load_as

DEFAULTS: Final = Path(__file__).with_name("defaults.yml")


class Reading(Part):
    """How a text is cut before anything looks at it."""

    most_characters: int = Field(ge=50)
    last_days: int = Field(ge=1)


class Embedding(Part):
    """Where vectors come from, and how many new ones a night may cost.

    `endpoint` is a server of the firm's own that speaks OpenAI's embeddings interface; its address
    and key are settings (REIFEGRAD_EMBEDDING_URL, …_KEY), `model` is what it is asked for.
    """

    engine: Literal["built_in", "endpoint", "none"]
    model: str
    texts_a_night: int = Field(ge=1)


class Learning(Part):
    """How much is learnt from, how strong the weights are held back, how it is tested."""

    most_texts: int = Field(ge=50)
    embedding_c: float = Field(gt=0)
    words_c: float = Field(gt=0)
    folds: int = Field(ge=2, le=10)
    resamples: int = Field(ge=100)


class Gate(Part):
    """What a model must reach before it judges texts."""

    least_of_each: int = Field(ge=5)
    min_auc: float = Field(ge=0.5, lt=1)
    confidence: float = Field(gt=0.5, lt=1)


class TextSpec(KindSpec):
    """One model of texts.

    `texts` is SQL with the columns `source, text_id, customer_id, said_at, category, text, label,
    said`; `$night` is tonight. `label` (true, false, null) is learnt from. `said` is what a person
    said of this text, null where nobody did: it goes before what the model says. From `threshold`
    on a text counts as positive. `positive` says in people's words what that is.
    """

    kind: Literal["text"]
    positive: Text
    texts: str
    threshold: float = Field(gt=0, lt=1)
    reading: Reading
    embedding: Embedding
    learning: Learning
    gate: Gate

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, content: Any) -> Any:  # noqa: ANN401 - whatever the YAML holds
        if not isinstance(content, dict):
            return content
        filled = dict(content)
        for section, default in read_yaml(DEFAULTS).items():
            given = filled.setdefault(section, default)
            if isinstance(given, dict) and isinstance(default, dict):
                filled[section] = default | given
        return filled


def load(path: Path) -> TextSpec:
    """Read the YAML of a model of texts and fill in what `defaults.yml` holds.

    Raises:
        ConfigurationError: it is no YAML, or something in it is wrong; the message says where.

    """
    return load_as(path, TextSpec)
