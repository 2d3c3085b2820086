"""The wording of steps in report and to-do list; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from expectations import ExpectationResult
from expectations.sources import read_sources
from expectations.specification import Expectation, UseCase
from report.facts import Facts
from report.receipts import Receipt
from report.steps import Step, months_to_wait
from report.words import Words

HOURS_A_DAY: Final = 8


def titles_of(use_cases: Iterable[UseCase], words: Words) -> dict[str, str]:
    """Name the use cases as people read them."""
    return {case.name: getattr(case, f"title_{words.language}") for case in use_cases}


def step_said(step: Step, words: Words) -> str:
    """Say what is to be done, and when it happens by itself."""
    if step.kind == "deliver" and step.source:
        return words("deliver", source=read_sources()[step.source].name[words.language])
    said = str(getattr(step.asks, f"todo_{words.language}"))
    months = step.months
    return f"{said} {words.counted('by_itself', months)}" if months else said


def step_ways(step: Step, words: Words) -> str:
    """Say what is to be done with the usual ways to get a missing source."""
    said = step_said(step, words)
    if step.kind != "deliver" or not step.source:
        return said
    return words("ways", said=said, ways=read_sources()[step.source].ways[words.language])


def step_helps(step: Step, titles: Mapping[str, str], words: Words) -> str:
    """Say which use cases it raises on its own, and which others it helps."""
    others = [titles[name] for name in step.use_cases if name not in step.raises]
    if not step.raises:
        return words("helps", cases=", ".join(others))
    said = words("raises", cases=", ".join(titles[name] for name in step.raises))
    return f"{said} {words('helps_too', cases=', '.join(others))}" if others else said


def effort(step: Step, words: Words) -> str:
    """Say roughly what a step takes."""
    if step.hours < 1:
        return words("effort_minutes")
    if step.hours <= HOURS_A_DAY:
        return words.counted("effort_hours", round(step.hours))
    return words.counted("effort_days", round(step.hours / HOURS_A_DAY))


def by_itself(item: Expectation | None, result: ExpectationResult, words: Words) -> str:
    """Say in how many months an expectation will be met by waiting; else nothing."""
    months = months_to_wait(item, result) if item else None
    return f" {words.counted('by_itself', months)}" if months else ""


def receipt_said(receipt: Receipt, facts: Facts, words: Words) -> str:
    """Say what became of the cells that people filled in, and which stages changed with it."""
    titles = titles_of(facts.use_cases, words)
    readers = {
        case.name
        for case in facts.use_cases
        if any(item.target in receipt.fields for _, item in case.checks)
    }
    said = words.counted("taken", receipt.taken)
    if receipt.refused:
        said += ", " + words.counted("refused", receipt.refused)
    moved = [
        f"{titles[name]} {before} → {after}"
        for name, before, after in receipt.moved
        if name in readers
    ]
    said = words("receipt", night=words.day(receipt.night), said=", ".join([said, *moved]))
    return f"{said} {words('receipt_refused')}" if receipt.refused else said
