"""Stage 2: customers who behave alike, by k-means; how stable that is, and who belongs where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.segment.spec import Behaviour

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray
    from sklearn.cluster import KMeans
    from sklearn.pipeline import Pipeline

    Numbers = NDArray[np.float64]
    Labels = NDArray[np.intp]

SEED: Final = 0
STARTS: Final = 10  # of k-means; the best of them counts
# Stability is measured on so many customers at most: its error is then below .01, and k-means on
# all of 100,000 would take minutes.
MOST_RESAMPLED: Final = 5000
REST: Final = "…"


@dataclass(frozen=True)
class Layout:
    """How a table becomes numbers: the traits, what blanks are taken for, and the interests."""

    traits: tuple[str, ...]
    typical: dict[str, float]
    interests: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the numbers."""
        return [*self.traits, *(f"interest: {name}" for name in self.interests)]


@dataclass(frozen=True)
class Fit:
    """Clusters of the customers as of one day.

    `pipeline`: scaler and k-means. `labels`: of the customers that it was fitted on, in the order
    of the table. `stability`: adjusted Rand index per number of clusters, None where one would be
    too small. `far`: the distance from which on a customer is far from all.
    """

    layout: Layout
    pipeline: Pipeline
    labels: Labels
    stability: dict[int, float | None]
    far: float

    @property
    def clusters(self) -> int:
        """How many there are."""
        return len(self.pipeline[-1].cluster_centers_)


class TooFewError(Exception):
    """No number of clusters leaves all of them large enough."""


def make_layout(table: pandas.DataFrame, shares: pandas.DataFrame, behaviour: Behaviour) -> Layout:
    """Decide which columns the numbers have; it stays until the next fit.

    Args:
        table: per customer (index) the traits.
        shares: per customer (index) the share of each interest.
        behaviour: with the traits and how many interests count.

    """
    typical = {
        name: float(table[name].median()) if table[name].notna().any() else 0.0
        for name in behaviour.traits
    }
    traits = tuple(
        name
        for name, trait in behaviour.traits.items()
        # the same everywhere tells nothing
        if trait.weight and table[name].fillna(typical[name]).nunique() > 1
    )
    interests: list[str] = []
    if behaviour.interests is not None and not shares.empty:
        largest = shares.sum().sort_values(ascending=False, kind="stable")
        interests = [str(name) for name in largest.index[: behaviour.interests.at_most]]
        if len(largest) > len(interests):
            interests.append(REST)
    return Layout(traits, typical, tuple(interests) if len(interests) > 1 else ())


def numbers(
    table: pandas.DataFrame, shares: pandas.DataFrame, behaviour: Behaviour, layout: Layout
) -> Numbers:
    """Make the matrix of a table, a row per customer, columns as in the layout.

    Interests are the roots of shares (Hellinger): the step from none to a little counts for more
    than that from much to a little more.
    """
    import numpy as np

    columns = []
    for name in layout.traits:
        columns.append(scaled_trait(table, name, behaviour, layout.typical[name]))
    named = [name for name in layout.interests if name != REST]
    if layout.interests:
        own = shares.reindex(index=table.index, columns=named).fillna(0.0)
        columns += [np.sqrt(own[name].to_numpy(dtype=float)) for name in named]
        if REST in layout.interests:
            rest = shares.reindex(index=table.index).drop(columns=named, errors="ignore")
            columns.append(np.sqrt(rest.sum(axis=1).to_numpy(dtype=float)))
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def scaled_trait(
    table: pandas.DataFrame, name: str, behaviour: Behaviour, typical: float
) -> Numbers:
    """Return a trait of each customer on its scale; a blank one counts as typical."""
    import numpy as np

    values: Numbers = table[name].fillna(typical).to_numpy(dtype=float)
    if behaviour.traits[name].scale == "log":
        values = np.sign(values) * np.log1p(np.abs(values))
    return values


def fit_clusters(table: pandas.DataFrame, shares: pandas.DataFrame, behaviour: Behaviour) -> Fit:
    """Cluster the customers; of the numbers of clusters the usual one, or a clearly stabler one.

    Raises:
        TooFewError: with any number of clusters one of them would be too small.

    """
    import numpy as np
    from sklearn.pipeline import Pipeline
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    layout = make_layout(table, shares, behaviour)
    if not layout.columns:
        raise TooFewError
    matrix = numbers(table, shares, behaviour, layout)
    scaler = _scaler(matrix, behaviour, layout)
    scaled = scaler.transform(matrix)
    stability: dict[int, float | None] = {}
    means = {}
    with threadpool_limits(limits=1):
        for k in range(behaviour.fewest, behaviour.most + 1):
            means[k] = _k_means(scaled, k, STARTS)
            smallest = np.bincount(means[k].labels_, minlength=k).min()
            is_large = smallest >= behaviour.gate.share_of_all * len(scaled)
            stability[k] = _stability(scaled, means[k], behaviour.gate.draws) if is_large else None
    k = choose(stability, behaviour.clusters, behaviour.clearly)
    labels = means[k].labels_
    away = means[k].transform(scaled).min(axis=1)
    far = float(np.quantile(away, behaviour.drift.quantile))
    pipeline = Pipeline([("scaler", scaler), ("clusters", means[k])])
    return Fit(layout, pipeline, labels, stability, far)


