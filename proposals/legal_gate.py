"""What may be proposed to whom, by law: asked when proposing, and again when handing over.

It errs on the safe side and is no legal advice; `docs/how-to/legal-gate.md` names the sources.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from config.language import _

Basis = Literal["advertising", "consent", "contract", "hint"]
"""On what an action rests.

`advertising`: a mail that also serves sales: news, offers, thanks. Needs the addressee's consent
(§ 7(2) no. 2 UWG), or all four conditions of § 7(3) UWG for existing customers on record.
`consent`: a mail that is advertising, too, but not for goods like those bought, so that nothing but
consent allows it: requests for an opinion (BGH, 10 July 2018, VI ZR 225/17), newsletters.
`contract`: what the contract itself asks for, such as a changed delivery date (Art. 6(1)(b) GDPR).
`hint`: something beside a customer that only colleagues see (Art. 6(1)(f) GDPR).
"""
Refused = Literal["objected_to_profiling", "refused_advertising", "no_consent", "no_address"]
# One mailbox, and no cell that a spreadsheet takes for a formula.
ADDRESS: Final = re.compile(r"[^@\s;,<>\"=+\-'][^@\s;,<>\"]*@[^@\s;,<>\"]+\.[^@\s;,<>\"]{2,}")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on record of an addressee: of the mailbox, and of the customer whose it is.

    `has_consented` with `consented_on`: the latest decision on advertising by mail was yes.
    `has_refused_advertising`: it was no, or the customer as a whole said no.
    `got_with_sale`: the address came with a sale, and whoever gave it was told there that they can
    object at any time (§ 7(3) nos. 1 and 4 UWG); both are one entry, `existing_customer`.
    """

    email: str | None
    has_objected_to_profiling: bool
    has_consented: bool
    has_refused_advertising: bool
    got_with_sale: bool
    consented_on: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something may be proposed: the basis in both languages, or why not."""

    basis_de: str = ""
    basis_en: str = ""
    refused: Refused | None = None


def judge(basis: Basis, standing: Standing, *, writes_mail: bool) -> Verdict:
    """Say on what basis something may be proposed to somebody, or why it may not.

    Whoever objected to profiling (Art. 21 GDPR) is left alone by all but the contract: an audience
    is chosen by what customers did.

    Args:
        basis: what the action rests on.
        standing: what is on record.
        writes_mail: whether a mail goes to the addressee.

    """
    if writes_mail and not ADDRESS.fullmatch(standing.email or ""):
        return Verdict(refused="no_address")
    if basis == "contract":
        return Verdict(*_CONTRACT)
    if standing.has_objected_to_profiling:
        return Verdict(refused="objected_to_profiling")
    if basis == "hint":
        return Verdict(*_HINT)
    if standing.has_refused_advertising:
        return Verdict(refused="refused_advertising")
    if standing.has_consented and (day := standing.consented_on):
        return Verdict(_CONSENT[0].format(day=day), _CONSENT[1].format(day=day))
    if standing.got_with_sale and basis == "advertising":
        return Verdict(*_EXISTING_CUSTOMER)
    return Verdict(refused="no_consent")


_HINT: Final = (
    "Hinweis für die eigenen Leute (Art. 6 Abs. 1 lit. f DSGVO)",
    "A hint for colleagues (GDPR Art. 6(1)(f))",
)
_CONTRACT: Final = (
    "Gehört zum Vertrag (Art. 6 Abs. 1 lit. b DSGVO)",
    "Part of the contract (GDPR Art. 6(1)(b))",
)
_CONSENT: Final = (
    "Einwilligung vom {day:%d.%m.%Y} (§ 7 Abs. 2 Nr. 2 UWG)",
    "Consent of {day:%d %b %Y} (§ 7(2) no. 2 UWG)",
)
_EXISTING_CUSTOMER: Final = (
    "Bestandskunde, Adresse aus einem Verkauf mit Hinweis auf den Widerspruch (§ 7 Abs. 3 UWG)",
    "Existing customer; address from a sale, told that they can object (§ 7(3) UWG)",
)


def refusal(kind: Refused) -> str:
    """Say why something may not be proposed, in the set language."""
    return {
        "objected_to_profiling": _("objected to profiling (Art. 21 GDPR)"),
        "refused_advertising": _("wants no advertising"),
        "no_consent": _("no consent to mails on record"),
        "no_address": _("no usable e-mail address"),
    }[kind]
