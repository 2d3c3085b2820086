from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.encoding import MIXED, find_encoding, read_utf8


def read(path: Path) -> str:
    return b"".join(read_utf8(path, find_encoding(path), 7)).decode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Müller & Söhne; Straße", "cp1252"),
        ("Angebot – „Größe“ für 5 €", "cp1252"),
        ("Müller & Söhne; Straße", "cp850"),
        ("Müller & Söhne; Straße", "mac_roman"),
        ("Café Zürich", "cp850"),
    ],
)
def test_a_single_byte_encoding_is_told_by_the_letters_in_words(
    tmp_path: Path, text: str, encoding: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    assert find_encoding(path) == encoding
    assert read(path) == text


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abc äöüß;1\n", min_size=1), st.sampled_from(["utf-8", "cp1252"])
        ),
        min_size=1,
    )
)
def test_every_line_is_read_in_its_own_encoding(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str]]
) -> None:
    """Law: lines of UTF-8 and of cp1252 in any order give the text that was written.

    It holds for letters; `ß€` in cp1252 happens to be the two bytes of one character in UTF-8.
    """
    path = tmp_path_factory.mktemp("mixed") / "file.csv"
    path.write_bytes(b"Stra\xdfe\nGr\xc3\xb6\xc3\x9fe\n" * 3)
    with path.open("ab") as file:
        for text, encoding in parts:
            file.write(text.encode(encoding) + b"\n")
    assert find_encoding(path) == MIXED
    assert read(path) == "Straße\nGröße\n" * 3 + "".join(text + "\n" for text, _ in parts)


def test_a_mark_does_not_hide_lines_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("\ufeffGröße\n".encode() + "Straße\n".encode("cp1252"))
    assert read(path).lstrip("\ufeff") == "Größe\nStraße\n"
