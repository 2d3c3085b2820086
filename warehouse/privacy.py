"""Which personal data of the marts may leave the warehouse: config/privacy.yml."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config import ConfigurationError, Settings, explain, read_yaml
from config.language import _
from warehouse.catalogue import Column, Mart

Treatment = Literal["clear", "pseudonym", "hidden"]
HASH_BLOCK = 64  # bytes of SHA-256's block, RFC 2104
PSEUDONYM_LENGTH = 16  # hex digits: 5 million values collide once in a million cases
logger = logging.getLogger(__name__)


class Rule(BaseModel):
    """How personal data are treated, and the legal reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    treatment: Treatment
    reason: Annotated[str, Field(min_length=1)]


class Rules(BaseModel):
    """The rules for one audience. A column's own rule takes precedence over that of its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: dict[str, Rule] = {}
    columns: dict[str, Rule] = {}

    def treatment(self, mart: str, column: Column) -> Treatment:
        """Return the treatment of a column; personal data without a rule are hidden."""
        if rule := self.columns.get(f"{mart}.{column.name}"):
            return rule.treatment
        if column.personal is None:
            return "clear"
        rule = self.kinds.get(column.personal)
        return rule.treatment if rule else "hidden"

    @property
    def version(self) -> str:
        """Return a digest of the rules: equal rules have equal versions."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


class Privacy(BaseModel):
    """config/privacy.yml: the rules per audience."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analysts: Rules = Rules()


def load_privacy(settings: Settings, marts: Mapping[str, Mart]) -> Privacy:
    """Read config/privacy.yml; without the file every personal column is hidden.

    Raises:
        ConfigurationError: the file does not fit the marts; names file and key.

    """
    path = settings.config / "privacy.yml"
    if not path.exists():
        logger.warning(
            _("{path} is missing: all personal data are hidden from analysts.").format(path=path)
        )
        return Privacy()
    try:
        privacy = Privacy.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {key}: {explain(first)}.") from error
    for problem in _problems(privacy.analysts, marts):
        raise ConfigurationError(_("{path}: analysts.{problem}").format(path=path, problem=problem))
    return privacy


def _problems(rules: Rules, marts: Mapping[str, Mart]) -> Iterator[str]:
    columns = {
        f"{mart.name}.{column.name}": column for mart in marts.values() for column in mart.columns
    }
    kinds = {column.personal for column in columns.values()} - {None}
    for kind in rules.kinds:
        if kind not in kinds:
            known = ", ".join(sorted(filter(None, kinds)))
            yield _("kinds.{kind}: no column holds this kind; there are {known}.").format(
                kind=kind, known=known
            )
    for name in rules.columns:
        if name.split(".")[0] not in marts:
            yield _("columns.{name}: there is no such mart; write <mart>.<column>.").format(
                name=name
            )
        elif name not in columns:
            yield _("columns.{name}: the mart has no such column.").format(name=name)
    for name, column in columns.items():
        treatment = rules.treatment(name.split(".")[0], column)
        if treatment == "pseudonym" and column.data_type != "varchar":
            key = f"columns.{name}" if name in rules.columns else f"kinds.{column.personal}"
            yield _(
                "{key}: {name} is no text, so it has no pseudonym; hide it or leave it clear."
            ).format(key=key, name=name)


def select_list(mart: Mart, rules: Rules) -> str:
    """Write the SQL expressions of a mart's columns as its audience may see them.

    If one is a pseudonym, the statement needs the parameters of `pseudonym_parameters`.
    """
    return ", ".join(
        _expression(column, rules.treatment(mart.name, column)) for column in mart.columns
    )


def _expression(column: Column, treatment: Treatment) -> str:
    name = f'"{column.name}"'
    if treatment == "hidden":
        return f"cast(null as {column.data_type}) as {name}"
    if treatment == "pseudonym":  # HMAC-SHA256 of the text as UTF-8
        inner = f"unhex(sha256($inner || encode({name})))"
        return f"left(sha256($outer || {inner}), {PSEUDONYM_LENGTH}) as {name}"
    return name


def pseudonym_parameters(key: bytes) -> dict[str, bytes]:
    """Return the key of HMAC-SHA256 in the two forms that it is used in (RFC 2104, ipad, opad)."""
    block = key.ljust(HASH_BLOCK, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in block),
        "outer": bytes(byte ^ 0x5C for byte in block),
    }


def pseudonym_key(settings: Settings) -> bytes:
    """Return the key of the pseudonyms; the first time it is made, readable by the owner only.

    With the key a person can be found by trying values; without it nobody can. A new key (delete
    the file) changes every pseudonym.

    Raises:
        ConfigurationError: the file holds no key.

    """
    path = settings.home / "pseudonym.key"
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        _make_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != HASH_BLOCK // 2:
        raise ConfigurationError(
            _(
                "{path} holds no key of {count} bytes in hexadecimal: restore it"
                " from the backup, or delete it, which changes every pseudonym."
            ).format(path=path, count=HASH_BLOCK // 2)
        )
    return key


def _make_key(path: Path) -> None:
    """Write a new key atomically; if two processes try, the first one's key is used."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(HASH_BLOCK // 2))
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
