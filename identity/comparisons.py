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
create or replace macro is_slip(a, b) as
  damerau_levenshtein(a, b) <= 1 + greatest(length(a), length(b)) // 6;
create or replace macro is_akin(a, b) as a = b
  or (least(length(a), length(b)) <= 3 and (starts_with(a, b) or starts_with(b, a)))
  or jaro_winkler_similarity(a, b) >= .9;
create or replace macro is_initial(a, letters) as length(a) = 1 and contains(letters, a);
create or replace macro own_words(l, r) as len([
  a for a in map_keys(l) if len([b for b in map_keys(r) if is_akin(a, b)]) = 0]);
create or replace macro holds_words(a, b) as
  list_has_all(string_split(a, ' '), string_split(b, ' '))
  or list_has_all(string_split(b, ' '), string_split(a, ' '));
create or replace macro kinds(ids) as
  list_transform(string_split(ids, ' '), lambda id: split_part(id, ':', 1));
create or replace macro share_kind(l, r) as list_has_any(kinds(l), kinds(r));
create or replace macro share_id(l, r) as
  list_has_any(string_split(l, ' '), string_split(r, ' '));
create or replace macro has_akin_id(l, r) as len([
  a for a in string_split(l, ' ') if len([
    b for b in string_split(r, ' ')
    if split_part(a, ':', 1) = split_part(b, ':', 1) and damerau_levenshtein(a, b) <= 1]) > 0]) > 0;
create or replace macro same_switchboard(l, r) as least(length(l), length(r)) > 9 and
  left(l, greatest(length(l), length(r)) - 3) = left(r, greatest(length(l), length(r)) - 3);
