"""One fictitious machine-parts maker: its scattered files, and the truth beside them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.language import _
from sample.crm import Crm
from sample.erp import Erp
from sample.files import Written
from sample.lists import Lists
from sample.marketing import Newsletter, Website
from sample.offers import Offers
from sample.service import Desk
from sample.truth import write_truth
from sample.world import World, make_world

_HOME_ZONE = ZoneInfo("Europe/Berlin")
_MOST_CUSTOMERS, _FEWEST_MONTHS, _MOST_MONTHS = 100_000, 6, 120


class SampleError(Exception):
    """The sample company cannot be made as asked; the message says what to change."""


@dataclass(frozen=True)
class Summary:
    """What was made."""

    customers: int
    leads: int
    orders: int
    first_day: date
    until: date
    files: tuple[Written, ...]  # in the inbox, one per file or sheet
    truth: tuple[Written, ...]


def make_company(
    inbox: Path,
    truth: Path,
    customers: int = 300,
    months: int = 30,
    seed: int = 1,
    until: date | None = None,
) -> Summary:
    """Write the sample company's files and the truth; the same arguments give the same bytes.

    Args:
        inbox: folder for the files, made if needed; files of the same names are replaced.
        truth: folder for who is who and the true chances; not the inbox nor inside it.
        customers: how many firms ever ordered, 1 to 100,000 (prospects come on top).
        months: how far back the files go, 6 to 120.
        seed: another seed is another company, 0 or more.
        until: the last day of data; default yesterday. Nothing later is in the inbox.

    Raises:
        SampleError: an argument is out of range, or the truth would lie in the inbox.

    """
    _check(inbox, truth, customers, months, seed)
    until = until or datetime.now(_HOME_ZONE).date() - timedelta(days=1)
    world = make_world(customers, months, seed, until)
    for folder in (inbox, truth):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=inbox.parent, prefix=".sample-") as new_inbox,
        tempfile.TemporaryDirectory(dir=truth.parent, prefix=".sample-") as new_truth,
    ):
        files, known = _write(world, Path(new_inbox), Path(new_truth))
        for made, folder in ((new_inbox, inbox), (new_truth, truth)):
            for path in sorted(Path(made).iterdir()):
                path.replace(folder / path.name)
    return Summary(
        customers=customers,
        leads=len(world.leads.firm),
        orders=int(world.is_seen.sum()),
        first_day=world.calendar.first,
        until=until,
        files=tuple(files),
        truth=tuple(known),
    )


def _check(inbox: Path, truth: Path, customers: int, months: int, seed: int) -> None:
    if truth.resolve().is_relative_to(inbox.resolve()):
        raise SampleError(
            _("The truth must not lie in the inbox: choose another folder than {truth}.").format(
                truth=truth
            )
        )
    for name, value, low, high in (
        ("customers", customers, 1, _MOST_CUSTOMERS),
        ("months", months, _FEWEST_MONTHS, _MOST_MONTHS),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not low <= value <= high:
            raise SampleError(
                _("{name}={value}: choose a number from {low} to {high}.").format(
                    name=name, value=value, low=low, high=high
                )
            )


def _write(world: World, inbox: Path, truth: Path) -> tuple[list[Written], list[Written]]:
    erp = Erp(world)
    crm = Crm(world, erp)
    newsletter, website = Newsletter(world, erp), Website(world)
    desk, lists = Desk(world, erp), Lists(world, erp)
    files = [
        *erp.write(inbox),
        *crm.write(inbox),
        *newsletter.write(inbox),
        website.write(inbox),
        *desk.write(inbox),
        *lists.write(inbox),
        *Offers(world, erp, crm).write(inbox),
    ]
    defects = [defect for written in files for defect in written.defects]
    known = write_truth(truth, world, erp, crm, newsletter, website, desk, lists, defects)
    return files, known
