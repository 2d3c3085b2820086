"""The release list: what it shows, and what comes back from it."""

from __future__ import annotations

import os
from datetime import date

import pytest
from openpyxl import load_workbook

from ingest.loading.inbox import inbox_paths
from proposals import hand_over, list_path, propose, take_releases, write_release_list
from report.words import Words
from tests.workbooks.saving import KINDS, save_as
from workbooks.release_list import DECISIONS, KEYS, MARK, is_release_list

DE = Words("de")
YES, NO = DE("release_yes"), DE("release_no")
REASONS = ("stimmt nicht", "falsche Person", "jetzt nicht", "Text nicht gut")


def written(firm, *names):
    firm.customer(*names)
    propose(firm.settings)
    return write_release_list(firm.settings).path


def fill(path, rows, to=None, at=None):
    """Write into the first rows: decision, names, comment; save, perhaps elsewhere."""
    book = load_workbook(path)
    sheet = book.worksheets[0]
    (head,) = (row for row in sheet.iter_rows() if row[0].value == DE("release_what"))
    column = {cell.value: cell.column for cell in head}
    for number, (decision, *rest) in enumerate(rows, start=head[0].row + 1):
        names = ("release_decision", "release_first", "release_second", "release_comment")
        for name, value in zip(names, (decision, *rest), strict=False):
            sheet.cell(number, column[DE(name)], value)
    target = to or path
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    if at:
        os.utime(target, (at, at))
    return target


def cells(path, sheet=0):
    return [list(row) for row in load_workbook(path).worksheets[sheet].values]


def test_a_filled_list_releases_and_rejects_and_a_second_reading_changes_nothing(firm):
    path = written(firm, "c1", "c2", "c3")
    fill(path, [(YES, "Anna Berg", "Ben Kurz"), (NO, "Carl", None, "kennt uns"), (YES, "Anna")])
    (taken,) = take_releases(firm.settings)
    assert (taken.new, taken.refused) == (4, ())
    assert firm.states() == {"c1": "released", "c2": "rejected", "c3": "open"}
    assert take_releases(firm.settings) == []
    assert [one.proposals for one in hand_over(firm.settings).lists] == [firm.ids("sent")]
    assert firm.sql("select comment from ops.releases where decision = 'reject'") == [
        ("kennt uns",)
    ]


def test_why_a_proposal_is_rejected_is_chosen_in_the_list_and_kept_as_a_label(firm):
    path = written(firm, "c1", "c2")
    choices = [row[0].value for row in load_workbook(path)[MARK].iter_rows()]
    assert choices == [YES, *(f"{NO}: {said}" for said in REASONS), NO]
    fill(path, [("ablehnen: stimmt nicht", "Carl"), ("reject: not now", "Carl")])
    (taken,) = take_releases(firm.settings)
    assert (taken.new, taken.refused) == (2, ())
    said = firm.sql("select reject_reason from ops.proposal_states order by all")
    assert said == [("bad_time",), ("not_true",)]


def test_the_next_list_shows_who_released_it_and_a_second_person_is_enough(firm):
    fill(written(firm, "c1"), [(YES, "Anna Berg")])
    take_releases(firm.settings)
    path = write_release_list(firm.settings).path
    assert cells(path)[3][5:8] == [YES, "Anna Berg", None]
    fill(path, [(YES, "Anna Berg", "Ben")])
    assert take_releases(firm.settings)[0].new == 1
    assert firm.states() == {"c1": "released"}


def test_who_rejects_below_a_name_that_released_rejects_alone(firm):
    fill(written(firm, "c1"), [(YES, "Anna Berg")])
    take_releases(firm.settings)
    fill(write_release_list(firm.settings).path, [(NO, "Anna Berg", "Ben")])
    take_releases(firm.settings)
    assert firm.sql("select person, decision from ops.releases order by 1") == [
        ("Anna Berg", "release"), ("Ben", "reject"),
    ]  # fmt: skip


def test_a_family_name_before_a_comma_is_one_person(firm):
    fill(written(firm, "c1"), [(YES, "Berg, Anna")])
    take_releases(firm.settings)
    assert firm.states() == {"c1": "open"}


