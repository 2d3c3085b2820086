"""A task's text with room for what a person says to it, for CRMs whose tasks have but one text."""

from __future__ import annotations

from typing import Final

ANSWER: Final = "— Rückmeldung / feedback:"
"""In both languages: the one may be chosen when the task is made, the other when it is read."""


def with_room(note: str) -> str:
    """Return the text of a new task."""
    return f"{note}\n\n{ANSWER} "


def read_answer(text: str | None) -> str | None:
    """Return what somebody wrote behind the mark; None for nothing."""
    _before, mark, answer = (text or "").rpartition(ANSWER)
    return (answer.strip() or None) if mark else None
