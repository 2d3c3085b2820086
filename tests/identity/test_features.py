import pandas as pd

from identity.features import build_features, read_records


def phones(countries, numbers):
    records = pd.DataFrame(
        {
            "record_id": [str(n) for n in range(len(countries))],
            "source": "erp",
            "country": countries,
            "phone": numbers,
        }
    )
    return list(build_features(read_records(records))["phone"])


def test_a_file_that_leaves_out_its_own_country():
    assert phones(["DE", "DE", None], ["0711 12345"] * 3) == ["+4971112345"] * 3


def test_a_file_that_names_foreign_countries_only():
    numbers = phones(["AT", None, None, None], ["01 5123456"] + ["0711 12345"] * 3)
    assert numbers == ["+4315123456"] + ["71112345"] * 3


def test_an_id_that_ends_on_a_blank_is_another_one():
    ids = ["erp:1", "erp:1\u00a0", "erp:2 "]
    assert list(read_records(pd.DataFrame({"record_id": ids, "source": "erp"})).index) == ids
