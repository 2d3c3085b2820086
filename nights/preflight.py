"""What is looked at before anything long: first in every night, and by `reifegrad check`.

Each finding is one line and, unless all is well, says what to do. Nothing is written.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from config import PROJECT_ROOT, Settings
from config.language import _
from nights.failures import is_named, one_line

Level = Literal["ok", "warning", "error"]
# Who asks: a person (nothing need run yet), a night by hand (needs a CRM that answers), the demo
# (starts the services itself), Airflow (runs the night in which it asks).
Purpose = Literal["check", "run", "demo", "airflow"]
FILES_NAMED: Final = 5
RESERVE_MB: Final = 200  # an empty home still needs Airflow's database, logs and a report


class PreflightError(Exception):
    """Something would stop the night; the message names the first thing and what to do."""


class Finding(BaseModel):
    """What one look found: `says` in one line, `todo` where a person should do something."""

    model_config = ConfigDict(frozen=True)

    check: str
    level: Level
    says: str
    todo: str | None = None


def check_setup(settings: Settings, purpose: Purpose = "airflow") -> list[Finding]:
    """Look at configuration, inbox, what is fetched, CRM, disk, rights, warehouse, in this order.

    Takes about a second; where the CRM does not answer, as long as the network lets it wait.
    """
    looks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _configuration(settings),
        lambda: _inbox(settings, purpose),
        lambda: _fetch(settings),
        lambda: _crm(settings, purpose),
        lambda: _disk(settings),
        lambda: _rights(settings),
        lambda: _warehouse(settings, purpose),
    ]
    return [finding for look in looks for finding in look()]


def require(found: Sequence[Finding]) -> list[Finding]:
    """Return what is worth a look; stop where the night would fail.

    Raises:
        PreflightError: the first error, with what to do, and how many more there are.

    """
    errors = [finding for finding in found if finding.level == "error"]
    if errors:
        told = " ".join(part for part in (errors[0].says, errors[0].todo) if part)
        more = _("`reifegrad check` shows all {count} errors.").format(count=len(errors))
        raise PreflightError(f"{told} {more}" if len(errors) > 1 else told)
    return [finding for finding in found if finding.level == "warning"]


def _configuration(settings: Settings) -> Iterator[Finding]:
    from crm import load_config
    from expectations.specification import load_audit, load_use_cases
    from fetch import load_entries
    from identity.golden_record import load_golden_record
    from ingest import load_sources
    from proposals.rules import load_rules
    from report.calls import load_lists
    from warehouse.catalogue import read_marts
    from warehouse.privacy import load_privacy

    readers: dict[str, Callable[[], object]] = {
        "sources.yml": lambda: load_sources(settings),
        "fetch.yml": lambda: load_entries(settings),
        "crm.yml": lambda: load_config(settings),
        "lists.yml": lambda: load_lists(settings),
        "proposals.yml": lambda: load_rules(settings),
        "privacy.yml": lambda: load_privacy(settings, read_marts()),
        "golden_record.yml": lambda: load_golden_record(settings, load_sources(settings).sources),
        "expectations": lambda: (load_use_cases(settings.expectations),
                                 load_audit(settings.expectations)),
    }  # fmt: skip
    told: set[str] = set()
    for name, read in readers.items():
        if name == "privacy.yml" and not (settings.config / name).exists():
            told.add(name)
            says = _("{file} is missing: analysts would see no personal data at all.")
            yield Finding(
                check="configuration", level="warning",
                says=says.format(file=settings.config / name), todo=_advice(name),
            )  # fmt: skip
            continue
        try:
            read()
        except Exception as error:
            if not is_named(error):
                raise
            says = one_line(error)
            if says in told:  # the golden record reads the sources too
                continue
            told.add(says)
            todo = None if (settings.config / name).exists() else _advice(name)
            yield Finding(check="configuration", level="error", says=says, todo=todo)
    broken = list(_broken(settings))
    yield from broken
    if not (told or broken):
        says = _("Every configuration file in {folder} can be read.").format(folder=settings.config)
        yield Finding(check="configuration", level="ok", says=says)


def _broken(settings: Settings) -> Iterator[Finding]:
    """Tell of mistakes in the YAML of models and use cases: each stops itself only."""
    from ml.kinds import read_models
    from ml.specs.files import read_specs
    from proposals import read_uses

    broken = read_specs(settings).broken | read_models(settings).broken
    for name, problem in (broken | read_uses(settings).broken).items():
        todo = _("Mend it: until then {name} stays as it is, and the others are made.")
        yield Finding(
            check="configuration", level="warning",
            says=one_line(problem), todo=todo.format(name=name),
        )  # fmt: skip


def _advice(name: str) -> str | None:
    """Say where a missing file of the company's folder comes from; models and such have none."""
    if not name.endswith(".yml"):
        return None
    return _("`reifegrad start FOLDER` writes a complete one; the sample's is {path}.").format(
        path=PROJECT_ROOT / "config" / name
    )


