"""Tonight's recommendations with their reasons: true counts of who buys what together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from ml.recommend.methods import Learnt, best_new, popular_in_groups
from ml.recommend.rhythm import due_again

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.recommend.history import History
    from ml.recommend.spec import RecommendSpec
    from ml.specs.feature import Text

_EPOCH: Final = date(1970, 1, 1)
Row = dict[str, Any]


@dataclass(frozen=True)
class _Evidence:
    """What an article is recommended for: a column of the model, and what the count is of."""

    text: Text
    facts: dict[str, Any]


def again_rows(history: History, spec: RecommendSpec) -> Iterator[Row]:
    """Yield what is due again, per customer the likeliest first, of what is still sold."""
    article = history.pairs["article"].to_numpy(dtype=int)
    sold = history.pairs[history.facts.is_offered[article] & history.is_alive[article]]
    due = due_again(sold, spec.again, history.cutoff - 1, spec.shown)
    for one in due.to_dict("records"):
        last, day = (_EPOCH + timedelta(days=int(one[name])) for name in ("last", "due"))
        said = _say(spec.reasons.again, orders=int(one["orders"]), gap=int(one["gap"]), last=last)
        yield _row(
            history, one["customer"], one["article"], "again", one["rank"],
            strength=float(one["strength"]), due_on=day, method="own_rhythm", reason=said,
        )  # fmt: skip


def new_rows(
    history: History, spec: RecommendSpec, learnt: Learnt | None, method: str
) -> Iterator[Row]:
    """Yield what is new for each customer; only what a count of other firms speaks for.

    Args:
        history: as of tonight.
        spec: thresholds and texts.
        learnt: EASE; None: what is popular in the product groups from which the customer buys.
        method: its name in the rows.

    """
    import numpy as np

    rows = np.unique(history.pairs.loc[history.pairs["is_kept"], "customer"]).astype(int)
    if not len(rows) or not len(history.pool):
        return
    points = learnt.points if learnt else popular_in_groups(history)
    witness = _Witness(history, spec, learnt) if learnt else _Neighbourhood(history, spec)
    for batch, chosen, gained in best_new(history, points, rows, spec.gate.hit_at):
        for customer, articles, strengths in zip(batch, chosen, gained, strict=True):
            rank = 0
            for article, strength in zip(articles, strengths, strict=True):
                if rank == spec.shown or not np.isfinite(strength):
                    break
                evidence = witness.speaks_for(int(customer), int(article))
                if evidence:
                    rank += 1
                    yield _row(
                        history, customer, history.pool[article], "new", rank,
                        strength=float(strength), due_on=None, method=method,
                        reason=_say(evidence.text, **evidence.facts),
                    )  # fmt: skip


class _Witness:
    """Finds the own article, or the look, that speaks most for a new one, and counts others."""

    def __init__(self, history: History, spec: RecommendSpec, learnt: Learnt) -> None:
        import numpy as np

        self.history, self.spec, self.learnt = history, spec, learnt
        self.owned = history.owned()
        self.seen = history.seen(spec.new.signal_days)
        self.together = (self.owned.T @ self.owned).toarray()
        self.looked_and_bought = (self.seen.T @ self.owned).toarray()
        self.lookers = np.asarray(self.seen.sum(axis=0)).ravel()
        self.has_topics = len(learnt.weights) > learnt.articles
        self.customers = int((np.diff(self.owned.indptr) > 0).sum())

    def speaks_for(self, customer: int, article: int) -> _Evidence | None:
        """Name what speaks for an article; None where no count says more than of all customers."""
        import numpy as np

        columns = _entries(self.owned, customer)
        if self.has_topics:
            columns = np.concatenate(
                [columns, _entries(self.seen, customer) + self.learnt.articles]
            )
        pushes = self.learnt.weights[columns, article]
        for column in columns[np.argsort(-pushes, kind="stable")].tolist():
            if self.learnt.weights[column, article] <= 0:
                return None
            if evidence := self._counted(column, article):
                return evidence
        return None

    def _counted(self, column: int, article: int) -> _Evidence | None:
        """Count the other firms with that column, and those of them that buy the article."""
        articles, facts = self.learnt.articles, self.history.facts
        is_article = column < articles
        topic = column - articles
        together = int(
            self.together[column, article] if is_article else self.looked_and_bought[topic, article]
        )
        of = int(self.history.buyers[column] if is_article else self.lookers[topic]) - 1
        usual = self.history.buyers[article] / max(self.customers, 1)
        if together < self.spec.new.least_together or together <= usual * of:
            return None
        if is_article:
            other = facts.names[self.history.pool[column]]
            counted = {"together": together, "of": of, "other": other}
            return _Evidence(self.spec.reasons.together, counted)
        named = facts.topics[self.history.topics[topic]]
        return _Evidence(self.spec.reasons.looked, {"together": together, "of": of, "topic": named})


class _Neighbourhood:
    """Counts who buys an article among those that buy from its product group."""

    def __init__(self, history: History, spec: RecommendSpec) -> None:
        self.history, self.spec = history, spec
        kept = history.pairs[history.pairs["is_kept"]]
        groups = kept.assign(group=history.facts.groups[kept["article"].to_numpy(dtype=int)])
        self.sizes = groups.groupby("group")["customer"].nunique()

    def speaks_for(self, _customer: int, article: int) -> _Evidence | None:
        """Name the group that the customer buys from; None where it has no name or few buy it."""
        group = self.history.facts.groups[self.history.pool[article]]
        together = int(self.history.buyers[article])
        if not group or together < self.spec.new.least_together:
            return None
        counted = {"together": together, "of": int(self.sizes[group]) - 1, "group": group}
        return _Evidence(self.spec.reasons.group, counted)


def _entries(table: Any, row: int) -> NDArray[Any]:  # noqa: ANN401 - a sparse matrix
    found: NDArray[Any] = table.indices[table.indptr[row] : table.indptr[row + 1]]
    return found


def _row(
    history: History,
    customer: int,
    article: int,
    kind: str,
    rank: int,
    *,
    strength: float,
    due_on: date | None,
    method: str,
    reason: tuple[str, str],
) -> Row:
    facts = history.facts
    return {
        "customer_id": facts.customers[customer],
        "kind": kind,
        "rank": int(rank),
        "sku": facts.articles[article],
        "product_name": facts.names[article],
        "product_group": facts.groups[article] or None,
        "due_on": due_on,
        "strength": strength,
        "reason_de": reason[0],
        "reason_en": reason[1],
        "method": method,
        "as_of": _EPOCH + timedelta(days=history.cutoff - 1),
    }


def _say(text: Text, **facts: Any) -> tuple[str, str]:  # noqa: ANN401
    return text.de.format(**_shown(facts, "%d.%m.%Y")), text.en.format(**_shown(facts, "%d %b %Y"))


def _shown(facts: Mapping[str, Any], day: str) -> dict[str, Any]:
    return {
        name: value.strftime(day) if isinstance(value, date) else value
        for name, value in facts.items()
    }
