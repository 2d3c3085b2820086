"""What a person reads before a push."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from nights.push_approval import release_body, release_subject

PREVIEW = {
    "counts": {"parties": {"create": 1, "change": 2, "clear": 0, "skip": 9, "conflict": 3}},
    "examples": [
        {"name": "A|B", "action": "changed", "before": 20, "after": 60, "reasons": ["a", "b"]},
        {"name": "Neu", "action": "new", "before": None, "after": 10, "reasons": []},
    ],
    "warning": "51 of 100 would move",
}
HEADINGS = {
    "de": ("Kunden", "Was sich am meisten bewegt", "Heutige Bewertungen ins CRM schreiben?"),
    "en": ("customers", "What moves most", "Write tonight's scores into the CRM?"),
}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_question_shows_figures_examples_and_what_a_guard_says(language, monkeypatch):
    monkeypatch.setenv("REIFEGRAD_LANGUAGE", language)
    target, heading, subject = HEADINGS[language]
    assert release_subject() == subject
    lines = release_body(PREVIEW).splitlines()
    assert lines[0] == "**51 of 100 would move**"
    for line in (
        f"| {target} | 1 | 2 | 0 | 3 | 9 |",
        r"| A\|B | changed | 20 | 60 | a; b |",
        "| Neu | new | – | 10 |  |",
    ):
        assert line in lines
    assert any(line.startswith(f"| {heading} |") for line in lines)
    rows = [line.replace(r"\|", "").count("|") for line in lines if line.startswith("|")]
    assert rows == [7] * 3 + [6] * 4


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://evil.example","Müller")', "<script>alert(1)</script> & Söhne",
        "[Müller](http://evil.example)", "www.evil.example", "**Müller** `GmbH`", "![x](y)", "a|b",
        "Müller 🏭 " + "lang " * 40,
    ],
)  # fmt: skip
def test_a_customer_can_not_put_links_or_tags_on_the_page(name):
    example = {**PREVIEW["examples"][1], "name": name}
    body = release_body(PREVIEW | {"examples": [example]})
    page = MarkdownIt("gfm-like", {"html": True}).render(body)
    table = page.split("<table>")[2].split("</table>")[0]
    assert not re.search("<(a|script|img|code|strong|em)\\b", table)
    first = re.search("<tbody>\n<tr>\n<td>(.*?)</td>", table, re.DOTALL)
    assert first and html.unescape(first[1]).replace("\u2060", "") == " ".join(name.split())
