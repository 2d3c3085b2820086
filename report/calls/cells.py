"""What stands in the cells of a day's list, for the Excel file and the mail alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ml import ScoreTexts
from ml.reasons.wording import number
from report.calls.rows import Call, CallList
from report.calls.settings import ListConfig
from report.words import Words


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name of its heading in `texts.yml`, its width in characters, its cell."""

    name: str
    width: float
    cell: Callable[[Call, Teller], str | int | None]


@dataclass(frozen=True, slots=True)
class Teller:
    """Words a row in one language."""

    words: Words
    texts: Mapping[str, ScoreTexts]
    config: ListConfig

    def customer(self, call: Call) -> str:
        """Say name and place."""
        place = " ".join(part for part in (call["postcode"], call["city"]) if part)
        return "\n".join(part for part in (call["name"], place or call["country_code"]) if part)

    def contact(self, call: Call) -> str:
        """Say whom to ask for, what that person decides, and the telephone number."""
        return "\n".join(
            part for part in (call["contact_name"], call["contact_role"], call["phone"]) if part
        )

    def hint(self, call: Call) -> str:
        """Say which score it is, its points, and of a lead what it is about."""
        texts = self.texts.get(call["score"])
        band = self.words.band(call["band"])
        said = [
            texts.title if texts else call["score"],
            self.words("calls_points", points=call["points"], band=band),
        ]
        if call["title"]:
            said.append(f"„{call['title']}“" if self.words.language == "de" else call["title"])
        if call["further_hints"]:
            said.append(self.words.counted("calls_further", call["further_hints"]))
        return "\n".join(said)

    def reasons(self, call: Call) -> str:
        """Say the weightiest reasons, a line each."""
        return "\n".join(call.reasons(self.words.language))

    def last(self, call: Call) -> str:
        """Say the last order against the usual gap, the last contact and the last feedback."""
        words, said = self.words, []
        until = call["as_of"] or call["scored_on"]  # as the reasons beside it count
        if call["last_order_on"] is None:
            said.append(words("calls_never_ordered"))
        else:
            ordered = words(
                "calls_ordered",
                day=words.day(call["last_order_on"]),
                days=words.counted("calls_days", max(0, (until - call["last_order_on"]).days)),
            )
            gap = call["usual_gap_days"]
            usual = words("calls_usual", gap=words.number(gap)) if gap is not None else ""
            said.append(", ".join(part for part in (ordered, usual) if part))
        if at := call["last_contact_at"]:
            kind = words.contact(call["last_contact_kind"] or "")
            said.append(words("calls_contacted", day=words.day(at.date()), kind=kind))
        if call["last_answer"] in self.config.feedback:
            choice = self.config.feedback[call["last_answer"]]
            answer = getattr(choice, words.language)
            day = words.day(call["last_answer_on"])
            said.append(words("calls_answered", day=day, said=answer))
        return "\n".join(said)

    def open(self, call: Call) -> str:
        """Say which offers and tickets are open."""
        said = []
        if call["open_leads"]:
            amount = number(call["open_lead_amount"] or 0, self.words.language, "€")
            said.append(self.words.counted("calls_leads", call["open_leads"], amount=amount))
        if call["open_tickets"]:
            said.append(self.words.counted("calls_tickets", call["open_tickets"]))
        return "\n".join(said)


def _whole(name: str) -> Callable[[Call, Teller], int | None]:
    return lambda call, _teller: None if call[name] is None else round(call[name])


COLUMNS: Final = (
    Column("calls_rank", 5, lambda call, _teller: int(call["rank"])),
    Column("calls_customer_no", 11, lambda call, _teller: call["customer_no"]),
    Column("calls_name", 26, lambda call, teller: teller.customer(call)),
    Column("calls_contact", 21, lambda call, teller: teller.contact(call)),
    Column("calls_hint", 25, lambda call, teller: teller.hint(call)),
    Column("calls_reasons", 44, lambda call, teller: teller.reasons(call)),
    Column("calls_amount", 10, _whole("amount")),
    Column("calls_expected", 10, _whole("expected_amount")),
    Column("calls_last", 26, lambda call, teller: teller.last(call)),
    Column("calls_open", 13, lambda call, teller: teller.open(call)),
    Column("calls_next_step", 26, lambda call, teller: call.next_step[teller.words.language]),
)


def shown_columns(calls: Sequence[Call], teller: Teller) -> tuple[Column, ...]:
    """Leave out what nobody on the list has, such as customer numbers or open tickets."""
    if not calls:
        return COLUMNS
    return tuple(
        column
        for column in COLUMNS
        if any(column.cell(call, teller) not in (None, "") for call in calls)
    )


def title_of(found: CallList, words: Words, *, is_only: bool) -> str:
    """Name the list; where no customer has an account manager there is just one."""
    if found.manager is None and is_only:
        return words("calls_title_all")
    return words("calls_title", who=found.manager or words("calls_nobody"))


def subtitle_of(found: CallList, words: Words, company: str, night: date) -> str:
    """Say whose list it is, of which day, and how many more there are."""
    said = words("calls_none")
    if found.calls:
        candidates = words.number(found.candidates)
        said = words.counted("calls_count", len(found.calls), candidates=candidates)
    return words("calls_of", company=company, day=words.day(night), said=said)


def notes_of(found: CallList, teller: Teller, night: date) -> list[str]:
    """Say what the points mean, what the order is and how feedback is given."""
    words, said = teller.words, []
    methods = dict.fromkeys((call["score"], call["method"]) for call in found.calls)
    for score, method in methods:
        texts = teller.texts.get(score)
        title = texts.title if texts else score
        if method == "rules":
            said.append(words("calls_by_rules", title=title))
        elif texts and texts.meaning:
            meaning = texts.meaning.format(points=texts.high)
            said.append(words("calls_by_model", title=title, meaning=meaning))
    day = min((call["as_of"] or call["scored_on"] for call in found.calls), default=night)
    order = [words("calls_order")] if any(method == "model" for _, method in methods) else []
    return [*said, *order, words("calls_hint_only", day=words.day(day)), words("calls_how")]
