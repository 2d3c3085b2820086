from collections import Counter

import pandas as pd

from identity.blocking import MAX_BLOCK, build_blocks
from identity.features import build_features, read_records


def blocks_of(**columns):
    records = pd.DataFrame(columns | {"source": "erp"})
    records["record_id"] = [f"erp:{n:05}" for n in range(len(records))]
    return build_blocks(build_features(read_records(records)))


def test_no_block_grows_beyond_the_limit():
    count = 5 * MAX_BLOCK
    blocks = blocks_of(
        name=["Müller GmbH"] * count,
        phone=["0711 9876543"] * count,
        city=["Stuttgart"] * count,
        country=["DE"] * count,
    )
    assert not blocks.empty
    for column in blocks:
        assert max(Counter(blocks[column].dropna()).values()) <= MAX_BLOCK


def test_a_large_block_is_split_where_records_differ():
    cities = ["Ulm", "Aalen", "Celle"] * MAX_BLOCK
    codes = {"Ulm": "89073", "Aalen": "73430", "Celle": "29221"}
    blocks = blocks_of(
        name=["Müller"] * len(cities), city=cities, postcode=[codes[city] for city in cities]
    )
    of_name = [c for c in blocks if blocks[c].str.startswith("muller|").any()]
    assert of_name
    for block in blocks[of_name[0]].unique():
        assert (
            len(
                {city for city, key in zip(cities, blocks[of_name[0]], strict=True) if key == block}
            )
            == 1
        )


def test_what_no_two_records_share_is_no_block():
    assert blocks_of(name=["Alpha", "Beta"], phone=["0711 111222", "0711 333444"]).columns.empty
