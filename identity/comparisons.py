"""What of two records is compared, in which degrees of agreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# Names overlap by their words' rarity in bits: "Antriebstechnik" says less than "Hagelstein".
MACROS = """
create or replace macro bits(words) as coalesce(list_sum(map_values(words)), 0);
create or replace macro shared_bits(l, r) as
  coalesce(list_sum([l[word] for word in map_keys(l) if map_contains(r, word)]), 0);
create or replace macro word_overlap(l, r) as
  shared_bits(l, r) / greatest(bits(l) + bits(r) - shared_bits(l, r), 1e-9);
create or replace macro word_containment(l, r) as
  shared_bits(l, r) / greatest(least(bits(l), bits(r)), 1e-9);
create or replace macro same_switchboard(l, r) as least(length(l), length(r)) > 9 and
  left(l, greatest(length(l), length(r)) - 3) = left(r, greatest(length(l), length(r)) - 3);
"""


@dataclass(frozen=True)
class Level:
    """A degree of agreement: SQL over `<column>_l` and `<column>_r`.

    `m` is the prior share of true pairs that agree so. `value` names the column whose one common
    value the degree is about: the rarer that value, the more it says.
    """

    sql: str
    m: float
    value: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared, from the best degree to the worst ("all else", with the rest of m).

    `column` is the column without which the comparison is unknown, `columns` all that it uses.
    """

    name: str
    levels: tuple[Level, ...]
    column: str
    also: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All text columns that the SQL uses."""
        return (self.column, *self.also)

    @property
    def prior_m(self) -> list[float]:
        """Per degree the share of true pairs expected before seeing any record."""
        named = [level.m for level in self.levels]
        return [*named, 1 - sum(named)]


def _similar(column: str, at_least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {at_least}"


COMPARISONS = (
    Comparison("name", column="name", levels=(
        Level("name_l = name_r", .5, value="name"),
        Level(f"({_similar('name', .95)} or word_overlap(words_l, words_r) >= .9)", .15),
        Level("word_containment(words_l, words_r) >= .9 and shared_bits(words_l, words_r) >= 8",
              .15),
        Level(f"({_similar('name', .9)} or word_overlap(words_l, words_r) >= .5)", .08),
        Level("word_containment(words_l, words_r) >= .4", .06),
    )),
    Comparison("given_name", column="given_name", also=("family_name",), levels=(
        Level("given_name_l = given_name_r", .7, value="given_name"),
        Level("given_name_l = family_name_r and given_name_r = family_name_l", .02),
        Level(_similar("given_name", .9), .1),
        Level(f"({_similar('given_name', .75)} or given_name_l[1] = given_name_r[1])", .08),
    )),
    Comparison("family_name", column="family_name", also=("given_name",), levels=(
        Level("family_name_l = family_name_r", .75, value="family_name"),
        Level("given_name_l = family_name_r and given_name_r = family_name_l", .02),
        Level(_similar("family_name", .9), .12),
        Level(_similar("family_name", .75), .05),
    )),
    Comparison("birth_date", column="birth_date", levels=(
        Level("birth_date_l = birth_date_r", .85, value="birth_date"),
        Level("damerau_levenshtein(birth_date_l, birth_date_r) <= 1", .07),
        Level("birth_date_l = birth_date_r[1:4] || birth_date_r[7:8] || birth_date_r[5:6]", .02),
        Level("damerau_levenshtein(birth_date_l, birth_date_r) <= 2", .02),
    )),
    Comparison("address", column="street", also=("number", "address"), levels=(
        Level("address_l = address_r", .6, value="address"),
        Level(f"number_l = number_r and {_similar('street', .85)}", .15),
        Level("street_l = street_r", .05, value="street"),
        Level(_similar("street", .9), .05),
    )),
    Comparison("postcode", column="postcode", levels=(
        Level("postcode_l = postcode_r", .85, value="postcode"),
        Level("damerau_levenshtein(postcode_l, postcode_r) <= 1", .05),
        Level("left(postcode_l, 2) = left(postcode_r, 2)", .04),
    )),
    Comparison("city", column="city", levels=(
        Level("city_l = city_r", .85, value="city"),
        Level(_similar("city", .88), .07),
    )),
    Comparison("phone", column="phone", levels=(
        Level("phone_l = phone_r", .6, value="phone"),
        Level("right(phone_l, 7) = right(phone_r, 7)", .05),
        Level("same_switchboard(phone_l, phone_r)", .1),
    )),
    Comparison("email", column="email", levels=(
        Level("email_l = email_r", .4, value="email"),
        Level(_similar("email", .95), .1),
    )),
    Comparison("domain", column="domain", levels=(
        Level("domain_l = domain_r", .8, value="domain"),
        Level(_similar("domain", .95), .05),
    )),
    Comparison("legal_form", column="legal_form", levels=(
        Level("legal_form_l = legal_form_r", .85, value="legal_form"),
    )),
)  # fmt: skip


def choose_comparisons(features: pd.DataFrame) -> list[Comparison]:
    """Choose what can tell records apart: columns that hold at least two different values."""
    return [comparison for comparison in COMPARISONS if features[comparison.column].nunique() > 1]