"""


@dataclass(frozen=True)
class Level:
    """A degree of agreement: SQL over `<column>_l` and `<column>_r`.

    `m` is the prior share of true pairs with this degree. `value` names the column whose common
    value the degree is about: the rarer that value, the stronger the evidence. `at_most` is an
    upper bound on the estimated m. `label` is the name by which code outside the model asks for it.
    """

    sql: str
    m: float
    value: str | None = None
    one_in: float = 1
    at_most: float = 1
    label: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared, from the best degree to the worst ("all else", with the rest of m).

    The comparison is unknown where `column` is null or the SQL of `unless` holds; `columns` are all
    that it uses. `is_place` says that neighbours (a household, the firms of a house) agree in it
    like one customer, `is_home` that it changes with a move, `is_name` that few customers have two
    values with nothing in common, `of_name` that it is what the customer is called, so that
    namesakes are alike in it. `by_value` says that it is slow and its values repeat: each two
    distinct values are compared once. `prior_near`: the prior share per degree, from the best to
    the last but one, of neighbours that agree because they are neighbours; the rest (all where it
    is not given) agree like any two records.
    """

    name: str
    levels: tuple[Level, ...]
    column: str
    also: tuple[str, ...] = ()
    unless: str | None = None
    is_place: bool = False
    is_home: bool = False
    is_name: bool = False
    of_name: bool = False
    by_value: bool = False
    prior_near: tuple[float, ...] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether neighbours share its values."""
        return self.is_place or bool(self.prior_near and self.prior_near[0])

    @property
    def columns(self) -> tuple[str, ...]:
        """All text columns that the SQL uses."""
        return (self.column, *self.also)

    def degree(self, label: str) -> int:
        """Return the degree with the label."""
        return [level.label for level in self.levels].index(label)

    @property
    def prior_m(self) -> list[float]:
        """Per degree the share of true pairs expected before seeing any record."""
        named = [level.m for level in self.levels]
        return [*named, 1 - sum(named)]


def _similar(column: str, at_least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {at_least}"


IN_PARTS = "(given_name_{0} is not null or family_name_{0} is not null)"

SWAPPED = (
    "given_name_l = family_name_r and given_name_r = family_name_l"
    " and given_name_l <> family_name_l"
)

TWO_NAMES = "coalesce(given_known_l <> given_known_r, false)"
SHARED, NAMES = "shared_bits(words_l, words_r)", "jaro_winkler_similarity(name_l, name_r)"
BITS = ("bits(words_l)", "bits(words_r)")
OVERLAP = f"{SHARED} / greatest({' + '.join(BITS)} - {SHARED}, 1e-9)"
CONTAINMENT = f"{SHARED} / greatest(least({', '.join(BITS)}), 1e-9)"
SLIPS = "damerau_levenshtein(birth_date_l, birth_date_r)"
TURNED = "(birth_date_r[1:4] || birth_date_r[7:8] || birth_date_r[5:6])"
# Expressions used by several degrees: Splink computes them for each degree, `pairs.compare` once.
ONCE = (SHARED, NAMES, *BITS, SLIPS)

COMPARISONS = (
    Comparison("name", column="name", also=("given_name", "family_name", "sound"),
               is_name=True, of_name=True,
               unless=f"{IN_PARTS.format('l')} and {IN_PARTS.format('r')}",
               prior_near=(0, 0, 0, .01, 0, 0, .1, .2), levels=(
        Level("name_l = name_r", .45, value="name", one_in=500),
        Level(f"({NAMES} >= .95 and is_slip(name_l, name_r) or {OVERLAP} >= .9)", .15),
        Level(f"{CONTAINMENT} >= .9 and {SHARED} >= 8", .15),
        Level(f"case when {SHARED} > 0 then least(own_words(words_l, words_r),"
              " own_words(words_r, words_l)) = 0 else false end", .08),
        Level("sound_l = sound_r", .04, value="sound", one_in=500),
        Level(f"{NAMES} >= .9 and {SHARED} = 0 and is_slip(name_l, name_r)", .04),
        Level(f"{OVERLAP} >= .5", .03),
        Level(f"{CONTAINMENT} >= .4", .03),
    )),
    Comparison("earlier", column="earlier", levels=(
        Level("earlier_l = earlier_r", .8, value="earlier", one_in=500),
        Level(f"({_similar('earlier', .88)} or holds_words(earlier_l, earlier_r))", .15),
    )),
    Comparison("given_name", column="given_name",
               also=("family_name", "given_root", "given_sound", "given_known", "given_initials",
                     "given_gender"),
               is_name=True, prior_near=(.02, 0, .02), levels=(
        Level("given_name_l = given_name_r", .65, value="given_name", one_in=300),
        Level(SWAPPED, .02, label="swapped"),
        Level("given_root_l = given_root_r", .06, value="given_root", one_in=300),
        Level("holds_words(given_root_l, given_root_r)", .04),
        Level(f"not {TWO_NAMES} and ({_similar('given_name', .94)}"
              " or damerau_levenshtein(given_name_l, given_name_r) <= 1"
              " and least(length(given_name_l), length(given_name_r)) > 4)", .1),
        Level("least(length(given_name_l), length(given_name_r)) <= 3 and (starts_with("
              "given_name_l, given_name_r) or starts_with(given_name_r, given_name_l))"
              " or is_initial(given_name_l, given_initials_r)"
              " or is_initial(given_name_r, given_initials_l)", .05),
        Level("given_sound_l = given_sound_r and coalesce(given_gender_l = given_gender_r, true)",
              .03),
        Level(f"not {TWO_NAMES} and ({_similar('given_name', .8)}"
              " or given_name_l[1:3] = given_name_r[1:3])", .04),
        Level(TWO_NAMES, .005, at_most=.025, label="another"),
    )),
    Comparison("family_name", column="family_name", also=("given_name", "family_sound"),
               unless=SWAPPED, is_name=True, prior_near=(.5, .01, .01, .01, .01), levels=(
        Level("family_name_l = family_name_r", .75, value="family_name", one_in=3000),
        Level(_similar("family_name", .9), .12),
        Level("family_sound_l = family_sound_r", .03),
        Level("holds_words(family_name_l, family_name_r)", .02),
        Level(_similar("family_name", .75), .05, label="similar"),
    )),
    Comparison("generation", column="generation", levels=(
        Level("generation_l = generation_r", .995),
    )),
    Comparison("registration", column="registration", levels=(
        Level("registration_l = registration_r", .9, value="registration", one_in=1000000),
        Level("damerau_levenshtein(registration_l, registration_r) <= 1", .05),
    )),
    Comparison("other_ids", column="other_ids",
               unless="not share_kind(other_ids_l, other_ids_r)", levels=(
        Level("share_id(other_ids_l, other_ids_r)", .93),
        Level("has_akin_id(other_ids_l, other_ids_r)", .03),
    )),
    Comparison("birth_date", column="birth_date", prior_near=(.02, 0, 0, 0), levels=(
        Level("birth_date_l = birth_date_r", .87, value="birth_date", one_in=20000),
        Level(f"{SLIPS} <= 1", .07),
        Level(f"birth_date_l = {TURNED}", .02),
        Level(f"({SLIPS} <= 2 or damerau_levenshtein(birth_date_l, {TURNED}) <= 1)", .02),
    )),
    Comparison("address", column="street", also=("number", "address"),
               is_place=True, is_home=True, levels=(
        Level("address_l = address_r", .6, value="address", one_in=30000),
        Level(f"number_l = number_r and {_similar('street', .85)}", .15),
        Level("street_l = street_r", .05, value="street", one_in=3000),
        Level(_similar("street", .9), .05),
    )),
    Comparison("postcode", column="postcode", is_place=True, is_home=True, by_value=True,
               levels=(
        Level("postcode_l = postcode_r", .85, value="postcode", one_in=5000),
        Level("damerau_levenshtein(postcode_l, postcode_r) <= 1", .05),
        Level("left(postcode_l, 2) = left(postcode_r, 2)", .04),
    )),
    Comparison("city", column="city", is_place=True, is_home=True, levels=(
        Level("city_l = city_r", .85, value="city", one_in=500),
        Level(_similar("city", .88), .07),
    )),
    Comparison("phone", column="phone", is_place=True, levels=(
        Level("phone_l = phone_r", .6, value="phone", one_in=1000000),
        Level("right(phone_l, 7) = right(phone_r, 7)", .05),
        Level("same_switchboard(phone_l, phone_r)", .1),
    )),
    Comparison("email", column="email", is_place=True, of_name=True, levels=(
        Level("email_l = email_r", .4, value="email", one_in=1000000),
        Level(_similar("email", .95), .1),
    )),
    Comparison("domain", column="domain", is_place=True, of_name=True, levels=(
        Level("domain_l = domain_r", .8, value="domain", one_in=100000),
        Level(_similar("domain", .95), .05),
    )),
    Comparison("legal_form", column="legal_form", levels=(
        Level("legal_form_l = legal_form_r", .85, value="legal_form", one_in=5),
    )),
)  # fmt: skip


GIVEN_NAME, FAMILY_NAME = (
    next(comparison for comparison in COMPARISONS if comparison.name == name)
    for name in ("given_name", "family_name")
)


def choose_comparisons(features: pd.DataFrame) -> list[Comparison]:
    """Choose what can tell records apart: columns that hold at least two different values."""
    return [comparison for comparison in COMPARISONS if features[comparison.column].nunique() > 1]
