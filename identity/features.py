"""From records as the files have them to the columns that are compared."""

from __future__ import annotations

import math
import multiprocessing
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from config.language import _
from identity import normalise, other_ids
from identity.firm_names import FirmName, firm_name
from identity.given_names import gender, initials, name_of_its_own
from identity.sounds import sound
from vocabulary.words import known

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    Records: TypeAlias = pd.DataFrame | pa.Table | duckdb.DuckDBPyRelation

INPUT_COLUMNS = (
    "name", "given_name", "family_name", "street", "postcode", "city", "country", "phone",
    "email", "website", "vat_id", "registration_no", "other_ids", "birth_date",
)  # fmt: skip

# Number of records from which two processes normalise them.
MANY = 20_000
# Letters from which two words that a scanner may have taken for each other are one.
LONG_WORD = 7
# A cell that holds a street only, if postcode and city are known.
_ONE_PART = re.compile(r"[^,;\n]+")


class IdentityError(ValueError):
    """The records can't be resolved; the message says what to change."""


def read_records(records: Records) -> pd.DataFrame:
    """Take records as a pandas frame, a pyarrow table or a DuckDB relation.

    Returns one row per record in the order of `record_id`, which is the index; `source` and every
    column of INPUT_COLUMNS is text or None.

    Raises:
        IdentityError: `record_id` or `source` is missing, empty or not unique.

    """
    import duckdb
    import pandas as pd

    if isinstance(records, pd.DataFrame):
        frame = records
    elif isinstance(records, duckdb.DuckDBPyRelation):
        frame = records.df()
    else:
        frame = records.to_pandas()
    missing = [column for column in ("record_id", "source") if column not in frame.columns]
    if missing:
        raise IdentityError(
            _("The records need the column {names}.").format(names=_(" and ").join(missing))
        )
    text = pd.DataFrame(
        {
            column: _text(frame[column], is_id=column == "record_id")
            if column in frame.columns
            else None
            for column in ("record_id", "source", *INPUT_COLUMNS)
        },
        index=range(len(frame)),
        dtype=object,
    )
    for column in ("record_id", "source"):
        if text[column].isna().any():
            raise IdentityError(
                _("A record has no {column}: every record needs one.").format(column=column)
            )
    if text["record_id"].duplicated().any():
        twice = text["record_id"][text["record_id"].duplicated()].min()
        raise IdentityError(
            _("record_id {twice!r} is given twice: it must be unique.").format(twice=twice)
        )
    return text.set_index("record_id").sort_index()


def build_features(records: pd.DataFrame) -> pd.DataFrame:
    """Normalise records.

    Args:
        records: as `read_records` returns them.

    Returns:
        A frame with the same index and the columns `source, name, legal_form, words` (the name's
        words with their rarity in bits)`, given_name, family_name, birth_date, street, number,
        address, postcode, city, phone, email, domain, vat_key, registration_key, other_ids`, None
        where nothing is known. `given_root` has short forms written out, `sound, given_sound` and
        `family_sound` say how the names sound. `name` is there for persons with `given_name` and
        `family_name` too.

    """
    import pandas as pd

    country = _fill_country(_map(normalise.country, records["country"]))
    reached = _beside(lambda: _reached(records, country), is_worth_it=len(records) > MANY)
    located = _located(records, country)
    called = _called(records, located)
    columns: dict[str, list[Any]] = {
        "source": list(records["source"]),
        **called,
        "words": _rarity(called["name"], called["city"]),
        **{column: values for column, values in located.items() if column not in called},
        **reached(),
    }
    return pd.DataFrame(columns, index=records.index, dtype=object)


