"""What a mail program put around a text goes; what somebody wrote stays."""

import pytest

from ml.text.cleaning import clean, sentences


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, ""),
        ("  \n ", ""),
        ("Die Ware ist defekt.", "Die Ware ist defekt."),
        (
            "Guten Tag,\ndie Ware ist defekt.\nMit freundlichen Grüßen\nHans Müller\nFirma GmbH",
            "die Ware ist defekt.",
        ),
        ("Sehr geehrte Frau Riedinger,\ndie Ware ist defekt.", "die Ware ist defekt."),
        ("Verzug\nHallo zusammen,\ndie Ware fehlt.", "Verzug\ndie Ware fehlt."),
        ("Hi,\nthe parts are broken.\n-- \nJohn Smith\nACME Ltd", "the parts are broken."),
        (
            "So geht das nicht.\n\nAm 03.02.2026 um 10:11 schrieb Service <s@x.de>:\n> Bestens",
            "So geht das nicht.",
        ),
        (
            "So geht das nicht.\n\nVon: Service <s@x.de>\nGesendet: Montag, 3. Februar 2026 10:11\n"
            "An: M\nBetreff: AW: x\n\nGuten Tag, alles bestens",
            "So geht das nicht.",
        ),
        (
            "<html><head><style>p {color: red}</style></head><body><p>Die Ware</p>"
            "<p>ist&nbsp;defekt.</p><blockquote>Alles bestens</blockquote></body></html>",
            "Die Ware\nist defekt.",
        ),
        ("Druck < 3 bar und > 1 bar", "Druck < 3 bar und > 1 bar"),
    ],
)
def test_only_what_somebody_wrote_is_left(text, said):
    assert clean(text, 600) == said


def test_a_long_text_ends_with_a_whole_sentence():
    text = "Die Ware kam zu spät. " * 40
    assert clean(text, 100) == "Die Ware kam zu spät. " * 3 + "Die Ware kam zu spät."
    assert clean("Wort " * 100, 50) == " ".join(["Wort"] * 10)


def test_sentences_end_where_they_end():
    text = "Wir warten z. B. auf Lager 3. Was ist los?! so geht das nicht.\nBitte um Rückruf"
    assert sentences(text) == [
        "Wir warten z. B. auf Lager 3. Was ist los?!", "so geht das nicht.", "Bitte um Rückruf",
    ]  # fmt: skip
    assert sentences("Verzug!! die Ware fehlt seit drei Wochen.") == [
        "Verzug!! die Ware fehlt seit drei Wochen."
    ]
