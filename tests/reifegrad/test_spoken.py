"""The command line in German and English: help, wrong usage, a wrong setting, a missing file."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from config.language import use_language
from reifegrad.cli import app
from reifegrad.spoken import help_texts


def run(*arguments: str, language: str = "de") -> Result:
    use_language(language)
    return CliRunner().invoke(app, list(arguments), terminal_width=200)


def said(result: Result) -> str:
    return " ".join(re.sub(r"[╭╮╰╯│─]", " ", result.output).split())


def test_help_is_german() -> None:
    told = run("--help")
    assert told.exit_code == 0
    for words in ("Aufruf: ", "Optionen", "Diese Hilfe zeigen.", "Stationen, in ihrer Reihenfolge"):
        assert words in said(told)
    assert "Den Eingang einlesen" in said(told)
    assert "[Voreinstellung: 30]" in said(run("sample", "--help"))


def test_help_is_english() -> None:
    told = said(run("sample", "--help", language="en"))
    for words in ("Usage: ", "Options", "Show this message and exit.", "[default: 30]"):
        assert words in told


def test_every_text_of_the_help_has_a_german_one() -> None:
    use_language("en")
    english = [getattr(*held) for held in help_texts(get_command(app))]
    use_language("de")
    german = [getattr(*held) for held in help_texts(get_command(app))]
    assert [
        text for text, other in zip(english, german, strict=True) if text and text == other
    ] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["gibtsnicht"], "Den Befehl 'gibtsnicht' gibt es nicht."),
        (["--gibtsnicht"], "Die Option --gibtsnicht gibt es nicht."),
        (["customer"], "Das Argument 'asked' fehlt."),
        (["sample", "--months", "x"], "Falscher Wert für '--months': ganze Zahl erwartet"),
        (["serve", "--port", "0"], "Falscher Wert für '--port': der Wert muss mindestens 1 sein"),
        (["sources", "suggest", "fort.csv"], "den Pfad 'fort.csv' gibt es nicht."),
        (["identity", "decide", "a", "b", "c"], "möglich sind 'same', 'different'."),
        (["sample", "--until", "heute"], "'heute' hat keine der Formen '%Y-%m-%d'."),
        (["ingest", "zuviel"], "Zu viele Argumente: zuviel"),
    ],
)
def test_wrong_usage_is_told_in_german_and_ends_with_2(
    arguments: list[str], complaint: str
) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert complaint in said(told)
    assert "Fehler" in said(told)
    assert "Hilfe zeigt" in said(told)
