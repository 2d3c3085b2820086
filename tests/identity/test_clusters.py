from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from identity.clusters import MIN_MEAN_PROBABILITY, cluster

NO_KEYS = frozenset()


def grouped(first):
    groups = {}
    for record, name in enumerate(first):
        groups.setdefault(name, set()).add(record)
    return sorted(map(sorted, groups.values()))


def clique(records, p=0.99):
    return [(a, b, p) for a, b in combinations(records, 2)]


def test_one_bad_link_does_not_join_two_large_groups():
    left, right = range(5), range(5, 10)
    first, probability = cluster([NO_KEYS] * 10, [], [*clique(left), *clique(right), (4, 5, 0.999)])
    assert grouped(first) == [list(left), list(right)]
    assert min(probability) > 0.98


def test_a_good_link_joins_two_records():
    first, probability = cluster([NO_KEYS] * 3, [], [(0, 1, 0.9), (1, 2, 0.2)])
    assert grouped(first) == [[0, 1], [2]]
    assert probability == [0.9, 0.9, 1.0]


def test_a_shared_key_joins_what_nothing_else_does():
    first, probability = cluster([NO_KEYS] * 2, [(0, 1)], [])
    assert grouped(first) == [[0, 1]]
    assert probability == [1.0, 1.0]


def test_what_speaks_for_one_record_speaks_for_all_with_its_key():
    # 0 and 1 are one firm that moved; 2 knows only the new address
    first, _ = cluster([NO_KEYS] * 3, [(0, 1)], [(0, 2, 0.95), (1, 2, 0.01)])
    assert grouped(first) == [[0, 1, 2]]


def test_contradicting_keys_keep_records_apart_however_alike_they_are():
    keys = [frozenset({("erp vat_key", "A")}), frozenset({("erp vat_key", "B")}), NO_KEYS]
    first, _ = cluster(keys, [], clique(range(3), 0.999))
    assert first[0] != first[1]
    first, _ = cluster(keys, [(0, 2), (1, 2)], [])
    assert first[0] != first[1]


def test_keys_of_different_sources_do_not_contradict():
    keys = [frozenset({("erp vat_key", "A")}), frozenset({("crm vat_key", "B")})]
    first, _ = cluster(keys, [], [(0, 1, 0.999)])
    assert grouped(first) == [[0, 1]]


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 12))
    pairs = list(combinations(range(n), 2))
    probable = draw(st.dictionaries(st.sampled_from(pairs), st.floats(0.01, 1), max_size=30))
    sure = draw(st.sets(st.sampled_from(pairs), max_size=3))
    keys = draw(st.lists(st.sampled_from([None, None, "A", "B"]), min_size=n, max_size=n))
    return (
        [frozenset({("erp vat_key", key)} if key else ()) for key in keys],
        sure,
        [(a, b, p) for (a, b), p in probable.items()],
    )


@given(graphs())
def test_laws_of_clusters(graph):
    keys, sure, probable = graph
    first, probability = cluster(keys, sure, probable)
    for group in grouped(first):
        assert all(first[record] == group[0] for record in group)
        assert len({key for record in group for key in keys[record]}) <= 1
        assert all(0 <= probability[record] <= 1 + 1e-9 for record in group)
        if len(group) == 1:
            assert probability[group[0]] == 1
    linked = {(a, b) for a, b, p in probable if p >= MIN_MEAN_PROBABILITY} | set(sure)
    if not linked:
        assert len(grouped(first)) == len(keys)


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(graph, random):
    keys, sure, probable = graph
    shuffled = random.sample(probable, len(probable))
    assert cluster(keys, sure, probable)[0] == cluster(keys, sure, shuffled)[0]


def test_what_a_person_calls_different_stays_apart_and_the_weakest_link_is_cut():
    chain = [(0, 1, 0.99), (1, 2, 0.9), (0, 2, 0.8)]
    first, _ = cluster([NO_KEYS] * 3, [], chain, different=[(0, 2)])
    assert grouped(first) == [[0, 1], [2]]
    first, _ = cluster([NO_KEYS] * 3, [(0, 1), (1, 2)], [], different=[(0, 2)])
    assert grouped(first) == [[0, 1], [2]]


def test_what_a_person_calls_the_same_is_joined_whatever_the_keys_say():
    keys = [frozenset({("erp vat_key", value)}) for value in "ABAB"]
    first, _ = cluster(keys, [(0, 2), (1, 3)], [], same=[(0, 1)])
    assert grouped(first) == [[0, 1, 2, 3]]


@given(graphs(), st.data())
def test_decisions_always_act(graph, data):
    keys, sure, probable = graph
    pairs = list(combinations(range(len(keys)), 2))
    same = data.draw(st.lists(st.sampled_from(pairs), max_size=2))
    unit = grouped(cluster([NO_KEYS] * len(keys), same, [])[0])
    free = [pair for pair in pairs if not any(set(pair) <= set(group) for group in unit)]
    different = data.draw(st.lists(st.sampled_from(free), max_size=3)) if free else []
    first, _ = cluster(keys, sure, probable, same=same, different=different)
    assert all(first[a] == first[b] for a, b in same)
    assert all(first[a] != first[b] for a, b in different)
