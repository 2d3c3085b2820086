"""Many contact records to one person.

A name alone is not enough: "Anna Berger" may work at two customers. Nor is an address alone: many
read info@, and a switchboard has one number for all. So two records can be one person only if their
names agree and they share the customer, a mailbox of their own or a number of their own.
`identity.model` estimates from the data themselves how probable that is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from config import read_yaml
from identity.clusters import Key, cluster
from identity.comparisons import FAMILY_NAME, GIVEN_NAME
from identity.features import build_features, read_records
from identity.given_names import is_given_name
from identity.model import estimate_probabilities
from identity.pairs import compare
from identity.stable_ids import Membership, keep_ids

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from identity.pairs import Pairs

RULES_FILE = Path(__file__).with_name("persons.yml")
# A number or mailbox with more family names than this is shared: one person's name has few
# spellings.
MAX_NAMES_PER_ADDRESS = 3


class PersonName(NamedTuple):
    """A name in its parts, without salutation; None where a part is not known."""

    given_name: str | None
    family_name: str | None


@dataclass(frozen=True)
class _Agreements:
    """Per compared pair whether names agree or contradict, and what the two records share.

    An address is a mailbox or a number; an `own` one is known with one name only.
    """

    agree: NDArray[np.bool_]
    contradict: NDArray[np.bool_]
    same_name: NDArray[np.bool_]
    same_company: NDArray[np.bool_]
    same_address: NDArray[np.bool_]
    same_own_address: NDArray[np.bool_]


@cache
def rules() -> dict[str, frozenset[str]]:
    """Read the words of `persons.yml`."""
    return {name: frozenset(words) for name, words in read_yaml(RULES_FILE, as_text=True).items()}


def split_name(
    given_name: str | None, family_name: str | None, *, is_whole: bool = False
) -> PersonName:
    """Remove the salutation, and split a full name given in one column.

    "Hr. Berger" is the family name Berger. Where `is_whole`, "Berger, Anna" and "Fr. Dr. Anna von
    Berg" in the column of the family name have a given name too; "Fr. Jacobi Jäckel" has none.
    """
    is_greeted = any(_is(word, "salutations") for word in (family_name or "").split())
    given, family = (
        [word for word in (name or "").split() if not _is(word, "salutations")]
        for name in (given_name, family_name)
    )
    if is_whole and family and not given:
        before, _, after = " ".join(family).partition(",")
        if after.strip():
            given, family = after.split(), before.split()
        else:
            untitled = [n for n, word in enumerate(family) if not _is(word, "titles")]
            end = next((n for n in untitled if _is(family[n], "particles")), len(family) - 1)
            is_given = untitled and (not is_greeted or is_given_name(family[untitled[0]]))
            if is_given and end > untitled[0]:
                given, family = family[:end], family[end:]
    return PersonName(" ".join(given) or None, " ".join(family) or None)


def resolve_persons(
    records: pd.DataFrame,
    *,
    persons: Iterable[Membership] = (),
    contacts: Iterable[Membership] = (),
    night: date = date.max,
) -> pd.DataFrame:
    """Find out which contact records are one person, and which are one person at one customer.

    Args:
        records: a row per contact record with `record_id` (unique), `source`, `customer_id` and
            any of `given_name, family_name, email, phone` and `country` (of the phone number).
        persons: which person the records were in former nights, see `stable_ids.keep_ids`.
        contacts: which contact they were.
        night: the night that the records are of.

    Returns:
        One row per record, ordered by it: `record_id`, `person_id` (`P` and ten characters),
        `contact_id` (`K` and ten characters: a person at a customer), `probability` that it is
        that person, and `given_name, family_name` as `split_name` parts them.

    Raises:
        IdentityError: `record_id` or `source` is missing, empty or not unique.

    """
    import pandas as pd

    text = read_records(records)
    customer = dict(zip(records["record_id"].map(str), records["customer_id"], strict=True))
    customers = [value if isinstance(value, str) else "" for value in map(customer.get, text.index)]
    names = _names(text)
    group, probability = _group(_features(text, names, customers))
    return pd.DataFrame(
        {
            "record_id": pd.Series(text.index, dtype=object),
            "person_id": _ids(text.index, group, persons, night, "P"),
            "contact_id": _ids(
                text.index, list(zip(group, customers, strict=True)), contacts, night, "K"
            ),
            "probability": pd.Series(probability, dtype=float).round(4),
            "given_name": pd.Series([name.given_name for name in names], dtype=object),
            "family_name": pd.Series([name.family_name for name in names], dtype=object),
        }
    )


def _names(text: pd.DataFrame) -> list[PersonName]:
    """Split the names; beside a column of given names the other column has family names only."""
    rows = list(text[["source", "given_name", "family_name"]].itertuples(index=False, name=None))
    has_given_names = {source for source, given_name, _ in rows if given_name}
    return [
        split_name(given, family, is_whole=source not in has_given_names)
        for source, given, family in rows
    ]


def _ids(
    records: Iterable[str],
    group: Sequence[Any],
    previous: Iterable[Membership],
    night: date,
    prefix: str,
) -> pd.Series:
    import pandas as pd

    clusters: dict[Any, list[str]] = defaultdict(list)
    for record, own in zip(records, group, strict=True):
        clusters[own].append(record)
    kept = keep_ids(list(clusters.values()), previous, night, prefix)
    given = dict(zip(clusters, kept, strict=True))
    return pd.Series([given[own] for own in group], dtype=object)


def _features(
    text: pd.DataFrame, names: Sequence[PersonName], customers: Sequence[str]
) -> pd.DataFrame:
    """Build what is compared; `domain` is the customer, or the mail's domain where none is known.

    Mailboxes and numbers that several people share are left out: they identify the customer, which
    is known already.
    """
    import pandas as pd

    def fill(frame: pd.DataFrame, column: str, values: Iterable[str | None]) -> None:
        frame[column] = pd.Series(list(values), index=frame.index, dtype=object)

    plain = text.copy()
    fill(plain, "name", [None] * len(plain))
    fill(plain, "given_name", (_without_titles(name.given_name) for name in names))
    fill(plain, "family_name", (_without_titles(name.family_name) for name in names))
    features = build_features(plain)
    for column in ("email", "phone"):
        shared = _shared(list(features[column]), list(features["family_name"]))
        fill(features, column, (None if v in shared else v for v in features[column]))
    domains = zip(customers, features["domain"], strict=True)
    fill(features, "domain", (customer or domain for customer, domain in domains))
    return features


def _shared(values: Sequence[str | None], family_names: Sequence[str | None]) -> set[str]:
    """Find the addresses that several people share."""
    holders: dict[str, set[str]] = defaultdict(set)
    for value, name in zip(values, family_names, strict=True):
        if value:
            holders[value].update({name} if name else ())
    return {
        value
        for value, held in holders.items()
        if len(held) > MAX_NAMES_PER_ADDRESS or is_shared_mailbox(value)
    }


def is_shared_mailbox(email: str) -> bool:
    """Whether an address is one that several people read, by its part before the @."""
    local, at, _ = email.partition("@")
    first = re.split(r"[^\w]|_|\d", local, maxsplit=1)[0]
    return bool(at) and first in rules()["shared_mailboxes"]


def _group(features: pd.DataFrame) -> tuple[list[int], list[float]]:
    """Return per record its group and how probable it is that it belongs there."""
    import numpy as np

    no_keys: list[frozenset[Key]] = [frozenset()] * len(features)
    namesakes = list(_namesakes(features))
    pairs = compare(features) if len(features) > 1 else None
    if pairs is None:
        return cluster(no_keys, namesakes, [])
    found = _agreements(pairs, features)
    may_be = found.agree & (found.same_company | found.same_address)
    probability = np.where(may_be, estimate_probabilities(pairs), 0.0)
    is_sure = may_be & (found.same_name | found.same_own_address)
    is_apart = found.contradict & (found.same_company | found.same_address)
    is_possible = probability > 0.01
    return cluster(
        no_keys,
        [*namesakes, *_pairs(pairs, is_sure)],
        list(
            zip(
                pairs.left[is_possible].tolist(),
                pairs.right[is_possible].tolist(),
                probability[is_possible].tolist(),
                strict=True,
            )
        ),
        different=_pairs(pairs, is_apart),
    )


def _namesakes(features: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Pair each record with the first one that has its full name at the same customer."""
    first: dict[tuple[str, ...], int] = {}
    columns = ["domain", "given_name", "family_name"]
    for record, row in enumerate(features[columns].itertuples(index=False, name=None)):
        if all(row) and first.setdefault(row, record) != record:
            yield first[row], record


