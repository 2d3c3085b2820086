"""A firm whose customers write, some of them angrily, and an embedding that costs nothing."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from ml.text import embedding, load
from warehouse import open_warehouse

YAML = """
kind: text
title: {de: Unmut, en: Anger}
use_case: sentiment
decision: {de: Wo, en: Where}
purpose: {de: Kümmern, en: Taking care}
positive: {de: verärgert, en: angry}
learns_from: 1
texts: |
  select 'ticket' as source, ticket_id as text_id, customer_id, opened_at as said_at, category,
    body as text, label, said
  from marts.texts
embedding: {texts_a_night: 60}
"""
NIGHT = date(2025, 7, 1)  # the firm's
ANGRY = ["so geht das nicht weiter", "wir sind enttäuscht", "das ist kein Zustand",
         "wir warten schon wieder", "das haben wir uns anders vorgestellt"]  # fmt: skip
CALM = ["welche Maße hat das Lager", "bitte die Zeichnung schicken", "gibt es das in rostfrei",
        "wir brauchen eine Kopie", "wie lang ist die Lieferzeit"]  # fmt: skip


def meaning(texts):
    """Stand in for a model: vectors that know the tone, which the words tell half of the time."""
    numbers = [int(found[1]) if (found := re.search(r"Nr. (\d+)", text)) else 1 for text in texts]
    noise = np.random.default_rng(len(texts)).normal(size=(len(texts), 60))
    return (noise + [[2.0 if number % 3 == 0 else -2.0] for number in numbers]).astype(np.float32)


@pytest.fixture
def embedded(monkeypatch):
    """The texts that were embedded, by the stand-in."""
    seen = []

    def embed(texts):
        seen.extend(texts)
        return meaning(texts)

    monkeypatch.setattr(embedding, "_built_in", lambda: embed)
    return seen


@pytest.fixture
def writing(firm, tmp_path):
    """The firm with 120 texts, a third of them angry; customer C0000 has objected."""
    rng = np.random.default_rng(4)
    rows = []
    for number in range(120):
        is_angry = number % 3 == 0
        said = rng.choice(ANGRY if is_angry and rng.random() < 0.5 else CALM)
        text = f"Guten Tag,\n{said}, Nr. {number} {'x' * number}."
        said_at = NIGHT - timedelta(days=121 - number)
        rows.append((f"T{number}", f"C{number:04d}", said_at, "Technik", text, is_angry, None))
    with open_warehouse(firm) as connection:
        connection.execute(
            "create or replace table marts.texts (ticket_id varchar, customer_id varchar, opened_at"
            " timestamp, category varchar, body varchar, label boolean, said boolean);"
            " delete from ops.text_labels; delete from ops.text_embeddings"
        )
        connection.executemany("insert into marts.texts values (?, ?, ?, ?, ?, ?, ?)", rows)
    models = tmp_path / "models"
    models.mkdir()
    (models / f"{tmp_path.name}.yml").write_text(YAML, encoding="utf-8")
    return firm.model_copy(update={"models": models})


@pytest.fixture
def spec(writing):
    """Its model, with a name of its own: MLflow's store is shared."""
    return load(next(writing.models.glob("*.yml")))


@pytest.fixture
def query(writing):
    """Ask the warehouse."""

    def ask(sql, *parameters):
        with open_warehouse(writing) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    return ask
