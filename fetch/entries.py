"""`config/fetch.yml` as typed objects: one small model per kind of entry."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from config import ConfigurationError, Settings, explain, read_yaml
from config.language import _

FILE_NAME: Final = "fetch.yml"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_READS: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_SINCE: Final = re.compile(r"(?<![:\\\w]):since\b")


def _below_inbox(value: str) -> str:
    path = PurePosixPath(value)
    parts = path.parts
    if path.is_absolute() or not parts or any(part.startswith((".", "~$")) for part in parts):
        raise ValueError(_("name a place below the inbox, such as erp/orders.parquet"))
    return path.as_posix()


def _place(*suffixes: str) -> AfterValidator:
    def check(value: str) -> str:
        value = _below_inbox(value)
        if suffixes and PurePosixPath(value).suffix not in suffixes:
            raise ValueError(_("the name must end in {suffix}").format(suffix=suffixes[0]))
        return value

    return AfterValidator(check)


class _Entry(BaseModel):
    """What all entries have in common.

    `name`: its key in the file. `connection`: where to and as whom, see `fetch.connections`.
    `ca`: a PEM file with the firm's own certificate authority. `plain`: allow a connection that is
    not encrypted to another machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    connection: str = Field(min_length=1)
    ca: str | None = None
    plain: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        """Names, as a person would write them in `sources.yml`, of what it brings, if known."""
        return ()

    @property
    def fingerprint(self) -> str:
        """Changes when what is asked for changes, so that all of it is asked for anew."""
        how = {"ca", "plain", "files", "settle_seconds", "after", "move_to", "max_megabytes"}
        how |= {"host_key", "senders", "subject", "attachments", "days"}
        return hashlib.sha256(self.model_dump_json(exclude=how).encode()).hexdigest()


class _Rows(_Entry):
    """Rows that become a file.

    Without `cursor` all of them each time, in one file that is replaced (a snapshot). With it only
    those whose cursor is at least the last one seen, each time in a file of its own, numbered
    (events). `start`: the cursor to begin with. `overlap`: look back so far behind the last cursor
    again, since rows may be written late: seconds of a time, days of a date, else the number.
    """

    cursor: str | None = None
    start: datetime | date | int | str | None = None
    overlap: float | None = Field(default=None, gt=0)
    file: str

    @model_validator(mode="after")
    def _cursor_alone(self) -> _Rows:
        if self.cursor is None and (self.start is not None or self.overlap is not None):
            raise ValueError(_("`start` and `overlap` need a `cursor`"))
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The file, or the pattern of the numbered files."""
        return (self.numbered("*") if self.cursor else self.file,)

    def numbered(self, number: int | str) -> str:
        """Return the name of one of the numbered files."""
        from ingest.loading.file_names import numbered

        return numbered(self.file, number)


class SqlEntry(_Rows):
    """A table or view (`verkauf.auftrag`), or a query; with a cursor it compares with `:since`."""

    kind: Literal["sql"]
    table: str | None = None
    query: str | None = None
    columns: tuple[str, ...] = ()
    file: Annotated[str, _place(".parquet")]

    @model_validator(mode="after")
    def _table_or_query(self) -> SqlEntry:
        if (self.table is None) == (self.query is None):
            raise ValueError(_("give either `table` or `query`"))
        if self.query is None:
            return self
        if not _READS.match(self.query):
            raise ValueError(_("`query` must begin with select or with: fetch only reads"))
        if self.columns:
            raise ValueError(_("`columns` is for a `table`; a `query` names its own"))
        if bool(self.cursor) != bool(_SINCE.search(self.query)):
            raise ValueError(
                _("`cursor` and `:since` belong together: … where changed_at >= :since")
            )
        if self.cursor and self.start is None:
            raise ValueError(_("a `query` with a cursor needs `start`, the first `:since`"))
        return self


class RestEntry(_Rows):
    """Records of a REST API.

    `path`: below the connection's address. `records`: where in the answer the list stands
    (`data.items`); found by dlt where not said. `pages`: dlt's paginator (`type: page_number` …);
    found by dlt where not said. `cursor_param`: the parameter that asks for what is new; without
    one all pages are read and what was seen is left out. `auth`: how the secret is sent: `basic`
    where the connection has a user, else `bearer`; or as the header or parameter `key_name`.
    """

    kind: Literal["rest"]
    path: str
    params: dict[str, str | int | float | bool] = {}
    headers: dict[str, str] = {}
    records: str | None = None
    pages: dict[str, Any] | None = None
    cursor_param: str | None = None
    auth: Literal["basic", "bearer", "header", "param"] | None = None
    key_name: str | None = None
    file: Annotated[str, _place(".jsonl")]

    @model_validator(mode="after")
    def _cursor_param(self) -> RestEntry:
        if self.cursor_param and (self.cursor is None or self.start is None):
            raise ValueError(_("`cursor_param` needs `cursor` and `start`"))
        if (self.auth in ("header", "param")) != (self.key_name is not None):
            raise ValueError(_("`auth: header` and `auth: param` need `key_name`, others do not"))
        if any(re.search("auth|key|token|cookie", name, re.IGNORECASE) for name in self.headers):
            raise ValueError(_("secrets do not stand here: put them into the connection"))
        return self


class FolderEntry(_Entry):
    """Files of a folder: SMB, SFTP, WebDAV, S3, or another folder of this machine.

    `folder`: on the server (SMB: `share/folder`, S3: `bucket/folder`); without a connection a path
    of this machine. `files`: which; with `**/` those of folders below too. `into`: below the inbox,
    the entry's name where not said. `settle_seconds`: what changed within so many seconds may still
    be being written and is left for next time. `host_key`: of an SFTP server, as `ssh-keygen -lf`
    writes it (`SHA256:…`). `after: move` puts what was fetched into `move_to`
    below the folder; else nothing at the source is ever touched.
    """

    kind: Literal["folder"]
    connection: str | None = None  # type: ignore[assignment]
    folder: str = Field(min_length=1)
    files: str = "*"
    into: Annotated[str, _place()] | None = None
    settle_seconds: float = Field(default=60, ge=0)
    after: Literal["keep", "move"] = "keep"
    move_to: str = "fetched"
    max_megabytes: float = Field(default=2000, gt=0)
    host_key: str | None = Field(default=None, pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")

    @model_validator(mode="after")
    def _whose_folder(self) -> FolderEntry:
        if self.connection is None and not self.folder.startswith("/"):
            raise ValueError(_("`folder` without a `connection` is a full path of this machine"))
        if ".." in PurePosixPath(self.folder).parts or ".." in PurePosixPath(self.move_to).parts:
            raise ValueError(_("`..` may not stand in `folder` and `move_to`"))
        if PurePosixPath(self.move_to).is_absolute():
            raise ValueError(_("`move_to` is a folder below `folder`"))
        return self

    @property
    def target(self) -> str:
        """The folder below the inbox."""
        return self.into or self.name


class MailboxEntry(_Entry):
    """Attachments of mails, by sender and subject.

    `senders`: addresses (`a@b.de`) or domains (`@b.de`). `subject`, `attachments`: patterns.
    `days`: how far back mails are looked at. What is larger is told and left.
    """

    kind: Literal["mailbox"]
    folder: str = "INBOX"
    senders: tuple[str, ...] = Field(min_length=1)
    subject: str = "*"
    attachments: str = "*"
    into: Annotated[str, _place()] | None = None
    days: int = Field(default=30, gt=0)
    max_megabytes: float = Field(default=25, gt=0)

    @property
    def target(self) -> str:
        """The folder below the inbox."""
        return self.into or self.name


class CrmEntry(_Entry):
    """What a CRM's connector reads: a file of JSON lines per kind of object."""

    kind: Literal["crm"]
    connection: str | None = None  # type: ignore[assignment]
    objects: tuple[str, ...] = Field(min_length=1)
    into: Annotated[str, _place()] | None = None

    @property
    def target(self) -> str:
        """The folder below the inbox."""
        return self.into or self.name


