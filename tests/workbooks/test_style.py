"""How the lists look that people read: rows as high as their text, days as the language writes."""

from __future__ import annotations

from datetime import date

import pytest

from workbooks.style import LINE_POINTS, count_lines, dress, new_book

REASON = "+ Little interest: newsletter and website contacts in 90 days: 0"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        (None, 10, 1),
        (REASON, 70, 1),
        (f"{REASON}\n{REASON}", 70, 2),
        ("QUENDFELD STAHLBAU GMBH", 23, 2),  # capitals are wider than a column counts
        ("illi illi illi illi illi", 16, 1),  # thin letters narrower
        ("Welbmeier Umformtechnik GmbH & Co. KG", 24, 2),
        ("78048 Villingen-Schwenningen", 20, 2),  # at the hyphen
        ("abcdeghkno" * 6, 21, 3),  # a word longer than the line
    ],
)
def test_lines_are_counted_as_a_spreadsheet_breaks_them(text, width, lines):
    assert count_lines(text, width) == lines


def test_a_row_is_as_high_as_its_text_and_no_higher():
    sheet = new_book().active
    sheet.append(["Customer", "Reasons"])
    sheet.append(["Hamklohe Holztechnik AG", "\n".join([REASON] * 3)])
    sheet.append(["Hamklohe Holztechnik AG", "medium"])
    dress(sheet, (38, 70), frozen="A2")
    heights = [sheet.row_dimensions[row].height for row in (1, 2, 3)]
    assert heights == [LINE_POINTS + 4, 3 * LINE_POINTS + 4, LINE_POINTS + 4]


def test_a_heading_leaves_room_for_the_button_of_its_filter():
    sheet = new_book().active
    sheet.append(["Customer no."])
    dress(sheet, (12,), frozen="A2")
    assert sheet.row_dimensions[1].height == 2 * LINE_POINTS + 4


def test_a_day_and_a_number_do_not_run_into_the_next_text():
    sheet = new_book().active
    sheet.append(["Day", "Count", "Text"])
    sheet.append([date(2026, 11, 30), 7, "text"])
    dress(sheet, (12, 12, 12), frozen="A2")
    assert [cell.alignment.horizontal for cell in sheet[2]] == ["left", "center", None]
