"""Texts are learnt from and judged; whoever objected, is erased or was judged wrongly counts."""

from datetime import timedelta

import numpy as np
import pytest

import ml
from ml.specs.spec import SpecError
from ml.text import apply, load, train
from ml.text.embedding import EmbeddingError, hash_of
from ml.text.gate import choose, judge
from ml.text.learning import Trial, fit, try_words
from warehouse import open_warehouse


def tomorrow(settings, days=1):
    return settings.model_copy(update={"as_of": settings.night + timedelta(days=days)})


def test_it_learns_by_embedding_and_judges(writing, spec, embedded, query):
    trained = train(writing, spec)
    assert trained.status == "champion", trained.message
    assert trained.metrics["embedding_auc"] > 0.99
    assert len(embedded) == 60, "no more than a night may cost"
    applied = apply(writing, spec, 2)
    assert len(embedded) == 60, "the night's share was spent on learning"
    assert (applied.method, applied.rows) == ("embedding", 119)
    assert "59 of them by words until a later night embeds them" in applied.message
    methods = dict(query("select method, count(*) from ops.text_labels group by method"))
    assert methods == {"embedding": 60, "words": 59}
    assert apply(tomorrow(writing), spec, 2).message == "119 texts at stage 2 by embedding."
    assert len(embedded) == len(set(embedded)) == 119, "each once ever"
    wrong = query(
        "select count(*) from ops.text_labels join marts.texts on text_id = ticket_id"
        " where is_positive <> label and method = 'embedding'"
    )
    assert wrong == [(0,)]
    said = query(
        "select count(*) from ops.text_labels join marts.texts on text_id = ticket_id"
        " where is_positive and not contains(body, sentence)"
    )
    assert said == [(0,)]
    assert query("select count(*) from ops.text_labels where is_positive = (sentence is null)") == [
        (0,)
    ]


def test_the_same_texts_teach_nothing_again(writing, spec, embedded):
    train(writing, spec)
    again = train(tomorrow(writing), spec)
    assert (again.status, again.version) == ("unchanged", "1")


def test_who_objected_is_neither_learnt_from_nor_judged(writing, spec, embedded, query):
    query("update marts.texts set body = 'wir sind enttäuscht, Kaiser' where customer_id = 'C0000'")
    query("insert into marts.texts select 'T999', null, opened_at, category, 'Niemand, das ist kein"
          " Zustand', true, true from marts.texts where ticket_id = 'T5'")  # fmt: skip
    train(writing, spec)
    apply(writing, spec, 3)
    assert query("select count(*) from ops.text_labels where text_id in ('T0', 'T999')") == [(0,)]
    assert not any("Kaiser" in text or "Niemand" in text for text in embedded)


@pytest.mark.parametrize("is_in_force", [True, False])
def test_what_is_erased_loses_its_vector_the_same_night(
    writing, spec, embedded, query, is_in_force, monkeypatch
):
    train(writing, spec)
    if not is_in_force:
        monkeypatch.setattr("ml.text.station._in_force", lambda _settings, _spec: None)
    erased = hash_of(embedded[0])
    found = "select count(*) from ops.text_embeddings where sha256 = ?"
    assert query(found, erased) == [(1,)]
    query("delete from marts.texts where ticket_id = 'T119'")
    apply(writing, spec, 3)
    assert query(found, erased) == [(0,)]
    assert query("select count(*) from ops.text_labels where text_id = 'T119'") == [(0,)]


def test_what_a_person_said_goes_before_the_model(writing, spec, embedded, query):
    train(writing, spec)
    query("update marts.texts set said = false where ticket_id = 'T117'")
    query("update marts.texts set said = true where ticket_id = 'T118'")
    apply(writing, spec, 3)
    found = query(
        "select text_id, is_positive, is_said, sentence is not null from ops.text_labels"
        " where text_id in ('T117', 'T118') order by text_id"
    )
    assert found == [("T117", False, True, False), ("T118", True, True, True)]


def test_without_a_model_only_what_people_said_stands(writing, spec, embedded, query):
    query("update marts.texts set said = true where ticket_id in ('T6', 'T9')")
    applied = apply(writing, spec, 1)
    assert (applied.method, applied.rows) == ("said", 2)
    assert applied.message.endswith("by what people said of them: no model is in force yet.")
    assert query("select distinct probability, sentence from ops.text_labels") == [(None, None)]


def test_too_few_labels_are_told(writing, spec, embedded, query):
    query("update marts.texts set label = false where ticket_id not in ('T3', 'T6')")
    trained = train(writing, spec)
    assert trained.status == "skipped"
    assert trained.message == "2 of 119 labelled texts are positive; 10 of each are needed."


