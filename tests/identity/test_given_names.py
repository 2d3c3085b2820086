"""Which words are given names of their own, and which letters stand for them."""

import pytest

from identity.given_names import gender, initials, name_of_its_own


@pytest.mark.parametrize(
    ("name", "its_own"),
    [
        ("mark", "mark"),
        ("marc", "mark"),
        ("yvonne", "ivone"),
        ("ivonne", "ivone"),
        ("marsha", "marsa"),
        ("bob", "robert"),
        ("bemd", "bemard"),
        ("mrak", None),
        ("chris", None),
        ("bob j", None),
    ],
)
def test_a_known_name_is_one_of_its_own(name, its_own):
    assert name_of_its_own(name) == its_own


def test_a_name_of_one_gender():
    assert (gender("maria"), gender("mario"), gender("qwyx")) == ("f", "m", None)


def test_a_letter_may_stand_for_the_short_form():
    assert initials("robert") == initials("bob j") == "br"
    assert initials("otto") == "o"