def test_what_cannot_be_taken_over_is_told_on_the_next_list_until_it_is_decided(firm):
    path = written(firm, "c1", "c2", "c3", "c4")
    fill(path, [(YES,), ("ja", "Anna", "Ben"), (YES, "Anna", "anna"), (YES, "Anna", "Ben")])
    (taken,) = take_releases(firm.settings)
    assert taken.new == 2
    assert [line.partition(": ")[2] for line in taken.refused] == [
        "Zeile 4: Es fehlt, wer entscheidet; bitte den Namen eintragen.",
        "Zeile 5: „ja“ ist keine Entscheidung; bitte „freigeben“ oder „ablehnen“ wählen.",
        "Zeile 6: Zweimal derselbe Name; die zweite Freigabe muss von jemand anderem kommen.",
    ]
    path = write_release_list(firm.settings).path
    assert [row[1:3] for row in cells(path, 1)[3:]] == [
        [4, "freigeben"], [5, "ja · Anna · Ben"], [6, "freigeben · Anna · anna"],
    ]  # fmt: skip
    fill(path, [(YES, "Anna", "Ben")] * 3)
    assert take_releases(firm.settings)[0].refused == ()
    path = write_release_list(firm.settings).path
    assert load_workbook(path).sheetnames == ["Freigabe", MARK]


def test_a_release_of_an_old_version_counts_for_nothing(firm):
    path = written(firm, "c1")
    old = fill(path, [(YES, "Anna", "Ben")], to=firm.settings.inbox / "alt.xlsx")
    path.unlink()
    firm.sql("update marts.customers set name = 'Neu GmbH'")
    propose(firm.settings)
    (taken,) = take_releases(firm.settings)
    assert "hat sich seither geändert" in taken.refused[0]
    assert firm.states() == {"c1": "open"}
    assert old.exists()


def test_who_wrote_the_text_does_not_release_it(firm):
    firm.use(author="Anna Berg")
    fill(written(firm, "c1"), [(YES, "anna berg", "Ben")])
    (taken,) = take_releases(firm.settings)
    assert "anna berg hat es geschrieben; jemand anderes muss es freigeben." in taken.refused[0]
    assert firm.states() == {"c1": "open"}
    firm.decide("Carl")
    assert firm.states() == {"c1": "released"}


def test_only_who_may_releases(firm):
    firm.rules(may_release=["Anna Berg", "Ben"])
    fill(written(firm, "c1"), [(YES, "Anna Berg", "Carl")])
    (taken,) = take_releases(firm.settings)
    assert "Carl darf nicht freigeben" in taken.refused[0]
    assert firm.states() == {"c1": "open"}


@pytest.mark.parametrize("first", [YES, NO])
def test_of_a_list_filled_by_two_people_differently_the_rejection_counts(firm, first):
    path = written(firm, "c1")
    other = NO if first == YES else YES
    for name, decision, at in (("a.xlsx", first, 1000), ("b.xlsx", other, 2000)):
        people = ("Anna", "Ben") if decision == YES else ("Carl",)
        fill(path, [(decision, *people)], to=firm.settings.inbox / name, at=at)
    path.unlink()
    refused = [line for one in take_releases(firm.settings) for line in one.refused]
    assert firm.states() == {"c1": "rejected"}
    assert refused == (
        []
        if first == YES
        else [f"b.xlsx: Zeile 4: {firm.ids('rejected')[0]} wurde abgelehnt; eine Ablehnung zählt."]
    )


def test_a_list_saved_again_later_does_not_undo_a_rejection(firm):
    path = written(firm, "c1")
    fill(path, [(YES, "Anna")], at=1000)
    take_releases(firm.settings)
    firm.decide("Anna", is_released=False)
    fill(path, [(YES, "Anna", "Ben")], at=3_000_000_000)
    take_releases(firm.settings)
    assert firm.states() == {"c1": "rejected"}


