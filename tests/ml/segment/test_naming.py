"""Names that are made of what sets segments apart."""

from ml.segment.clusters import fit_clusters
from ml.segment.naming import propose_names
from ml.segment.profiles import attribute_lines, describe, lines


def _names(customers, spec):
    table, shares = customers
    fit = fit_clusters(table, shares, spec.behaviour)
    described = describe(table, shares, fit.labels, fit.clusters, spec.behaviour)
    proposed = propose_names(
        described.deviations, spec.behaviour, described.shares, described.overall
    )
    kinds = [name.rstrip("0123456789") for name in table.index]
    of = dict(zip(kinds, fit.labels, strict=True))
    return {kind: proposed[label] for kind, label in of.items()}, described, of


def test_names_say_in_plain_words_what_sets_a_segment_apart(customers, spec):
    names, _described, _of = _names(customers, spec)
    assert names["silent"].de.startswith("Lange still")
    assert names["silent"].en.startswith("Silent for long")
    assert "belts" in names["small"].de
    assert {"viel Umsatz", "viele Bestellungen", "große Beträge"} & set(
        names["large"]
        .de.lower()
        .replace("umsatz", "Umsatz")
        .replace("best", "Best")
        .replace("beträge", "Beträge")
        .split(", ")
    )
    assert len({name.de for name in names.values()}) == 4


def test_two_segments_that_are_alike_get_a_number(spec):
    same = [{"amount": 1.0}, {"amount": 1.0}]
    names = [one.de for one in propose_names(same, spec.behaviour, [{}, {}], {})]
    assert names == ["Viel Umsatz", "Viel Umsatz (2)"]


def test_a_segment_that_nothing_sets_apart_is_average(spec):
    (name,) = propose_names([{"amount": 0.1}], spec.behaviour, [{}], {})
    assert (name.de, name.en) == ("Durchschnittliche Kunden", "Average customers")


def test_traits_are_said_beside_those_of_all(customers, spec):
    _said, described, of = _names(customers, spec)
    said = lines(described, of["small"], spec.behaviour)
    assert any(line.startswith("Tage mit Bestellung je Jahr: 5") for line in said["de"])
    assert "belts: 90 % (alle: 38 %)" in said["de"]
    assert "belts: 90% (all: 38%)" in said["en"]


def test_the_most_frequent_attributes_are_said_beside_their_share_of_all():
    attributes = {"a": ["Bau", "klein"], "b": ["Bau", None], "c": ["Chemie", "klein"]}
    said = attribute_lines(attributes, ["a", "b"])
    assert said["de"] == ["Bau: 100 % (alle: 67 %)", "klein: 100 % (alle: 100 %)"]
    assert said["en"][0] == "Bau: 100% (all: 67%)"
    assert attribute_lines(attributes, []) == {"de": [], "en": []}
