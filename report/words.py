"""The words of report and to-do list in one language."""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from config import read_yaml

Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")
FILE: Final = Path(__file__).with_name("texts.yml")


class Words:
    """Words texts, marts, columns, counts and shares in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, **values: object) -> str:
        """Say a text of `texts.yml`."""
        return str(_texts()[name][self.language]).format(**values)

    def lines(self, name: str) -> list[str]:
        """Say a text that has several lines."""
        return list(_texts()[name][self.language])

    def meaning(self, stage: int) -> str:
        """Say what a stage allows."""
        return str(_texts()["meaning"][stage][self.language])

    def kind(self, name: str) -> str:
        """Return what people call a kind of model; its technical name where the file has none."""
        return str(_texts()["kinds"].get(name, {}).get(self.language, name))

    def contact(self, kind: str) -> str:
        """Return what people call a kind of interaction; its technical name without one."""
        return str(_texts()["contact_kinds"].get(kind, {}).get(self.language, kind))

    def band(self, name: str) -> str:
        """Return what people call a band of points."""
        return str(_texts()["calls_bands"][name][self.language])

    def mart(self, name: str) -> str:
        """Return a mart's title; its technical name where the file has none."""
        return str(_texts()["marts"].get(name, {}).get(self.language, name))

    def column(self, name: str) -> str:
        """Return a column's title; its technical name where the file has none."""
        return str(_texts()["columns"].get(name, {}).get(self.language, name))

    def sheet(self, mart: str) -> str:
        """Say the title of a mart's sheet in the to-do list."""
        return capitalised(self.mart(mart))

    def counted(self, name: str, count: int, **values: object) -> str:
        """Say a text with a number: `<name>_one` for one, else `<name>_many`."""
        form = f"{name}_one" if count == 1 else f"{name}_many"
        return self(form, count=self.number(count), **values)

    def days_ago(self, days: int | None) -> str:
        """Say how long ago something was; None: never."""
        if days is None:
            return self("never")
        return self(f"days_{days}" if days < 2 else "days_n", count=self.number(days))

    def of_mart(self, mart: str, column: str) -> str:
        """Say a column with its mart."""
        return f"{self.column(column)} · {self.mart(mart)}"

    def day(self, day: date) -> str:
        """Write a date."""
        return f"{day:%d.%m.%Y}" if self.language == "de" else f"{day:%d %b %Y}"

    def share(self, value: float) -> str:
        """Write a share (0 to 1) in percent, rounded down: 79.6 % of 80 % never reads as 80 %."""
        percent = math.floor(value * 100 + 1e-9)
        return f"{percent} %" if self.language == "de" else f"{percent}%"

    def number(self, value: float) -> str:
        """Write a whole number."""
        text = f"{value:,.0f}"
        return text.replace(",", ".") if self.language == "de" else text


def capitalised(text: str) -> str:
    """Begin a text with a capital letter, as a heading does."""
    return text[:1].upper() + text[1:]


@cache
def _texts() -> dict[str, Any]:
    return read_yaml(FILE)