def _inbox(settings: Settings, purpose: Purpose) -> Iterator[Finding]:
    from config import ConfigurationError
    from ingest import load_sources, missing_references
    from ingest.loading.inbox import named_paths

    try:
        sources = load_sources(settings)
    except ConfigurationError:
        return  # told already
    files = sorted(named_paths(settings.inbox).values())
    unclaimed = [file for file in files if not sources.claiming(file)]
    if unclaimed:
        yield Finding(
            check="inbox",
            level="warning",
            says=_("No source claims {files}, so they will not be loaded.").format(
                files=listed(unclaimed)
            ),
            todo=_("`reifegrad sources suggest FILE --write` proposes an entry in sources.yml."),
        )
    if not files and purpose != "demo":  # which makes a sample company
        yield Finding(
            check="inbox",
            level="warning",
            says=_("There is no file in {inbox}.").format(inbox=settings.inbox),
            todo=_("Put your files there, or call `reifegrad start FOLDER`."),
        )
    from config.language import spoken_language

    for missing in missing_references(sources):
        reason = missing.reason()
        says = reason.de if spoken_language() == "de" else reason.en
        yield Finding(check="inbox", level="warning", says=f"{missing.source}: {says}")
    if files and not unclaimed:
        says = _("Each of the {count} files in the inbox has its source.").format(count=len(files))
        yield Finding(check="inbox", level="ok", says=says)


def _fetch(settings: Settings) -> Iterator[Finding]:
    """Look whether what `fetch.yml` names has its connection and its source; asks no server."""
    from config import ConfigurationError
    from config.connections import find_login
    from fetch import load_entries
    from ingest import load_sources

    try:
        entries, sources = load_entries(settings), load_sources(settings)
    except ConfigurationError:
        return  # told already
    problems: list[tuple[str, str | None]] = []
    for entry in entries.values():
        try:
            if entry.connection:
                find_login(settings, entry.connection)
        except ConfigurationError as error:
            problems.append((f"{entry.name}: {one_line(error)}", None))
        for place in entry.places:
            claiming = sources.claiming(place)
            if not claiming:
                says = _("No source claims {files}, so they will not be loaded.")
                todo = _("Fetch it once; `reifegrad sources suggest FILE --write` proposes one.")
                problems.append((f"{entry.name}: {says.format(files=place)}", todo))
            if "*" in place and any(source.kind == "snapshot" for source in claiming):
                says = _(
                    "{name} brings only what is new, but {sources} says `kind: snapshot`, which"
                    " would drop all that came before."
                )
                names = ", ".join(source.name for source in claiming)
                todo = _("Write `kind: events` there, or take `cursor` from the entry.")
                problems.append((says.format(name=entry.name, sources=names), todo))
    for problem, advice in problems:
        yield Finding(check="fetch", level="warning", says=problem, todo=advice)
    if entries and not problems:
        says = _("Each of the {count} sources to fetch has its connection.")
        yield Finding(check="fetch", level="ok", says=says.format(count=len(entries)))


