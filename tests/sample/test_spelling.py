from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.de import vat

from config.settings import PROJECT_ROOT, read_yaml
from sample import spelling
from sample.firms import Firm, mail_name, make_firms, transliterate, vat_id
from sample.spelling import Habit

WORDS = read_yaml(PROJECT_ROOT / "sample" / "vocabulary.yml")


def firms(count: int) -> list[Firm]:
    return make_firms(count, WORDS, np.random.default_rng(2))


@given(st.text(st.characters(categories=["Ll"]), min_size=4, max_size=20), st.integers(0, 999))
def test_a_slip_is_one_small_change_inside_the_word(word: str, seed: int) -> None:
    slipped = spelling.slip(word, np.random.default_rng(seed))
    assert abs(len(slipped) - len(word)) <= 1
    assert slipped[0] == word[0]
    if len(slipped) == len(word):
        assert sum(a != b for a, b in zip(slipped, word, strict=True)) <= 2


@given(st.integers(0, 9_999_999))
def test_vat_ids_have_right_check_digits(number: int) -> None:
    assert vat.is_valid(vat_id(number))


def test_careful_people_write_the_register_name() -> None:
    rng = np.random.default_rng(1)
    for firm in firms(50):
        assert spelling.spell(firm, Habit(), rng) == firm.name
        short = spelling.spell(firm, Habit(no_legal_form=1, no_prefix=1), rng)
        assert short == f"{firm.stem} {firm.trade}"


@pytest.mark.parametrize(
    ("name", "local"),
    [("Jörg-Uwe", "joerg-uwe"), ("José", "jose"), ("Jacobi Jäckel", "jacobi-jaeckel")],
)
def test_mail_names_are_plain_ascii(name: str, local: str) -> None:
    assert mail_name(name) == local
    assert transliterate("Größe Übermaß") == "Groesse Uebermass"


def test_full_names_domains_numbers_and_vat_ids_are_unique_while_family_names_repeat() -> None:
    made = firms(8000)
    for key in ("name", "domain", "mailbox", "phone_prefix", "vat_id", "true_id"):
        assert len({getattr(firm, key) for firm in made}) == len(made), key
    assert len({firm.stem for firm in made}) < 0.8 * len(made)
