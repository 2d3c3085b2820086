"""Messages: in the set language, the German ones complete and with the same placeholders."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from config import ConfigurationError, load_settings, read_yaml
from config.language import CATALOGUE, _, marked, rephrase, spoken_language, use_language
from config.validation import SENTENCES, explain
from reifegrad import catalogue

PAIRS = [
    (str(message.id), str(message.string))
    for message in read_po(CATALOGUE.open("rb"), locale="de")
    if message.id
]
SOURCES = sorted(
    path for room in catalogue.ROOMS for path in (catalogue.PROJECT_ROOT / room).rglob("*.py")
)


class Anything:
    """A value that any format and conversion takes."""

    def __format__(self, _form: str) -> str:
        return "x"

    def __repr__(self) -> str:
        return "x"

    def __getattr__(self, _name: str) -> "Anything":
        return self

    def __getitem__(self, _key: object) -> "Anything":
        return self


def test_the_catalogue_is_complete_and_says_nothing_that_no_code_says() -> None:
    assert catalogue.problems() == []


@pytest.mark.parametrize(("english", "german"), PAIRS)
def test_a_translation_takes_the_placeholders_of_its_message(english: str, german: str) -> None:
    given = {name: Anything() for name in catalogue.placeholders(english) if name}
    if "{}" in english:  # typer fills these by place
        assert string.Formatter().vformat(german, [Anything()], given)
    else:
        assert german.format(**given)
    assert catalogue.placeholders(german) == catalogue.placeholders(english)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('msgid "No file."\nmsgstr ""\n', "has no translation: No file."),
        ('#, fuzzy\nmsgid "No file."\nmsgstr "Keine."\n', "is marked as unsure (fuzzy): No file."),
        ('msgid "No {a}."\nmsgstr "Kein {b}."\n', "has other placeholders in German: No {a}."),
        ('msgid "Gone."\nmsgstr "Weg."\n', "is said by no code: Gone."),
        ('msgid "No {a}."\nmsgstr "Kein {a}."\n', "is not in de.po: No file."),
    ],
)
def test_what_the_catalogue_lacks_is_named(
    text: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "de.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "CATALOGUE", tmp_path / "de.po")
    monkeypatch.setattr(catalogue, "messages", lambda: {"No file.", "No {a}."})
    assert complaint in catalogue.problems()
    catalogue.update()
    assert "Gone." not in (tmp_path / "de.po").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_message_is_translated_when_it_is_told(path: Path) -> None:
    # At import the language is not known yet; and where `_` is a loop's name it is no function.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    inside = {id(node) for function in functions for node in _calls(function)}
    assert [node.lineno for node in _calls(tree) if id(node) not in inside] == []
    for function in functions:
        if _calls(function):
            assert "_" not in {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }, f"{function.name} uses _ for a value too"


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    ]


def test_an_unknown_message_is_told_as_it_stands() -> None:
    use_language("de")
    assert _("No such sentence.") == marked("No such sentence.")


@pytest.mark.parametrize(
    ("said", "german"),
    [
        ("Input should be greater than or equal to 1", "der Wert muss mindestens 1 sein"),
        ("Input should be 'a', 'b' or 'c'", "erlaubt sind 'a', 'b' oder 'c'"),
        ("expected ',' or '}', but got ':'", "„,“ oder „}“ erwartet, gefunden: ':'"),
        ("something new", "something new"),
    ],
)
def test_a_library_is_rephrased(said: str, german: str) -> None:
    assert rephrase(said, SENTENCES) == said
    use_language("de")
    assert explain(said) == german


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "settings.env").write_text("REIFEGRAD_LANGUAGE=de\n", encoding="utf-8")
    monkeypatch.setenv("REIFEGRAD_CONFIG", str(tmp_path))
    monkeypatch.delenv("REIFEGRAD_LANGUAGE", raising=False)
    return tmp_path


def test_the_settings_choose_the_language(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_settings()
    assert spoken_language() == "de"
    with pytest.raises(ConfigurationError, match=r"gone\.yml fehlt\."):
        read_yaml(folder / "gone.yml")
    (folder / "bad.yml").write_text("a: [1, 2\nb: 3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"bad\.yml, Zeile 2: „,“ oder „]“ erwartet"):
        read_yaml(folder / "bad.yml")
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", "en")
    load_settings()
    with pytest.raises(ConfigurationError, match=r"gone\.yml is missing\."):
        read_yaml(folder / "gone.yml")


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("LANGUAGE=fr", "REIFEGRAD_LANGUAGE='fr': erlaubt sind 'de' oder 'en'. Bitte in der"),
        ("CRM_PORT=x", "REIFEGRAD_CRM_PORT='x': ganze Zahl erwartet. Bitte in der Umgebung"),
        ("CRM_PORT=0", "REIFEGRAD_CRM_PORT='0': der Wert muss größer als 0 sein."),
        ("AS_OF=heute", "REIFEGRAD_AS_OF='heute': Datum in der Form JJJJ-MM-TT erwartet"),
    ],
)
def test_a_wrong_setting_is_told_in_german(
    variable: str, told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, value = variable.split("=")
    monkeypatch.setenv(f"REIFEGRAD_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert told in str(caught.value)


def test_before_the_settings_are_read_their_file_chooses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "settings.env").write_text("REIFEGRAD_LANGUAGE=en\n", encoding="utf-8")
    for variable, language in (("", "en"), ("de", "de")):
        monkeypatch.setenv("REIFEGRAD_LANGUAGE", variable)
        monkeypatch.setattr("config.language._spoken", None)
        assert spoken_language() == language