def _agreements(pairs: Pairs, features: pd.DataFrame) -> _Agreements:
    """Read the degrees of `identity.comparisons`: 0 the same, the last one different.

    Names agree in all degrees but the worst: another given name, a family name that is only
    similar (a slip, if the rest is the same). Where both are swapped, family names are unknown.
    """
    import numpy as np

    compared = {
        field.comparison.name: degrees[pairs.pattern]
        for field, degrees in zip(pairs.fields, pairs.degrees.T, strict=True)
    }
    degree = {}
    for column in ("given_name", "family_name", "email", "phone", "domain"):
        # A column with one value in all records distinguishes none and is not compared.
        known = features[column].notna().to_numpy()
        same_or_unknown = np.where(known[pairs.left] & known[pairs.right], 0, -1)
        degree[column] = compared.get(column, same_or_unknown)
    given, family = degree["given_name"], degree["family_name"]
    same = {column: degree[column] == 0 for column in ("email", "phone")}
    own = {column: same[column] & _is_own(features, column)[pairs.left] for column in same}
    same_address = same["email"] | same["phone"]
    same_company = degree["domain"] == 0
    is_swapped = given == GIVEN_NAME.degree("swapped")
    is_named = is_swapped | (family >= 0)
    similar = FAMILY_NAME.degree("similar")
    is_slip = (family == similar) & (given == 0) & same_address
    is_other = (given >= GIVEN_NAME.degree("another")) | ((family >= similar) & ~is_slip)
    agree = is_named & ~is_other
    # without a name only an address of one person identifies somebody
    agree |= ~is_named & (own["email"] | (own["phone"] & same_company))
    return _Agreements(
        agree=agree,
        contradict=is_named & is_other,
        same_name=((given == 0) & (family == 0)) | is_swapped,
        same_company=same_company,
        same_address=same_address,
        same_own_address=own["email"] | own["phone"],
    )


def _is_own(features: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Per record whether its mailbox or number is known with one name only, typing slips aside."""
    import numpy as np

    initials: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    rows = list(features[[column, "given_name", "family_name"]].itertuples(index=False, name=None))
    for value, *parts in rows:
        for known, part in zip(initials[value], parts, strict=True):
            known.update({part[0]} if part else ())
    return np.array([all(len(known) <= 1 for known in initials[value]) for value, *_ in rows])


def _pairs(pairs: Pairs, which: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return list(zip(pairs.left[which].tolist(), pairs.right[which].tolist(), strict=True))


def _without_titles(name: str | None) -> str | None:
    words = [word for word in (name or "").split() if not _is(word, "titles")]
    return " ".join(words) or None


def _is(word: str, kind: str) -> bool:
    """Whether a word, or each part of one like "Dipl.-Ing.", is of a kind of `persons.yml`."""
    parts = [part for part in re.split(r"[.\-]", word.lower()) if part]
    return bool(parts) and all(part in rules()[kind] for part in parts)