def test_a_filled_list_is_known_under_any_name_and_never_loaded_as_data(firm):
    path = written(firm, "c1")
    dropped = fill(path, [(YES, "Anna", "Ben")], to=firm.settings.inbox / "von Anna" / "Kopie.xlsx")
    path.unlink()
    (firm.settings.inbox / "customers.csv").write_text("a;b\n", encoding="utf-8")
    assert is_release_list(dropped)
    assert [one.name for one in inbox_paths(firm.settings.inbox)] == ["customers.csv"]
    assert take_releases(firm.settings)[0].new == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_saved_in_another_format_is_read_as_well(firm, kind):
    path = written(firm, "c1", "c2")
    dropped = fill(
        path, [(YES, "Jörg Groß", "Ben"), (NO, "Carl")], firm.settings.inbox / "Freigaben.xlsx"
    )
    saved = save_as(dropped, kind)
    dropped.unlink()
    assert is_release_list(saved) and inbox_paths(firm.settings.inbox) == []
    (taken,) = [one for one in take_releases(firm.settings) if one.path == saved]
    assert (taken.new, taken.refused) == (3, ())
    assert sorted(firm.states().values()) == ["rejected", "released"]


def test_no_other_text_is_taken_for_a_list(firm):
    other = firm.settings.inbox / "freigabe.csv"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text("Entscheidung;Schlüssel (nicht ändern)\nja;4711\n", encoding="utf-8")
    assert not is_release_list(other)


def test_a_list_as_text_is_known_by_the_headings_that_lists_have():
    for name, known in (("release_decision", DECISIONS), ("release_key", KEYS)):
        assert {Words(language)(name) for language in ("de", "en")} == set(known)


def test_what_somebody_fills_in_meanwhile_is_not_written_over(firm):
    path = written(firm, "c1")
    fill(path, [(YES, "Anna", "Ben")])
    firm.sql("update marts.customers set name = 'Neu GmbH'")
    propose(firm.settings)
    assert write_release_list(firm.settings).is_filled
    assert cells(path)[3][6] == "Anna"
    take_releases(firm.settings)
    assert not write_release_list(firm.settings).is_filled
    assert "Neu GmbH" in cells(path)[3][0]


def test_a_list_that_would_show_the_same_is_not_written_again(firm):
    path = written(firm, "c1")
    before = path.stat().st_mtime_ns
    propose(firm.settings)
    write_release_list(firm.settings)
    assert path.stat().st_mtime_ns == before


def test_a_broken_list_is_told_each_time_and_stays(firm):
    path = written(firm, "c1")
    path.write_bytes(path.read_bytes()[:2000])
    for _run in range(2):
        (taken,) = take_releases(firm.settings)
        assert "lässt sich nicht lesen" in taken.refused[0]
        assert write_release_list(firm.settings).is_filled
    path.unlink()
    assert not write_release_list(firm.settings).is_filled


def test_a_list_without_its_keys_says_so(firm):
    path = written(firm, "c1")
    book = load_workbook(path)
    book.worksheets[0].delete_cols(10)
    book.save(path)
    fill(path, [(YES, "Anna", "Ben")])
    (taken,) = take_releases(firm.settings)
    assert taken.refused == (
        "freigabe.xlsx: Die Spalte mit den Schlüsseln fehlt; bitte die letzte Liste nehmen.",
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_list_is_readable_and_no_name_becomes_a_formula(firm, language):
    firm.settings = firm.settings.model_copy(update={"language": language})
    firm.customer("c1")
    firm.sql("update marts.customers set name = '=1+1'")
    firm.use(title={"de": "{{ company }}", "en": "{{ company }}"})
    propose(firm.settings)
    path = write_release_list(firm.settings).path
    assert path.name == {"de": "freigabe.xlsx", "en": "release.xlsx"}[language]
    book = load_workbook(path)
    sheet, words = book.worksheets[0], Words(language)
    assert sheet.cell(3, 1).value == words("release_what")
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet.column_dimensions["J"].hidden
    assert book[MARK].sheet_state == "hidden"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == (f"'{MARK}'!$A$1:$A$6", "F4")
    assert sheet.cell(4, 5).value.date() == date(2026, 3, 16)
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_proposal_the_list_says_so(firm):
    written = write_release_list(firm.settings)
    assert written.waiting == 0
    assert cells(written.path)[1][0] == "Stand 02.03.2026: Nichts wartet auf eine Freigabe."
    assert written.path == list_path(firm.settings)
