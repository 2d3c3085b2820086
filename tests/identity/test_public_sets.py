"""Quality on real records with a known truth; floors sit below what was measured."""

import pytest

from benchmarks.identity import SHARED, childcare, febrl, ours, pairwise

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is absent"),
]


@pytest.mark.parametrize(
    ("load", "precision", "f1"),
    [(childcare, 0.90, 0.90), (lambda: febrl("1"), 0.99, 0.98)],
    ids=["organisations", "persons"],
)
def test_pairwise_quality_without_labels(load, precision, f1):
    records, truth = load()
    found_precision, _, found_f1 = pairwise(ours(records), truth)
    assert found_precision >= precision
    assert found_f1 >= f1