def _crm(settings: Settings, purpose: Purpose) -> Iterator[Finding]:
    from config import ConfigurationError
    from crm import CrmError, CrmUnreachableError, load_config, open_connector
    from crm.embedded import is_ready

    try:
        config = load_config(settings)
    except ConfigurationError:
        return  # told already
    if not config.has_crm:
        says = _("No CRM is wanted: the scores become an Excel list in {outbox}.")
        yield Finding(check="crm", level="ok", says=says.format(outbox=settings.outbox))
        return
    if not settings.crm_url and purpose in ("check", "demo") and not is_ready(settings):
        says = _("The demo CRM does not run yet; `reifegrad up` and `reifegrad demo` start it.")
        yield Finding(check="crm", level="ok", says=says)
        return
    try:
        open_connector(settings, config).require_login()
    except (CrmError, ConfigurationError) as error:
        # A night does all before the push without a CRM, and at its end the push says so itself.
        level: Level = "warning" if purpose in ("airflow", "run") else "error"
        is_silent = isinstance(error, CrmUnreachableError)
        todo = _("A company without a CRM says `connector: excel` in crm.yml.")
        yield Finding(
            check="crm", level=level, says=one_line(error), todo=todo if is_silent else None
        )
    else:
        says = _("The CRM answers and lets {user} in.").format(user=settings.crm_user)
        yield Finding(check="crm", level="ok", says=says)


def _disk(settings: Settings) -> Iterator[Finding]:
    """Compare the free space with what a night writes.

    The inbox once more in the archive and once in raw; the warehouse once more while it is built
    anew and once in its published copy.
    """
    inbox = sum(path.stat().st_size for path in settings.inbox.rglob("*") if path.is_file())
    warehouse = settings.warehouse.stat().st_size if settings.warehouse.is_file() else 0
    needed = 2 * inbox + 2 * warehouse + RESERVE_MB * 10**6
    free = shutil.disk_usage(_existing(settings.home)).free
    figures = {"free": _gigabytes(free), "needed": _gigabytes(needed), "home": settings.home}
    if free >= needed:
        says = _("{free} GB are free for {home}; a night needs about {needed} GB.")
        yield Finding(check="disk", level="ok", says=says.format(**figures))
        return
    yield Finding(
        check="disk",
        level="error",
        says=_("Only {free} GB are free for {home}; a night needs about {needed} GB.").format(
            **figures
        ),
        todo=_("Make room there, or set REIFEGRAD_HOME to a folder on a larger disk."),
    )


def _rights(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not os.access(_existing(home), os.W_OK | os.X_OK):
        yield Finding(
            check="rights", level="error",
            says=_("{home} can't be written.").format(home=home),
            todo=_("Give this user the folder, or set REIFEGRAD_HOME to another one."),
        )  # fmt: skip
        return
    if home.is_dir() and stat.S_IMODE(home.stat().st_mode) & stat.S_IRWXO:
        yield Finding(
            check="rights", level="warning",
            says=_("Everybody on this machine can look into {home}.").format(home=home),
            todo=f"chmod 700 {home}",
        )  # fmt: skip
        return
    says = _("Only its owner looks into {home}.").format(home=home)
    yield Finding(check="rights", level="ok", says=says)


def _warehouse(settings: Settings, purpose: Purpose) -> Iterator[Finding]:
    from warehouse.files import WarehouseLockedError, require_free

    if not settings.warehouse.is_file():
        yield Finding(check="warehouse", level="ok", says=_("The first night makes the warehouse."))
        return
    try:
        require_free(settings)
    except WarehouseLockedError as error:
        level: Level = "error" if purpose == "run" else "warning"
        yield Finding(check="warehouse", level=level, says=one_line(error))
    except Exception as error:
        if not is_named(error):
            raise
        yield Finding(check="warehouse", level="error", says=one_line(error))
    else:
        yield Finding(check="warehouse", level="ok", says=_("Nobody holds the warehouse."))


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def listed(names: Sequence[str]) -> str:
    """Join the first names, and say that there are more."""
    more = ", …" if len(names) > FILES_NAMED else ""
    return ", ".join(names[:FILES_NAMED]) + more


def _gigabytes(size: int) -> str:
    from config.language import spoken_language

    written = f"{size / 10**9:.1f}"
    return written.replace(".", ",") if spoken_language() == "de" else written
