"""How people write a firm they know: legal forms left out, umlauts, abbreviations, slips."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sample.chance import pick
from sample.firms import Firm, Place, transliterate

_LEGAL_VARIANTS = {
    "GmbH": ["G.m.b.H.", "Gmbh", "GMBH"],
    "GmbH & Co. KG": ["GmbH & Co KG", "GmbH&Co.KG", "GmbH u. Co. KG", "GmbH", "KG"],
    "AG": ["Aktiengesellschaft", "Ag"],
    "KG": ["Kommanditgesellschaft", "K.G."],
    "e.K.": ["e. K.", "eK", "e.Kfm."],
    "OHG": ["oHG", "O.H.G."],
}
_SHORT_TRADES = (("technik", "tech."), ("maschinen", "masch."), ("anlagen", "anl."), ("bau", "b."))


@dataclass(frozen=True)
class Habit:
    """How carefully somebody writes: the share of names in which each thing happens."""

    no_legal_form: float = 0.0
    other_legal_form: float = 0.0
    no_prefix: float = 0.0
    short_trade: float = 0.0
    no_trade: float = 0.0
    ascii_umlauts: float = 0.0
    form_of_address: float = 0.0  # "Fa. …"
    slip: float = 0.0
    capitals: float = 0.0


ERP = Habit(ascii_umlauts=0.05, slip=0.01, capitals=0.04)
CRM = Habit(no_legal_form=0.18, other_legal_form=0.12, no_prefix=0.2, short_trade=0.03,
            ascii_umlauts=0.08, slip=0.03)  # fmt: skip
FAIR = Habit(no_legal_form=0.5, other_legal_form=0.1, no_prefix=0.5, short_trade=0.05,
             ascii_umlauts=0.2, slip=0.08)  # fmt: skip
SALES = Habit(no_legal_form=0.8, no_prefix=0.6, short_trade=0.2, no_trade=0.08, ascii_umlauts=0.3,
              form_of_address=0.2, slip=0.1)  # fmt: skip


def spell(firm: Firm, habit: Habit, rng: np.random.Generator) -> str:
    """Write the firm's name as somebody with this habit writes it."""
    chance = rng.random(9)
    trade, legal = firm.trade, firm.legal_form
    if chance[0] < habit.short_trade:
        for ending, short in _SHORT_TRADES:
            if trade.endswith(ending):
                trade = trade.removesuffix(ending) + short
                break
    elif chance[1] < habit.no_trade:
        trade = ""
    if chance[2] < habit.no_legal_form:
        legal = ""
    elif chance[3] < habit.other_legal_form:
        variants = _LEGAL_VARIANTS[legal]
        legal = pick(variants, rng)
    prefix = "" if chance[4] < habit.no_prefix else firm.prefix
    stem = slip(firm.stem, rng) if chance[5] < habit.slip else firm.stem
    address = "Fa." if chance[6] < habit.form_of_address else ""
    name = " ".join(filter(None, (address, prefix, stem, trade, legal)))
    if chance[7] < habit.ascii_umlauts:
        name = transliterate(name)
    return name.upper().replace("SS", "SS") if chance[8] < habit.capitals else name


def slip(text: str, rng: np.random.Generator) -> str:
    """One typing slip inside a word: two letters swapped, one lost, doubled or hit beside."""
    if len(text) < 4:
        return text
    at, kind = int(rng.integers(1, len(text) - 2)), int(rng.integers(4))
    if kind == 0 and text[at] != text[at + 1]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[: at + 1] + text[at:]
    beside = {"a": "s", "e": "r", "i": "u", "o": "p", "n": "m", "r": "t", "t": "z", "l": "k"}
    return text[:at] + beside.get(text[at], "e") + text[at + 1 :]


def street(place: Place, rng: np.random.Generator, care: float = 0.7) -> str:
    """Write the street: "Straße", "Str." or "Strasse"."""
    if rng.random() < care:
        return place.street
    short = re.sub(r"([sS])tra(ß|ss)e", r"\1tr.", place.street)
    return short if rng.random() < 0.6 else place.street.replace("ß", "ss")


def phone(firm: Firm, extension: str, rng: np.random.Generator, tidy: bool = False) -> str:
    """Write the number in one of the forms people use; `extension` "0" is the switchboard."""
    area, line = firm.phone_prefix
    forms = (
        f"+49 {area} {line}-{extension}",
        f"0{area}/{line}-{extension}",
        f"0{area} / {line} {extension}",
        f"(0{area}) {line}-{extension}",
        f"0049{area}{line}{extension}",
        f"0{area}{line}{extension}",
    )
    return forms[0] if tidy else pick(forms, rng)
