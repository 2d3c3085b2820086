"""The YAML files of `proposals/`: what a use case proposes, to whom, and who releases it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config import ConfigurationError, Settings, explain, read_yaml
from config.language import _
from proposals.channels.needs import NEEDS, Channel
from proposals.legal_gate import Basis

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Stage = Literal[1, 2, 3]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(_Strict):
    """One text in both languages; a Jinja2 template over the columns of the audience."""

    de: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Variant(_Strict):
    """What an action does differently from a stage on; what it leaves out stays."""

    title: Text | None = None
    audience: str | None = Field(default=None, min_length=1)
    reason: Text | None = None
    subject: Text | None = None
    body: Text | None = None


class Outcome(_Strict):
    """What an action shall bring about, so that it can be compared with the control group.

    `happened`: SQL over marts with the columns `customer_id` and `happened_on`; it counts within
    `days` after the night on which a customer was proposed first, or drawn into the control group.
    """

    label: Text
    happened: str = Field(min_length=1)
    days: int = Field(gt=0)


class Action(_Strict):
    """One kind of proposal.

    `stage`: the stage from which on it is proposed; `at_stage`: what changes at higher ones. It
    stays the same action: who was thanked for an order at stage 1 is not thanked again at stage 2.
    `audience`: SQL over marts. One row is one proposal; its columns are what the texts may name.
    It has `customer_id`, and `email` where the channel writes mails; `lead_id` or `contact_id`
    where the proposal is about one of those; `language` (de or en) where it is not the set one.
    `about`: the columns that tell one occasion from another, such as the order that is thanked
    for. What was sent, rejected or expired comes back only on another occasion.
    `label`: what people call this kind of proposal; its name without one.
    `subject`, `body`: of a mail; of a task or note in the CRM they may be left out, which then say
    `title` and `reason`. `author`: who wrote the texts; that person releases none of them.
    `pause_days`: for so long after it was sent or rejected the same customer gets no other of this
    kind, whatever the occasion. `control_share`: part of the audience, drawn by chance, to whom
    nothing is proposed, so that one sees what the action brings about; `outcome` says what is
    compared. `at_most`: how many are open
    at a time, the first of the audience.
    """

    stage: Stage
    label: Text | None = None
    title: Text
    audience: str = Field(min_length=1)
    about: tuple[str, ...] = Field(min_length=1)
    reason: Text
    subject: Text | None = None
    body: Text | None = None
    author: str | None = None
    legal_basis: Basis
    channel: Channel
    releases: int = Field(ge=0, le=2)
    expires_days: int = Field(gt=0)
    pause_days: int = Field(ge=0)
    control_share: float = Field(default=0, ge=0, le=0.5)
    at_most: int = Field(default=200, gt=0)
    outcome: Outcome | None = None
    at_stage: dict[Stage, Variant] = {}

    @model_validator(mode="after")
    def _fits_channel(self) -> Self:
        least = NEEDS[self.channel].least_releases
        if self.releases < least:
            told = _(
                "releases: {channel} needs at least {least}: a person looks before it goes out"
            )
            raise ValueError(told.format(channel=self.channel, least=least))
        if self.writes_mail and not (self.subject and self.body):
            raise ValueError(_("{channel} needs subject and body").format(channel=self.channel))
        if self.writes_mail and self.legal_basis == "hint":
            raise ValueError(_("legal_basis: a mail to a customer is no hint beside one"))
        return self

    @property
    def writes_mail(self) -> bool:
        """Whether what is released goes to the addressee's mailbox."""
        return NEEDS[self.channel].writes_mail

    def at(self, stage: int) -> Action:
        """Return the action as it is at a stage."""
        changed = {
            name: value
            for listed in sorted(self.at_stage)
            if listed <= stage
            for name, value in self.at_stage[listed]
            if value is not None
        }
        return self.model_copy(update=changed)


class UseCase(_Strict):
    """What a use case proposes, and which decision of people it serves."""

    name: Name
    purpose: Text
    actions: dict[Name, Action] = Field(min_length=1)

    def actions_at(self, stage: int) -> dict[str, Action]:
        """Return the actions that the stage allows, as they are there."""
        return {
            name: action.at(stage) for name, action in self.actions.items() if action.stage <= stage
        }


@dataclass(frozen=True)
class Uses:
    """The use cases that can be read, and what is wrong with the others, by name."""

    readable: tuple[UseCase, ...]
    broken: dict[str, ConfigurationError]


def read_uses(settings: Settings) -> Uses:
    """Read every YAML of the folder `settings.proposals`; one with a mistake stops only itself."""
    readable, broken = [], {}
    for path in sorted(settings.proposals.glob("*.yml")):
        try:
            readable.append(load_use(path))
        except ConfigurationError as error:
            broken[path.stem] = error
    return Uses(tuple(readable), broken)


def load_use(path: Path) -> UseCase:
    """Read one use case.

    Raises:
        ConfigurationError: the first mistake in one line, with file and field.

    """
    content = {"name": path.stem} | read_yaml(path)
    try:
        return UseCase.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path.name}: {field}: {explain(first)}.") from error
