from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reading import refusals
from ingest.reading.text.alphabets import UNKNOWN_SCRIPT
from ingest.reading.text.encoding import MIXED, doubt, find_encoding, read_utf8


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


FOREIGN = {
    "russian": ("Клиент;Город\nООО «Ромашка»;Москва\nЗАО Весна;Казань\nИП Иванов;Самара\n",
                ("cp1251", "mac_cyrillic")),
    "russian, without signs": ("Клиент;Город\nООО Ромашка;Москва\nЗАО Весна;Казань\n",
                               ("cp1251", "koi8_r", "cp866", "iso8859_5")),
    "ukrainian, with Latin names": (
        "Nr;Фірма;Місто\n1;ТОВ Bosch Україна;Київ\n2;Їжак;Львів\n3;Siemens;Харків\n", ("cp1251",)),
    "greek": ("Επωνυμία;Πόλη\nΕλληνικά Πετρέλαια ΑΕ;Αθήνα\nΆγιος Νικόλαος;Χανιά\n",
              ("cp1253", "iso8859_7")),
    "hebrew": ("שם;עיר\nחברת החשמל;חיפה\nבנק לאומי;ירושלים\nמשה כהן;תל אביב\n", ("cp1255",)),
    "turkish": ("Firma Adı;Şehir\nÖzgür İnşaat A.Ş.;İstanbul\nYıldız Ltd.;Muğla\n", ("cp1254",)),
    "lithuanian": ("Įmonė;Miestas\nŽemaitijos pienas;Telšiai\nKauno grūdai;Šiauliai\n"
                   "Vilniaus prekyba;Kuršėnai\nŽalioji giria;Panevėžys\nUAB Ąžuolas;Biržai\n",
                   ("cp1257",)),
    "latvian": ("Uzņēmums;Pilsēta\nLatvijas Dzelzceļš;Rīga\nŽurnāls Ķekava;Jūrmala\n"
                "Ģimene un Draugi;Daugavpils\nŠķēle;Valmiera\nMežaparks;Liepāja\n"
                "Pašvaldība;Mārupe\n",
                ("cp1257",)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(name, code) for name, (_, codes) in FOREIGN.items() for code in codes],
)
def test_other_scripts_are_read_and_noted(tmp_path: Path, language: str, encoding: str) -> None:
    path = tmp_path / "file.csv"
    text, _ = FOREIGN[language]
    path.write_bytes(text.encode(encoding))
    assert read(path) == text
    note = doubt(find_encoding(path))
    assert note is not None
    assert find_encoding(path) in note.de
    assert find_encoding(path) in note.en


def test_letters_of_no_known_script_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(
        "公司,城市\n北京汽车集团,北京市\n上海电气股份,上海市\n广州药业,广州市\n".encode("gbk")
    )
    assert find_encoding(path) == UNKNOWN_SCRIPT
    assert doubt(UNKNOWN_SCRIPT) == refusals.UNKNOWN_SCRIPT


# What a western file may hold of the bytes by which other languages are told.
WESTERN = {
    "icelandic": ("Þórður Sigurðsson;Ísafjörður\nÝmir Guðmundsson;Þórshöfn\n", "cp1252"),
    "one Icelander among Danes": ("Søren Kjær;Århus\nÞorsteinn Sigurðsson;Ærø\n", "cp1252"),
    "one Czech": ("Novotný\n", "cp1252"),
    "capitals": ("ÄÖÜ;ÖÄÜ\nÜÄÖ;ÖÖÄ\nMüller;Köln\n", "cp1252"),
    "signs": ("5 €;„…“;–\n½ €;•;»«\n", "cp1252"),
    "czech": ("Město;Náměstí Míru\nŠkoda Auto;Nový Jičín\nDvořák;Plzeň\n", "cp1250"),
    "polish": ("Żółć;Łódź\nZakład Mięsny;Częstochowa\n", "cp1250"),
}


@pytest.mark.parametrize("name", WESTERN)
@pytest.mark.parametrize("times", [1, 500])
def test_nothing_departs_from_what_is_common_here(tmp_path: Path, name: str, times: int) -> None:
    path = tmp_path / "file.csv"
    text, encoding = WESTERN[name]
    path.write_bytes(("Nr;Firma\n" + text * times).encode(encoding))
    assert find_encoding(path) == encoding


@given(st.lists(st.text(alphabet="abcdefgh äöüßéèêçñåøæáíóúàì€–„“°;\n", min_size=1), min_size=1))
def test_western_letters_stay_western(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Law: whatever a western text says in words with letters of ours, it is no other script."""
    path = tmp_path_factory.mktemp("western") / "file.csv"
    path.write_bytes(("Größe;Straße\n" * 20 + "\n".join(lines)).encode("cp1252"))
    assert doubt(find_encoding(path)) in (None, refusals.MIXED_ENCODINGS)
