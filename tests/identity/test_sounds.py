import pytest

from identity.sounds import sound


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wikipedia", "3412"), ("muller ludenscheidt", "657 52682"), ("breschnew", "17863"),
        ("heinz", "068"), ("xaver", "4837"), ("phillip", "351"), ("max", "648"), ("", ""),
    ],
)  # fmt: skip
def test_cologne_phonetics(name, code):
    assert sound(name) == code


@pytest.mark.parametrize(
    ("one", "other"),
    [("meier", "mayr"), ("schmidt", "schmitt"), ("philip", "filip"), ("zara", "sarah"),
     ("christian", "kristian")],
)  # fmt: skip
def test_names_that_sound_alike(one, other):
    assert sound(one) == sound(other)