def _called(records: pd.DataFrame, located: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Per record its name, in parts where given so, the sound of it, and the date of birth.

    Also the town, where only the name says it.
    """
    towns = {town for town in located["city"] if town}
    company = _firms(_told(records, "name"), towns)
    given_name = _map(normalise.person_name, _told(records, "given_name"))
    family_name = _map(normalise.person_name, _told(records, "family_name"))
    birth_date = _told(records, "birth_date")
    day_first = _is_day_first(birth_date)
    full_name: list[Any] = [value and value.name for value in company]
    for n, parts in enumerate(zip(given_name, family_name, strict=True)):
        joined = " ".join(filter(None, parts)) or None
        if full_name[n] is None:
            full_name[n] = joined
        elif joined and not set(joined.split()) <= set(full_name[n].split()):
            given_name[n] = family_name[n] = None  # a contact at the company of that name
    full_name, generation = _split_generation(_in_one_spelling(full_name))
    given_name, given_generation = _split_generation(given_name)
    family_name, family_generation = _split_generation(family_name)
    return {
        "name": full_name,
        "legal_form": [value and value.legal_form for value in company],
        "earlier": [value and value.earlier for value in company],
        "city": _in_one_spelling(
            [
                town or (value and value.town)
                for town, value in zip(located["city"], company, strict=True)
            ]
        ),
        "sound": _map(sound, full_name),
        "given_name": given_name,
        "family_name": family_name,
        "given_root": _map(
            lambda name: " ".join(map(normalise.full_given_name, name.split())), given_name
        ),
        "given_initials": _map(initials, given_name),
        "given_gender": _map(gender, given_name),
        "given_known": _map(name_of_its_own, given_name),
        "given_sound": _map(sound, given_name),
        "family_sound": _map(sound, family_name),
        "generation": [
            a or b or c
            for a, b, c in zip(family_generation, given_generation, generation, strict=True)
        ],
        "birth_date": _map(
            lambda text: normalise.birth_date(text, day_first=day_first), birth_date
        ),
    }


def _firms(names: list[str | None], towns: set[str]) -> list[FirmName | None]:
    """Take the firms' names apart; towns that some names tell ("AG in Thale") hold for all."""
    found = _map(lambda name: firm_name(name, towns), names)
    told = {firm.town for firm in found if firm and firm.town} - towns
    return _map(lambda name: firm_name(name, towns | told), names) if told else found


def _located(records: pd.DataFrame, country: list[str | None]) -> dict[str, list[Any]]:
    """Per record its address."""
    address = _addresses(records)
    street = _map(normalise.street, [part.street for part in address])
    return {
        "street": [value and value.name for value in street],
        "number": [value and value.number for value in street],
        "address": [value and value.name and value.number and " ".join(value) for value in street],
        "postcode": _map_in(normalise.postcode, [part.postcode for part in address], country),
        "city": _map(normalise.city, [part.city for part in address]),
    }


def _reached(records: pd.DataFrame, country: list[str | None]) -> dict[str, list[Any]]:
    """Per record phone, e-mail and domain, and its register numbers."""
    email = _told(records, "email")
    website = _map(normalise.website_domain, _told(records, "website"))
    domain = _map(normalise.email_domain, email)
    vat_id, registration = _told(records, "vat_id"), _told(records, "registration_no")
    return {
        "phone": _map_in(normalise.phone, _told(records, "phone"), country),
        "email": _map(normalise.email, email),
        "domain": [a or b for a, b in zip(website, domain, strict=True)],
        "registration": _map(normalise.register_number, registration),
        "vat_key": _map_in(normalise.vat_key, vat_id, country),
        "registration_key": _map_in(normalise.registration_key, registration, country),
        "other_ids": _map(other_ids.parse, records["other_ids"]),
    }


def _text(column: pd.Series, *, is_id: bool) -> list[str | None]:
    """Write a column as text; whole numbers without the ".0" that gaps in a column bring.

    An id stays as it is: with a blank at its end it is another id.
    """
    written = [
        _written(value) if is_known else ""
        for value, is_known in zip(column.tolist(), column.notna().tolist(), strict=True)
    ]
    return [(text if is_id else text.strip()) if text.strip() else None for text in written]


def _written(value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _addresses(records: pd.DataFrame) -> list[normalise.Address]:
    """Per record street, postcode and city, also where `street` holds them all."""
    columns = (_told(records, column) for column in ("street", "postcode", "city"))
    return [
        normalise.address(*row)
        if row[0] and not (row[1] and row[2] and _ONE_PART.fullmatch(row[0]))
        else normalise.Address(*row)
        for row in zip(*columns, strict=True)
    ]


def _split_generation(names: list[Any]) -> tuple[list[Any], list[Any]]:
    parts = [part or (None, None) for part in _map(normalise.split_generation, names)]
    return [name for name, _ in parts], [number for _, number in parts]


def _told(records: pd.DataFrame, column: str) -> list[str | None]:
    return _map(known, records[column])


def _map(function: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Apply a normalisation once per distinct value (files repeat themselves)."""
    values = list(values)
    found = {value: None if value is None else function(value) for value in set(values)}
    return [found[value] for value in values]


def _map_in(
    function: Callable[..., Any], values: list[Any], country: list[str | None]
) -> list[Any]:
    """Apply a normalisation that depends on the country."""
    return _map(lambda row: row[0] and function(*row), zip(values, country, strict=True))


def _beside(
    work: Callable[[], dict[str, list[Any]]], *, is_worth_it: bool
) -> Callable[[], dict[str, list[Any]]]:
    """Start work in a second process if that pays; return a function that waits for its result.

    The process is forked: it has all that the work needs, while a new interpreter would run the
    caller's script again, and need more time to start than most files take.
    """
    if (
        not is_worth_it
        or "fork" not in multiprocessing.get_all_start_methods()
        or multiprocessing.current_process().daemon  # may have no children
    ):
        return work
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(work()), daemon=True)
    process.start()
    sender.close()

    def result() -> dict[str, list[Any]]:
        with receiver:
            try:
                return receiver.recv()  # type: ignore[no-any-return]
            except EOFError:  # it was killed, perhaps out of memory, or the error is ours
                return work()
            finally:
                process.join()

    return result


def _fill_country(countries: list[str | None]) -> list[str | None]:
    """Take the most frequent country where none is given: files leave out their own.

    Not where most records have none: the others may name foreign countries only.
    """
    known = Counter(country for country in countries if country)
    home = min(known, key=lambda country: (-known[country], country), default=None)
    if home and 2 * known[home] <= len(countries):
        home = None
    return [country or home for country in countries]


def _is_day_first(values: list[str | None]) -> bool:
    """Whether a column's dates with slashes put the day first, judged from all of them."""
    parts = [re.match(r"(\d{1,2})/(\d{1,2})/", value) for value in values if value]
    found = [(int(part[1]), int(part[2])) for part in parts if part]
    return sum(first > 12 for first, _ in found) >= sum(second > 12 for _, second in found)


def _in_one_spelling(texts: list[Any]) -> list[Any]:
    """Write words that the list spells in two ways as one: as the more frequent one.

    In an old way and in today's ("Cöln", "Köln"), or long ones as a scanner read them. What is
    spelled in one way only stays as it is.
    """
    counts = Counter(word for text in texts if text for word in text.split())
    of_old = _most_frequent(counts, normalise.spell)
    for word, one in of_old.items():
        counts[one] += counts.pop(word)
    long = Counter({word: count for word, count in counts.items() if len(word) >= LONG_WORD})
    misread = _most_frequent(long, normalise.shape)

    def written(word: str) -> str:
        word = of_old.get(word, word)
        return misread.get(word, word)

    return _map(lambda text: " ".join(map(written, text.split())), texts)


def _most_frequent(counts: Counter[str], key: Callable[[str], str]) -> dict[str, str]:
    """Per word the most frequent one of its key, for words that are not that themselves."""
    alike: dict[str, list[str]] = defaultdict(list)
    for word in sorted(counts):
        alike[key(word)].append(word)
    return {
        word: one
        for words in alike.values()
        if len(words) > 1
        for one in [max(words, key=counts.__getitem__)]
        for word in words
        if word != one
    }


def _rarity(names: list[str | None], towns: list[str | None]) -> list[dict[str, float] | None]:
    """Per name its distinct words with their rarity in bits, -log2 of the share of names.

    What firms of a town are called after ("Chemnitzer Bank") is as rare as it is in that town.
    """
    words = _map(
        lambda name: sorted({normalise.full_given_name(word) for word in name.split()}), names
    )
    counts = Counter(word for row in words if row for word in row)
    total = sum(row is not None for row in words)
    rarity = {word: math.log2((total + 1) / count) for word, count in counts.items()}
    local = _local_rarity(words, towns, rarity)
    return [
        {word: local.get((town or "", word), rarity[word]) for word in row} if row else None
        for row, town in zip(words, towns, strict=True)
    ]


def _local_rarity(
    words: list[list[str] | None], towns: list[str | None], rarity: dict[str, float]
) -> dict[tuple[str, str], float]:
    """Per town and word made of its name the rarity among the town's names, if towns are known.

    Where few records have a town, it is no evidence that would be counted twice.
    """
    firms = Counter(town for town, row in zip(towns, words, strict=True) if town and row)
    if 2 * firms.total() <= len(words):
        return {}
    called = Counter(
        (town, word)
        for town, row in zip(towns, words, strict=True)
        if town and row
        for word in row
        if _is_of_town(word, town)
    )
    return {
        (town, word): min(rarity[word], math.log2((firms[town] + 1) / count))
        for (town, word), count in called.items()
    }


def _is_of_town(word: str, town: str) -> bool:
    """Whether a word of a name is the town's name, or made of it ("leipziger", "hallesche")."""
    stem = town[:-1] if town[-1] in "en" and len(town) > 4 else town
    return len(stem) > 2 and word.startswith(stem) and len(word) <= len(town) + 4
