"""The newsletter tool's exports and the website's visits: what people read and click."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample import spelling
from sample.calendar import BLOCK_DAYS
from sample.chance import pick
from sample.customers import Ints, logistic
from sample.erp import Erp
from sample.files import Broken, Written, write_csv, write_json_lines
from sample.firms import Person
from sample.leads import CAMPAIGN_DAYS, LOOK_BACK_DAYS
from sample.world import World

_RECIPIENT_HEADER = ("E-Mail", "Vorname", "Nachname", "Firma", "Liste", "Status", "Anmeldung",
                     "Status seit")  # fmt: skip
_ACTION_HEADER = ("Aktion-ID", "Kampagne", "Versendet am", "E-Mail", "Aktion", "Zeitpunkt", "Link")
_SITE = "https://www.nordhang-antriebstechnik.example"
_VISITS_AFTER_DAYS = 45
_OPEN_SECONDS = 10 * 3600
_CAME_FROM = ("suche", "suche", "suche", "direkt", "direkt", "newsletter")
_CLICKS_WHAT_IT_BUYS = 0.6
_PROSPECT_OPENS = 0.04  # newsletters that firms open while nothing is on their mind


class Newsletter:
    """Recipients and what they did with each newsletter."""

    def __init__(self, world: World, erp: Erp) -> None:
        self.world, self.erp = world, erp
        self.campaign_days = np.arange(CAMPAIGN_DAYS // 2, world.calendar.days, CAMPAIGN_DAYS)
        self.recipients = self._choose()
        self.first = [p.since for p, _, _ in self.recipients]

    def _choose(self) -> list[tuple[Person, int, int]]:
        """Person, day of opt-in (negative: before day 0), day of opt-out (or beyond the end)."""
        world, rng, taken = self.world, self.world.chance("recipients"), set()
        days, chosen = world.calendar.days, []
        for firm in world.firms:
            for position, person in enumerate(world.people[firm.number]):
                is_main = position == 0 or person.since > 0
                share = 0.97 if is_main else 0.35
                drawn, since, until = rng.random(), rng.integers(-900, -30), rng.random()
                if not world.is_subscribed[firm.number] or drawn > share or person.email in taken:
                    continue
                if person.since >= days:
                    continue
                taken.add(person.email)
                start = int(since) if person.since < 0 else person.since
                leaves = int(until / 0.08 * days) if until < 0.08 else days
                chosen.append((person, start, max(leaves, start + 1)))
        return chosen

    def write(self, inbox: Path) -> list[Written]:
        """Write recipients and actions."""
        form = {"encoding": "utf-8", "delimiter": ","}
        return [
            write_csv(inbox / "newsletter_empfaenger.csv", _RECIPIENT_HEADER, self._rows(), **form),
            write_csv(
                inbox / "newsletter_aktionen.csv", _ACTION_HEADER, self._action_rows(), **form
            ),
        ]

    def _rows(self) -> Iterator[Sequence[Any]]:
        world, rng = self.world, self.world.chance("recipient rows")
        days, day_of = world.calendar.days, world.calendar.day
        for person, start, end in self.recipients:
            bounced = self._bounce(person, end)
            status, since = "aktiv", start
            if bounced >= 0:
                status, since = "unzustellbar", bounced
            elif end < days:
                status, since = "abgemeldet", end
            firm = spelling.spell(person.firm, spelling.FAIR, rng) if rng.random() < 0.6 else ""
            has_name = rng.random() < 0.75
            yield (
                person.email,
                person.given_name if has_name else "",
                person.family_name if has_name else "",
                firm,
                "Newsletter DE",
                status,
                day_of(start).isoformat(),
                day_of(since).isoformat(),
            )

    def _bounce(self, person: Person, end: int) -> int:
        """Find the day of the newsletter that came back since the person had left (-1: none)."""
        if person.left is None or person.email == person.firm.mailbox or person.left >= end:
            return -1
        later = self.campaign_days[self.campaign_days >= person.left]
        return int(later[0]) if later.size and later[0] < end else -1

    @cached_property
    def actions(self) -> tuple[Ints, Ints, NDArray[np.str_]]:
        """Recipient, campaign, kind: every action, in the order of campaigns."""
        world, rng = self.world, self.world.chance("actions")
        rule = world.causes["customers"]["opens"]
        customer, start, end, left, bounce = (
            np.array(
                [
                    (
                        world.customer_of.get(person.firm.number, -1),
                        since,
                        until,
                        world.calendar.days if person.left is None else person.left,
                        self._bounce(person, until),
                    )
                    for person, since, until in self.recipients
                ],
                dtype=np.int64,
            )
            .reshape(-1, 5)
            .T
        )
        parts = []
        for campaign, day in enumerate(self.campaign_days.tolist()):
            level = world.history.engagement[day // BLOCK_DAYS, customer]
            is_customer = (customer >= 0) & (world.start_days[customer] <= day)
            chance = np.where(
                is_customer,
                logistic(rule["intercept"] + rule["engagement"] * level),
                _PROSPECT_OPENS,
            )
            gets = (start <= day) & (day < end) & (day < left)
            opens = gets & (rng.random(len(start)) < chance)
            opens[self._interested.get(campaign, [])] = True
            opens &= gets
            clicks = opens & (rng.random(len(start)) < 0.22)
            goes = (end > day) & (end <= day + CAMPAIGN_DAYS) & (end < world.calendar.days) & gets
            for kind, which in (
                ("Öffnung", opens), ("Klick", clicks), ("Abmeldung", goes),
                ("Unzustellbar", bounce == day),
            ):  # fmt: skip
                found = np.flatnonzero(which)
                parts.append((found, np.full(len(found), campaign), np.full(len(found), kind)))
        who, campaigns, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
        return who, campaigns, kinds

    @cached_property
    def _interested(self) -> dict[int, list[int]]:
        """Per newsletter the recipients whose firm has a lead coming up and opens it."""
        of_firm: dict[int, list[int]] = defaultdict(list)
        for index, (person, _, _) in enumerate(self.recipients):
            of_firm[person.firm.number].append(index)
        leads = self.world.leads
        result: dict[int, list[int]] = defaultdict(list)
        for lead in np.flatnonzero(leads.open_count):
            created = int(leads.created[lead])
            before = np.flatnonzero(
                (self.campaign_days < created) & (self.campaign_days >= created - LOOK_BACK_DAYS)
            )[::-1]
            for campaign, is_open in zip(before.tolist(), leads.opened[lead], strict=False):
                if is_open:
                    day = int(self.campaign_days[campaign])
                    there = [
                        r
                        for r in of_firm[int(leads.firm[lead])]
                        if self.recipients[r][0].is_there(day) and self.recipients[r][1] <= day
                    ]
                    result[campaign] += there[:1]
        return dict(result)

    def _clicked(self, who: Ints, rng: np.random.Generator) -> list[str]:
        """Per action a page: of customers mostly that of a group which they often buy."""
        world, usual = self.world, self.world.words["pages"]
        of_group = [world.words["pages_of_groups"].get(group) for group in world.words["articles"]]
        pages = []
        for recipient in who.tolist():
            drawn, page = rng.random(), pick(usual, rng)
            customer = world.customer_of.get(self.recipients[recipient][0].firm.number)
            if customer is not None and drawn < _CLICKS_WHAT_IT_BUYS:
                liked = self.erp.favourites[customer, int(rng.integers(0, 2))]
                page = of_group[int(liked)] or page
            pages.append(page)
        return pages

    def _action_rows(self) -> Iterator[Sequence[Any] | Broken]:
        world, rng = self.world, self.world.chance("action rows")
        who, campaigns, kinds = self.actions
        # Most read it within hours, the others on one of the next days.
        hours = rng.exponential(2.5, len(who)).clip(0.02, 9) + 24 * (
            rng.geometric(0.65, len(who)) - 1
        )
        pages = self._clicked(who, world.chance("clicked topics"))
        names, last = world.words["campaigns"], datetime.combine(world.calendar.until, time(23, 59))
        sent_at = [
            datetime.combine(world.calendar.day(day), time(9, 30))
            for day in self.campaign_days.tolist()
        ]
        row: Sequence[Any] = ()
        for number, (index, campaign, kind, delay) in enumerate(
            zip(who.tolist(), campaigns.tolist(), kinds.tolist(), hours.tolist(), strict=True), 1
        ):
            sent = sent_at[campaign]
            at = min(sent + timedelta(hours=delay), last).replace(microsecond=0)
            row = (
                f"N{number:07d}", f"{sent:%Y-%m} {names[campaign % len(names)]}",
                f"{sent:%Y-%m-%d %H:%M}", self.recipients[index][0].email, kind,
                f"{at:%Y-%m-%d %H:%M:%S}", _SITE + pages[number - 1] if kind == "Klick" else "",
            )  # fmt: skip
            yield row
        if row:
            yield Broken("file cut off in its last line", ",".join(map(str, row[:4])))


class Website:
    """Visits; a visitor is known by the firm's network, by a form filled in, or not at all."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.firm, self.day = self._draw()

    def _draw(self) -> tuple[Ints, Ints]:
        world, rng = self.world, self.world.chance("visits")
        rule, leads, days = world.causes["customers"]["visits"], world.leads, world.calendar.days
        mean = np.exp(rule["intercept"] + rule["engagement"] * world.history.engagement)
        blocks = np.arange(world.calendar.blocks)[:, None]
        mean *= world.start_days < blocks * BLOCK_DAYS
        block, customer = np.nonzero(counts := rng.poisson(mean))
        times = counts[block, customer]
        usual_day = np.repeat(block, times) * BLOCK_DAYS
        usual_day = usual_day + rng.integers(0, BLOCK_DAYS, len(usual_day))
        before = np.repeat(np.arange(len(leads.firm)), leads.visit_count)
        after = np.repeat(
            np.arange(len(leads.firm)),
            rng.poisson(world.causes["leads"]["visits_after"], len(leads.firm)),
        )
        firm = np.concatenate(
            [world.firm_of[np.repeat(customer, times)], leads.firm[before], leads.firm[after]]
        )
        day = np.concatenate([
            usual_day,
            leads.created[before] - rng.integers(1, LOOK_BACK_DAYS + 1, len(before)),
            leads.created[after] + rng.integers(0, _VISITS_AFTER_DAYS, len(after)),
        ])  # fmt: skip
        kept = np.flatnonzero((day >= 0) & (day < days))
        order = kept[np.lexsort((firm[kept], day[kept]))]
        return firm[order], day[order]

    def visit_id(self, number: int) -> str:
        """Return the key of a visit, in the order of days."""
        return f"v{number + 1:08d}"

    def write(self, inbox: Path) -> Written:
        """Write the visits."""
        return write_json_lines(inbox / "web_visits.jsonl", self._rows())

    def _rows(self) -> Iterator[dict[str, Any] | Broken]:
        world, rng = self.world, self.world.chance("visit rows")
        pages, broken = world.words["pages"], len(self.firm) // 3
        for number, (firm, day) in enumerate(
            zip(self.firm.tolist(), self.day.tolist(), strict=True)
        ):
            known = rng.random(3)
            at = datetime.combine(world.calendar.day(day), time(7), UTC)
            at += timedelta(seconds=int(rng.random() * _OPEN_SECONDS))
            domain = world.firms[firm].domain
            visit = {
                "visit_id": self.visit_id(number),
                "zeit": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "domain": (f"www.{domain}" if known[0] < 0.1 else domain)
                if known[1] < 0.78
                else None,
                "email": world.person(firm, day, rng).email if known[2] < 0.3 else None,
                "seite": pages[int(len(pages) * rng.random() ** 1.3)],
                "dauer_s": int(rng.exponential(70)) + 2,
                "herkunft": pick(_CAME_FROM, rng),
            }
            yield visit
            if number == broken:
                cut = f'{{"visit_id": "{self.visit_id(10**7)}", "zeit": "{visit["zeit"]}", "dom'
                yield Broken("JSON cut off", cut)
