"""200 seeded mutations of consent, objection, release and stage: who gets a mail, and who not.

What should go out is decided by an oracle in plain Python that reads what was said, not our tables.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from proposals import hand_over, propose, read_fields
from proposals.channels import NEEDS
from tests.crm.memory_crm import MemoryCrm
from tests.proposals.small_firm import NIGHT
from tests.proposals.test_channels import drafts

CUSTOMERS = 20
ROUNDS = 25
MUTATIONS_A_ROUND = 4


@dataclass
class World:
    """What really happened, kept beside the warehouse."""

    stage: int = 1
    consents: dict[str, list[tuple[date, bool]]] = field(default_factory=dict)  # by mailbox
    company_refused: set[str] = field(default_factory=set)
    objected: set[str] = field(default_factory=set)
    released_by: dict[str, set[str]] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    proposed: set[str] = field(default_factory=set)
    least: int = 2  # releases
    is_mail: bool = True

    def may_be_addressed(self, name: str) -> bool:
        if not self.is_mail:  # a hint for colleagues
            return name not in self.objected
        said = self.consents[name]
        newest = max((day for day, _ in said), default=None)
        says_yes = bool(said) and all(yes for day, yes in said if day == newest)
        return says_yes and name not in self.company_refused and name not in self.objected

    def should_be_sent(self, name: str) -> bool:
        return (
            self.stage >= 1
            and name in self.proposed
            and len(self.released_by.get(name, ())) >= self.least
            and name not in self.rejected
            and self.may_be_addressed(name)
        )


def mutate(firm, world, chance, on):
    """Let one thing happen, in the warehouse and in the world."""
    name = chance.choice(sorted(world.consents))
    mail = f"{name}@firma.example"
    kind = chance.choice(
        ["consent", "company", "unobject", "reject"]
        + ["withdraw", "object"] * 3 + ["stage"] * 3 + ["release"] * 7
    )  # fmt: skip
    if kind in ("consent", "withdraw"):
        day = on - timedelta(days=chance.choice([0, 0, 1, 400]))
        firm.consent(name, mail, is_granted=kind == "consent", on=day)
        world.consents[name].append((day, kind == "consent"))
    elif kind == "company" and chance.random() < 0.3:
        firm.consent(name, None, is_granted=False, on=on)
        world.company_refused.add(name)
    elif kind in ("object", "unobject"):
        firm.sql(
            "update marts.customers set has_objected_to_profiling = ? where customer_id = ?",
            (kind == "object", name),
        )
        (world.objected.add if kind == "object" else world.objected.discard)(name)
    elif kind == "stage":
        world.stage = chance.choice([0, 0, 1, 2])
        firm.stage(world.stage, night=on)
    elif kind in ("release", "reject"):
        decide(firm, world, chance, name, is_released=kind == "release")


def decide(firm, world, chance, name, *, is_released):
    ids = firm.sql(
        "select proposal_id, state in ('open', 'released') from ops.proposal_states"
        " where customer_id = ?", (name,),
    )  # fmt: skip
    if not ids:
        return
    ((proposal_id, is_waiting),) = ids
    people = chance.choices(["Anna", "anna ", "Ben", "Carl"], k=chance.choice([1, 2]))
    firm.decide(*people, ids=[proposal_id], is_released=is_released)
    if is_released and is_waiting and name not in world.rejected:
        world.released_by.setdefault(name, set()).update(who.strip().lower() for who in people)
    elif not is_released and name not in world.sent:
        world.rejected.add(name)


def sent_now(firm):
    found = []
    for path in firm.settings.outbox.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [row["email"].partition("@")[0] for row in csv.DictReader(file, delimiter=";")]
    return found


# Nights and hours in a row, and with days on which what is released waits while more happens.
@pytest.mark.parametrize(("seed", "nights", "patience"), [(1, 2, 0.0), (1, 4, 0.5)])
def test_after_every_mutation_exactly_those_went_out_that_should(firm, seed, nights, patience):
    chance = random.Random(seed)
    names = [f"c{number}" for number in range(CUSTOMERS)]
    firm.use(expires_days=400, audience=_ALL)
    firm.customer(*names)
    world = World(consents={name: [(date(2025, 1, 1), True)] for name in names})
    for step in range(ROUNDS):
        on = NIGHT + timedelta(days=step)
        firm.stage(world.stage, night=on)
        if step % nights == 0:  # a night; between two of them the hourly hand-over alone
            propose(firm.on(step))
            _remember_proposed(firm, world)
        for _ in range(MUTATIONS_A_ROUND):
            mutate(firm, world, chance, on)
        if chance.random() < patience:
            continue
        due = {name for name in names if name not in world.sent and world.should_be_sent(name)}
        hand_over(firm.on(step))
        world.sent |= due
        assert sorted(sent_now(firm)) == sorted(world.sent), f"seed {seed}, round {step}"
    assert 3 <= len(world.sent) < CUSTOMERS, "both happened: mails went out, and others did not"


# Fewer rounds for each: there are four of them, 384 mutations together.
@pytest.mark.parametrize("channel", ["draft", "crm_task", "crm_note", "crm_field"])
def test_so_it_is_over_every_other_channel(firm, channel, monkeypatch):
    crm, chance = MemoryCrm(), random.Random(7)
    monkeypatch.setattr("crm.posting.open_connector", lambda *_args: crm)
    (firm.settings.config / "crm.yml").write_text(
        "connector: tryton\ntasks: true\n", encoding="utf-8"
    )
    names = [f"c{number}" for number in range(CUSTOMERS)]
    needs = NEEDS[channel]
    basis = "advertising" if needs.writes_mail else "hint"
    # so that it waits for a while, and something happens to it
    least = needs.least_releases if needs.is_standing else max(1, needs.least_releases)
    firm.use(
        channel=channel, releases=least, legal_basis=basis,
        expires_days=400, audience=_ALL,
    )  # fmt: skip
    firm.customer(*names)
    for name in names:
        firm.sql(
            "insert into ops.crm_records values ('memory', 'parties', ?, ?, '{}', now())",
            (name, name),
        )
    world = World(
        consents={name: [(date(2025, 1, 1), True)] for name in names},
        least=least, is_mail=needs.writes_mail,
    )  # fmt: skip
    seen_out, seen_held = False, False
    for step in range(12):
        firm.stage(world.stage, night=NIGHT + timedelta(days=step))
        if step % 4 == 0:
            propose(firm.on(step))
            _remember_proposed(firm, world)
        for _ in range(2 * MUTATIONS_A_ROUND):
            mutate(firm, world, chance, NIGHT + timedelta(days=step))
        if step % 4 < 2:  # what is released waits, while more happens
            continue
        due = {name for name in names if name not in world.sent and world.should_be_sent(name)}
        hand_over(firm.on(step))
        if channel == "crm_field":  # what stands there, night by night
            assert set(read_fields(firm.on(step))) == due, f"round {step}"
        else:
            world.sent |= due
            assert sorted(out_by(firm, crm, channel)) == sorted(world.sent), f"round {step}"
        seen_out |= bool(due)
        seen_held |= len(due | world.sent) < CUSTOMERS
    assert seen_out
    assert seen_held


def out_by(firm, crm, channel):
    """Whom something went out about, once for each that did."""
    if channel == "crm_task":
        return [task.party_id for task, _state in crm.tasks.values()]
    if channel == "crm_note":
        return [note.party_id for note in crm.notes.values()]
    return [str(mail["to"]).partition("@")[0] for mail in drafts(firm)]


_ALL = (
    "select customer_id, email, name as company, order_no, delivered_on from marts.orders"
    " inner join marts.customers using (customer_id) inner join marts.contacts using (customer_id)"
)


def _remember_proposed(firm, world):
    """What a night took back waits for its next proposal; a release of it counts again then."""
    states = firm.states()
    world.proposed = {name for name, state in states.items() if state != "ended"}
    for name in list(world.released_by):
        if name not in states:  # forgotten after an objection, releases and all
            del world.released_by[name]
