"""A firm's name as registers and directories print it, taken apart."""

import pandas as pd
import pytest

import identity
from identity.features import build_features, read_records
from identity.firm_names import firm_name

TOWNS = {"berlin", "koln", "leipzig", "mannheim"}


@pytest.mark.parametrize(
    ("written", "name", "legal_form", "town", "earlier"),
    [
        ("Hahnsche Werke Aktiengesellschaft in Berlin O. 27", "hahnsche werke", "ag", "berlin", ""),
        ("Hahn & Cie., Akt.-Ges. vorm. Thode in Berlin O. 27 in Liqu.", "hahn", "ag", "berlin",
         "thode"),
        ("Kom.-Ges. auf Aktien Otto Hütter", "otto hutter", "kgaa", None, ""),
        ("Komm.-Ges. a. A. Schulze", "schulze", "kgaa", None, ""),
        ("Schulze Kommanditgesellschaft auf Aktien", "schulze", "kgaa", None, ""),
        ("Gebr. Zimmer K.-G. a. A. i. L.", "gebruder zimmer", "kgaa", None, ""),
        ("GmbH Otto Fürst zu Leipzig", "otto furst", "gmbh", "leipzig", ""),
        ("Masch.-Fabr. Vogt A.-G., Mannheim", "maschinenfabrik vogt", "ag", "mannheim", ""),
        ("Baumwollspin- nerei Wolf G. m. b. H.", "baumwollspinnerei wolf", "gmbh", None, ""),
        ("Eisen- und Stahlwerke Hoesch AG", "eisen stahlwerke hosch", "ag", None, ""),
        ("Lava Inc. - Chatterbox Preschool", "lava chatterbox preschool", "inc", None, ""),
        ("Actien-Gesellschaft vormals H. Glaser & Sohn", "h glaser sohn", "ag", None, ""),
        ("Actien-Gesellschaft für Bergbau", "fur bergbau", "ag", None, ""),
        ("Zuckerfabrik GmbH in Xanten", "zuckerfabrik", "gmbh", "xanten", ""),
        ("Fa. Ziegler (Köln)", "ziegler", None, "koln", ""),
        ("Café in Paris", "cafe in paris", None, None, ""),
        ("AS Motor GmbH", "as motor", "gmbh", None, ""),
        ("in Liquidation", "in liquidation", None, None, ""),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(written, name, legal_form, town, earlier):
    assert firm_name(written, TOWNS) == (name, legal_form, town, earlier or None)


def test_old_spellings_are_one_where_the_list_has_both():
    names = ["Cölner Thonwerk", "Kölner Tonwerk", "Thomas Cramer"]
    records = pd.DataFrame(
        {
            "record_id": list("abc"),
            "source": "list",
            "name": names,
            "city": ["Cöln", "Köln", "Köln"],
        }
    )
    features = build_features(read_records(records))
    assert features["name"]["a"] == features["name"]["b"]
    assert features["city"].nunique() == 1
    assert features["name"]["c"] == "thomas cramer"  # spelled in one way only


def test_a_word_made_of_the_town_is_as_rare_as_in_that_town():
    towns = {"Chemnitz": 6, "Bremen": 60}
    rows = [(f"Werk {town}{n}", town) for town, size in towns.items() for n in range(size)]
    rows += [("Chemnitzer Bank", "Chemnitz"), ("Chemnitzer Bank", "Bremen")]
    records = pd.DataFrame(rows, columns=["name", "city"]).assign(source="list")
    records.insert(0, "record_id", [f"r{n:03}" for n in range(len(rows))])
    words = build_features(read_records(records))["words"]
    there, elsewhere = words.iloc[-2], words.iloc[-1]
    assert there["chemnitzer"] < 3.1 < 5 < elsewhere["chemnitzer"]


def strangers_and_copies():
    """24 firms, each printed twice; those of a town or of a trade share a word."""
    trades = {"Bank": "Hagel", "Maschinenfabrik": "Brink", "Brauerei": "Oster", "Gaswerk": "Thun"}
    rows = []
    for town in ("Chemnitz", "Leipzig", "Köln"):
        rows += [(f"{town}er {trade}", town) for trade in trades]
        rows += [(f"{trade} {stem}{town[:3].lower()}", town) for trade, stem in trades.items()]
    copies = [(f"{name} Akt.-Ges. in {town}", town) for name, town in rows]
    table = pd.DataFrame(rows + copies, columns=["name", "city"]).assign(source="list")
    table.insert(0, "record_id", [f"r{n:02}" for n in range(len(table))])
    return table, list(range(len(rows))) * 2


def test_a_bank_and_a_machine_works_of_one_town_are_two():
    records, truth = strangers_and_copies()
    found = identity.resolve(records)
    assert (
        pd.Series(truth).groupby(found["customer_id"].to_numpy()).nunique().max() == 1
    )  # nobody is joined with a stranger
    assert found["customer_id"].nunique() < 1.2 * len(set(truth))
