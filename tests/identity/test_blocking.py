"""Which pairs are compared: groups that share a key, none of them larger than the limit."""

from collections import Counter, defaultdict
from itertools import combinations

import duckdb
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.blocking import MAX_BLOCK, TEXT_COLUMNS, find_candidates, key_expressions
from identity.features import build_features, read_records

LIMIT = 4


def find(rows, limit=MAX_BLOCK):
    """Return the pairs, the sizes of blocks, and the keys of each record."""
    columns = {column: pa.array([row.get(column) for row in rows]) for column in TEXT_COLUMNS}
    words = [list(row["words"].items()) if row.get("words") else None for row in rows]
    table = pa.table(
        {column: values.cast(pa.string()) for column, values in columns.items()}
        | {
            "position": pa.array(range(len(rows)), pa.int32()),
            "words": pa.array(words, pa.map_(pa.string(), pa.float64())),
        }
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("records", table)
        count = find_candidates(connection, limit)
        pairs = connection.execute("from candidates").fetchall()
        sizes = connection.execute("select count(*) from blocks group by block").fetchall()
        kinds, keys = zip(*key_expressions(), strict=True)
        rows_of_keys = connection.execute(
            f"select {', '.join(keys)} from records order by position"
        ).fetchall()
    assert len(set(pairs)) == len(pairs) == count
    sets = [set(zip(kinds, row, strict=True)) for row in rows_of_keys]
    return set(pairs), [size for (size,) in sizes], sets


def candidates_of(**columns):
    records = pd.DataFrame(columns | {"source": "erp"})
    records["record_id"] = [f"erp:{n:05}" for n in range(len(records))]
    return find(build_features(read_records(records)).to_dict("records"))


def few(*values):
    return st.sampled_from([None, *values])


@settings(max_examples=20)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": few("alpha", "beta bau", "gamma"),
                "city": few("berlin", "ulm"),
                "postcode": few("10115", "89073"),
                "phone": few("+491111111", "+492222222"),
                "given_name": few("anna", "otto"),
                "family_name": few("berger", "kern"),
            }
        ),
        min_size=2,
        max_size=40,
    )
)
def test_no_block_exceeds_the_limit_and_who_shares_a_rare_key_is_compared(rows):
    pairs, sizes, keys = find(rows, LIMIT)
    assert all(1 < size <= LIMIT for size in sizes)
    assert all(left < right for left, right in pairs)
    holders = defaultdict(list)
    for position, row in enumerate(keys):
        for kind, key in row:
            holders[kind, key].append(position)
    for (_, key), positions in holders.items():
        if key is not None and len(positions) <= LIMIT:
            assert pairs.issuperset(combinations(positions, 2))
    for left, right in pairs:
        assert any(key is not None for _, key in keys[left] & keys[right])


def test_ten_thousand_with_one_phone_and_a_city_of_thirty_thousand_stay_bounded():
    rows = [
        {"phone": "+49711000000" if n < 10_000 else None, "city": "berlin", "name": f"f{n % 300}"}
        for n in range(30_000)
    ]
    pairs, sizes, _ = find(rows)
    assert max(sizes) <= MAX_BLOCK
    # half of a block's size per record and key: the number, the name, the city with the name
    assert 0 < len(pairs) <= MAX_BLOCK / 2 * (10_000 + 2 * 30_000)


def test_records_that_read_alike_are_split_by_their_order():
    pairs, sizes, _ = candidates_of(name=["Müller GmbH"] * 5 * MAX_BLOCK)
    assert Counter(sizes).keys() == {MAX_BLOCK}
    assert len(pairs) == 5 * MAX_BLOCK * (MAX_BLOCK - 1) // 2


def test_a_large_block_is_split_where_records_differ():
    cities = ["Ulm", "Aalen", "Celle"] * MAX_BLOCK
    codes = {"Ulm": "89073", "Aalen": "73430", "Celle": "29221"}
    pairs, _, _ = candidates_of(
        name=["Müller"] * len(cities), city=cities, postcode=[codes[city] for city in cities]
    )
    assert pairs
    assert all(cities[left] == cities[right] for left, right in pairs)


def test_what_no_two_records_share_is_no_block():
    assert candidates_of(name=["Alpha", "Beta"], phone=["0711 111222", "0711 333444"])[0] == set()


def test_the_rarest_word_of_one_name_may_be_the_second_of_another():
    names = ["Oliver Quendrath", "Quendrath", "Quendrath Pumpen", "Pumpen", "Pumpen Ost"]
    assert (0, 1) in candidates_of(name=names)[0]