def choose(stability: Mapping[int, float | None], usual: int, clearly: float) -> int:
    """Choose the number of clusters.

    Raises:
        TooFewError: none leaves all clusters large enough.

    """
    possible = {k: found for k, found in stability.items() if found is not None}
    if not possible:
        raise TooFewError
    best = max(possible, key=lambda k: (possible[k], -abs(k - usual)))
    if usual in possible and possible[usual] >= possible[best] - clearly:
        return usual
    return best


def _scaler(matrix: Numbers, behaviour: Behaviour, layout: Layout) -> Any:  # noqa: ANN401
    """Scale each trait to its weight, and all interests by one factor, together to theirs."""
    import numpy as np
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(matrix)
    weights = [behaviour.traits[name].weight for name in layout.traits]
    scale = scaler.scale_.copy()
    scale[: len(weights)] /= np.sqrt(weights)
    if layout.interests and behaviour.interests is not None:
        spread = float(np.sqrt(matrix[:, len(weights) :].var(axis=0).sum()))
        scale[len(weights) :] = (spread or 1.0) / np.sqrt(behaviour.interests.weight)
    scaler.scale_, scaler.var_ = scale, scale**2
    return scaler


def _k_means(scaled: Numbers, k: int, starts: int, seed: int = SEED) -> KMeans:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(scaled)


def _stability(scaled: Numbers, means: KMeans, draws: int) -> float:
    """Fit resamples of the customers; mean adjusted Rand index with the fit (Hennig 2007)."""
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(SEED)
    if len(scaled) > MOST_RESAMPLED:
        scaled = scaled[random.choice(len(scaled), MOST_RESAMPLED, replace=False)]
    labels = means.predict(scaled)
    found = []
    for draw in range(draws):
        drawn = scaled[random.integers(0, len(scaled), len(scaled))]
        again = _k_means(drawn, means.n_clusters, STARTS, seed=draw)
        found.append(adjusted_rand_score(labels, again.predict(scaled)))
    return float(np.mean(found))


def distances(pipeline: Pipeline, matrix: Numbers) -> Numbers:
    """Distance of each customer from each centre, in the scaled numbers."""
    found: Numbers = pipeline.transform(matrix)
    return found


def assign(away: Numbers, before: Sequence[int | None], hysteresis: float) -> Labels:
    """Assign customers to the nearest centre; one that is hardly nearer changes nothing.

    Args:
        away: distance of each customer from each centre.
        before: the cluster of each before, None for a new customer.
        hysteresis: share of the distance to the old centre by which a new one must be nearer.

    """
    import numpy as np

    nearest: Labels = away.argmin(axis=1)
    rows = np.arange(len(away))
    old = np.array([-1 if one is None else one for one in before], dtype=np.intp)
    has_old = old >= 0
    from_old = away[rows, np.where(has_old, old, 0)]
    stays = has_old & (away[rows, nearest] >= (1 - hysteresis) * from_old)
    found: Labels = np.where(stays, old, nearest)
    return found


def match(
    before: Sequence[str | None], now: Labels, clusters: int, used: Iterable[str]
) -> list[str]:
    """Letters of new clusters: those of the old ones that they share most customers with.

    Pairs are made so that the sum of shared customers (Jaccard) is largest; one that shares less
    than a third with its old one is another segment, with a letter that was never used.

    Args:
        before: the letter of each customer in force.
        now: the new cluster of each of the same customers.
        clusters: how many new ones there are.
        used: letters that were ever used.

    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    old = sorted({letter for letter in before if letter is not None})
    held = np.array([-1 if one is None else old.index(one) for one in before])
    shared = np.zeros((clusters, len(old)))
    for new in range(clusters):
        for place in range(len(old)):
            either = ((now == new) | (held == place)).sum()
            shared[new, place] = ((now == new) & (held == place)).sum() / either if either else 0
    letters: list[str | None] = [None] * clusters
    for new, place in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[new, place] >= LEAST_SHARED:
            letters[new] = old[place]
    free = iter(sorted(set(LETTERS) - set(used) - set(old)))
    sizes = np.bincount(now, minlength=clusters)
    for new in sorted(range(clusters), key=lambda one: (-sizes[one], one)):
        if letters[new] is None:
            letters[new] = next(free)
    return [letter for letter in letters if letter is not None]


LEAST_SHARED: Final = 1 / 3  # Jaccard: then at least half of either is in the other
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