def test_labels_that_the_texts_do_not_explain_are_refused(writing, spec, embedded, query):
    rng = np.random.default_rng(0)
    for number in range(120):
        query("update marts.texts set label = ? where ticket_id = ?", bool(rng.random() < 0.4),
              f"T{number}")  # fmt: skip
    trained = train(writing, spec)
    assert trained.status == "rejected"
    assert "the gate wants 0.65" in trained.message
    assert apply(writing, spec, 2).rows == 0


def test_vectors_that_cannot_be_had_are_told_and_words_judge(writing, spec, monkeypatch, query):
    def gone():
        raise EmbeddingError("the server sleeps.")

    monkeypatch.setattr("ml.text.embedding._built_in", gone)
    trained = train(writing, spec)
    assert (trained.status, trained.candidate) == ("champion", "words")
    assert trained.warnings == ("the server sleeps.",)
    assert apply(writing, spec, 2).method == "words"


def test_a_server_that_fails_later_loses_nothing(writing, spec, embedded, monkeypatch, query):
    train(writing, spec)

    def gone():
        raise EmbeddingError("the server sleeps.")

    monkeypatch.setattr("ml.text.embedding._built_in", gone)
    applied = apply(tomorrow(writing), spec, 2)
    assert applied.message == (
        "119 texts at stage 2 by embedding; 59 of them by words until a later night embeds them;"
        " no new vectors: the server sleeps."
    )
    assert query("select count(*) from ops.text_embeddings") == [(60,)]


def test_another_embedding_model_makes_all_vectors_anew(writing, spec, embedded, query):
    train(writing, spec)
    other = spec.model_copy(
        update={"embedding": spec.embedding.model_copy(update={"model": "another"})}
    )
    applied = apply(tomorrow(writing), other, 2)
    assert applied.method == "words", "the weights fit the vectors of the model that they learnt on"
    assert train(tomorrow(writing), other).status == "champion"
    assert query("select distinct engine from ops.text_embeddings") == [("built_in:another",)]


def test_the_night_trains_and_applies_it(writing, spec, embedded, set_stage):
    set_stage("sentiment", 1)
    assert ml.needs_training(writing) == [spec.name]
    (trained,) = ml.train_models(writing)
    assert trained.status == "champion"
    assert ml.needs_training(writing) == []
    (applied,) = ml.apply_models(writing)
    assert applied.rows == 119


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("from marts.texts", "from marts.letters"),
        ("body as text", "body as txt"),
    ],
)
def test_a_mistake_in_the_sql_names_file_and_line(writing, spec, wrong, says):
    path = spec.path
    path.write_text(path.read_text(encoding="utf-8").replace(wrong, says), encoding="utf-8")
    with pytest.raises(SpecError, match=rf"{spec.name}\.yml, line 9: texts: "):
        apply(writing, load(path), 1)


def test_the_plain_way_is_kept_unless_the_other_is_surely_better():
    rng = np.random.default_rng(1)
    labels = (rng.random(300) < 0.4).astype(int)

    def tested(noise):
        chance = 1 / (1 + np.exp(-(2 * labels - 1 + noise * rng.normal(size=300))))
        return Trial(chance, 0.8, 0.5)

    words = tested(1.0)
    assert choose(words, None, labels).method == "words"
    assert choose(words, words, labels).method == "words"
    assert choose(words, tested(0.2), labels).method == "embedding"


def test_knowing_nothing_is_the_least_to_beat(spec):
    labels = np.array([1] * 30 + [0] * 70)
    chance = np.full(100, 0.5)
    chance[:30] = 0.51
    tested = Trial(chance, 1.0, float(-np.log(0.51)))
    found = judge(choose(tested, None, labels), labels, spec)
    assert [finding.passed for finding in found] == [True, True, False]


def test_a_judge_read_back_says_the_same(spec):
    texts = ["wir sind enttäuscht von der Lieferung", "bitte die Zeichnung schicken"] * 20
    labels = np.array([1, 0] * 20)
    judged = fit(texts, labels, None, spec.learning).by_words(texts[:2])
    assert judged[0] > 0.8 > 0.2 > judged[1]
    assert try_words(texts, labels, spec.learning).auc == 1.0
    held = fit(texts, labels, None, spec.learning)
    long = "Guten Morgen aus Ulm. Wir sind enttäuscht von der Lieferung. Bitte die Zeichnung."
    assert held.heaviest([long]) == ["Wir sind enttäuscht von der Lieferung."]


def test_the_lock_is_not_needed_while_it_learns(writing, spec, embedded):
    with open_warehouse(writing):
        pass
    assert train(writing, spec).version == "1"
