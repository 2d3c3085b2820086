"""The proposal as text for `sources.yml`: valid YAML, with the reasons as comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import yaml

from ingest.mapping.entities import load_entities
from ingest.reading.refusals import Reason
from ingest.suggesting.evidence import Guess
from ingest.suggesting.leftovers import DECIDE, PERSONAL
from ingest.suggesting.pointing import Reference
from ingest.suggesting.questions import Question
from ingest.suggesting.shapes import FileColumn, is_boolean, is_email, is_phone, otherwise, recode
from ingest.suggesting.subjects import EntityProposal, SourceProposal

Language = Literal["de", "en"]

# Comments start here, so that the mapping stays readable; longer entries push theirs away.
COMMENT_COLUMN = 48
EXAMPLES, EXAMPLE_LENGTH = 2, 24
QUESTION: dict[Language, str] = {"de": "FRAGE: ", "en": "QUESTION: "}
QUOTES: dict[Language, tuple[str, str]] = {"de": ("„", "“"), "en": ("“", "”")}
_PLAIN = re.compile(r"[^\W\d_]([\w .()/-]*[\w.)])?")
_PERSONS = frozenset({"given_name", "family_name", "phone", "email", "contact_email"})
_NOT_TEXT = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})

FROM_NAME = Reason("sagt der Name von Datei oder Spalte", "says the name of file or column")
JOINED = Reason("läuft in die zweite Spalte über", "runs over into the second column")


def source_text(proposal: SourceProposal, language: Language, indent: int = 2) -> str:
    """Return the entry as it stands under `sources:`, its last line ended."""
    lines = list(_source_lines(proposal, language))
    return "".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in lines)


def scalar(text: str) -> str:
    """Return a text as YAML writes it, also inside brackets."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")


def masked(value: str, is_of_person: bool) -> str:
    """Return an example short and without what names a person.

    >>> masked("maria.anders@firma.de", False), masked("+49 711 1234567", True)
    ('m…@firma.de', '+49 …')
    """
    plain = "".join(c for c in " ".join(value.split()) if c.isprintable())
    if is_email(plain):
        return f"{plain[0]}…@{plain.rpartition('@')[2]}"
    if is_of_person:
        return f"{plain[:3].strip()} …" if is_phone(plain) else f"{plain[:1]}…"
    if plain.count(" ") > 3:
        return f"{plain.split()[0][:EXAMPLE_LENGTH]} …"  # free text may name people
    return plain if len(plain) <= EXAMPLE_LENGTH else f"{plain[:EXAMPLE_LENGTH]}…"


def say(reason: Reason, language: Language) -> str:
    """Return the reason in one language."""
    return reason.de if language == "de" else reason.en


def _source_lines(proposal: SourceProposal, language: Language) -> Iterator[str]:
    yield f"{proposal.name}:"
    for note in proposal.notes:
        yield f"  # {_told(note, language)}"
    yield f"  files: {_quoted(proposal.files)}"
    if proposal.sheet:
        yield f"  sheet: {_quoted(proposal.sheet)}"
    yield f"  kind: {proposal.kind}"
    yield f"  locale: {proposal.locale}"
    yield "  maps:" if proposal.entities else "  maps: {}"
    for part in proposal.entities:
        yield from (f"    {line}" for line in _entity_lines(part, language))
    for column, reason in proposal.undecided:
        examples = "" if reason is PERSONAL else _examples(column, None, language)
        yield f"  # {scalar(column.name)}: ?  {say(reason, language)}{examples}"


def _entity_lines(part: EntityProposal, language: Language) -> Iterator[str]:
    yield f"{part.entity}:"
    for note in part.notes:
        yield f"  # {_told(note, language)}"
    yield f"  key: {_list(part.key)}"
    columns = list(_column_lines(part, language))
    yield "  columns:" if columns else "  columns: {}"
    yield from (f"    {_commented(entry, comment)}" for entry, comment in columns)
    for guess in part.doubtful:
        entry = f"# {guess.canonical}: {_origin(guess)}"
        yield f"    {_commented(entry, f'? {say(DECIDE, language)}: {_why(guess, language)}')}"
    if part.attributes:
        yield f"  attributes: {_list(part.attributes)}"
    if part.where:
        column, values = scalar(part.where.column), part.where.values
        equals = scalar(values[0]) if len(values) == 1 else _list(values)
        yield f"  where: {{column: {column}, equals: {equals}}}"


def _told(note: Reason, language: Language) -> str:
    asked = QUESTION[language] if isinstance(note, Question) else ""
    return f"{asked}{say(note, language)}"


def _column_lines(part: EntityProposal, language: Language) -> Iterator[tuple[str, str]]:
    """Give the columns in the order of `entities.yml`, each with its comment."""
    guesses = {guess.canonical: guess for guess in part.guesses}
    references = {reference.canonical: reference for reference in part.references}
    for name in load_entities()[part.entity].columns:
        if name in references:
            reference = references[name]
            column = f"column: {scalar(reference.column.name)}"
            if len(reference.parts) > 1:
                column = f"columns: {_list(reference.parts)}"
            yield f"{name}: {{{column}, source: {reference.source}}}", _why(reference, language)
        elif name in part.joined:
            yield f"{name}: {{columns: {_list(part.joined[name])}}}", say(JOINED, language)
        elif name in guesses:
            yield f"{name}: {_origin(guesses[name])}", _why(guesses[name], language)
        elif name in part.implied:
            yield f'{name}: {{value: "{part.implied[name]}"}}', say(FROM_NAME, language)


def _origin(guess: Guess) -> str:
    """Return where a canonical column comes from, with what its values mean where that is known."""
    column = scalar(guess.column.name)
    if guess.others:
        return f"{{first_of: {_list([guess.column.name, *(c.name for c in guess.others)])}}}"
    if guess.codes:
        values = ", ".join(f"{scalar(v)}: {_quoted_code(code)}" for v, code in guess.codes)
        return f"{{column: {column}, values: {{{values}}}, otherwise: {_quoted_code(guess.rest)}}}"
    codes = recode(guess.canonical, guess.column.distinct)
    if not codes or all(map(is_boolean, guess.column.distinct)):
        return column
    values = ", ".join(f"{scalar(value)}: {_quoted_code(code)}" for value, code in codes.items())
    rest = otherwise(guess.canonical)
    last = f", otherwise: {_quoted_code(rest)}" if rest else ""
    return f"{{column: {column}, values: {{{values}}}{last}}}"


def _why(found: Guess | Reference, language: Language) -> str:
    reasons = "; ".join(say(reason, language) for reason in found.why)
    examples = _examples(found.column, found.canonical, language)
    return f"{found.confidence:.2f} {reasons}{examples}"


def _examples(column: FileColumn, canonical: str | None, language: Language) -> str:
    """Return the first values, masked; a number may be a telephone's if nothing else is known."""
    is_of_person = canonical in _PERSONS or (canonical is None and column.share("phone") > 0.5)
    shown = (masked(value, is_of_person) for value in column.distinct[:EXAMPLES])
    left, right = QUOTES[language]
    told = ", ".join(f"{left}{example}{right}" for example in shown)
    return f" · {told}" if told else ""


def _commented(entry: str, comment: str) -> str:
    return f"{entry:<{COMMENT_COLUMN}}  # {comment}"


def _list(names: Sequence[str] | Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, names))}]"


def _quoted(text: str) -> str:
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")


def _quoted_code(code: str) -> str:
    return _quoted(code) if code in _NOT_TEXT else code