Entry = Annotated[
    SqlEntry | RestEntry | FolderEntry | MailboxEntry | CrmEntry, Field(discriminator="kind")
]
KINDS: Final = ("sql", "rest", "folder", "mailbox", "crm")


class _Entries(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    fetch: dict[str, Entry] = {}

    @model_validator(mode="before")
    @classmethod
    def _name_them(cls, content: Any) -> Any:  # noqa: ANN401 - what the YAML file holds
        entries = content.get("fetch") or {}
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ValueError(_("expected `fetch:` and below it one entry per name"))
        for name in entries:
            if not _NAME.fullmatch(str(name)):
                raise ValueError(
                    _("{name}: a name has only small letters, digits and _").format(name=name)
                )
        named = {name: {**entry, "name": name} for name, entry in entries.items()}
        return {**content, "fetch": named}


def load_entries(settings: Settings) -> dict[str, Entry]:
    """Read `fetch.yml` from the settings' config folder; where there is none, nothing is fetched.

    Raises:
        ConfigurationError: a value is not allowed; one line names entry, field and what to change.

    """
    path = settings.config / FILE_NAME
    if not path.exists():
        return {}
    try:
        entries = _Entries.model_validate(read_yaml(path)).fetch
    except ValidationError as error:
        raise ConfigurationError(_first_problem(str(path), error)) from error
    places: dict[str, str] = {}
    for entry in entries.values():
        for place in entry.places:
            if place in places:
                message = _("{path}: {one} and {other} both write {file}: name it otherwise.")
                raise ConfigurationError(
                    message.format(path=path, one=places[place], other=entry.name, file=place)
                )
            places[place] = entry.name
    return entries


def _first_problem(path: str, error: ValidationError) -> str:
    first, *others = error.errors()
    place = [str(part) for part in first["loc"] if part not in KINDS]
    where = ""
    if len(place) > 1:
        where = _("entry {name}: {field}").format(name=place[1], field=".".join(place[2:]))
        where = where.rstrip(": ") + ": "
    message = {
        "missing": _("is missing. Add it."),
        "extra_forbidden": _("no such field. Remove it or correct its name."),
        "union_tag_invalid": _("`kind` is one of {kinds}.").format(kinds=", ".join(KINDS)),
        "union_tag_not_found": _("`kind` is missing: one of {kinds}.").format(
            kinds=", ".join(KINDS)
        ),
    }.get(first["type"], f"{explain(first)}.")
    more = _(" ({count} more)").format(count=len(others)) if others else ""
    return f"{path}: {where}{message}{more}"
