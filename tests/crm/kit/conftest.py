"""What each test of the kit gets: a CRM that runs, and what it should show tonight."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import Settings
from crm import Change, Score, calling, push_through
from crm.connectors import Connector
from crm.records import Target
from tests.crm.kit.registry import parameters, starter
from tests.crm.kit.under_test import Ability, CrmUnderTest
from warehouse import open_warehouse

CONFIG = """
connector: {name}
create: {{parties: {create}, opportunities: {create}}}
batch_size: 100
parallel: 4
attempts: 4
tasks: true
records:
  parties: {{source: crm_companies}}
  opportunities: {{source: crm_deals}}
"""
EXPORTS: dict[Target, str] = {"parties": "crm_companies", "opportunities": "crm_deals"}


@pytest.fixture(params=parameters())
def crm_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def configure(settings: Settings, crm_name: str) -> Callable[..., None]:
    """Return a function that writes crm.yml anew."""

    def write(*, create: bool = True) -> None:
        text = CONFIG.format(name=crm_name.partition(":")[0], create=str(create).lower())
        (settings.config / "crm.yml").write_text(text, encoding="utf-8")

    write()
    return write


@pytest.fixture
def crm(
    crm_name: str,
    settings: Settings,
    configure: Callable[..., None],
    tmp_path: Path,
    empty_warehouse: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CrmUnderTest]:
    # The fakes' clocks run ahead of any limit, so waiting for one proves nothing here.
    monkeypatch.setattr(calling.RateLimit, "wait", lambda _self: None)
    folder = tmp_path / "crm"
    folder.mkdir()
    settings.home.mkdir()
    shutil.copyfile(empty_warehouse, settings.warehouse)
    # Held open here, the warehouse opens quicker for each of the push's steps.
    with duckdb.connect(str(settings.warehouse)), starter(crm_name)(settings, folder) as running:
        yield running


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse with the tables that the project owns, which takes a while to make."""
    made = Settings(home=tmp_path_factory.mktemp("empty"))
    with open_warehouse(made):
        pass
    return made.warehouse


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that calls wait for their next try; the test does not wait them."""
    waited: list[float] = []
    pause = calling._pause

    def skip(state: Any) -> float:
        waited.append(pause(state))
        return 0.0

    monkeypatch.setattr(calling, "_pause", skip)
    return waited


@dataclass
class Nights:
    """Pushes of tonight's scores into the CRM under test."""

    crm: CrmUnderTest
    settings: Settings
    show: Callable[..., None]

    def want(
        self,
        parties: dict[str, Score | None],
        opportunities: dict[str, Score | None] | None = None,
        exported: dict[str, str] | None = None,
        **parties_have: str | None,
    ) -> None:
        """Fill what the CRM should show.

        Args:
            parties: score per key.
            opportunities: likewise; `L1` belongs to `C1`.
            exported: the id by which the CRM's own export knows a key.
            parties_have: another value of a column, for all parties.

        """
        self.show(parties, opportunities)
        with open_warehouse(self.settings) as warehouse:
            for target, source in EXPORTS.items():
                warehouse.execute(f"update sync.sync_crm__{target} set record_ids = []")
                for key, crm_id in (exported or {}).items():
                    warehouse.execute(
                        f"update sync.sync_crm__{target} set record_ids = [?] where key = ?",
                        [f"{source}:{crm_id}", key],
                    )
            for column, value in parties_have.items():
                warehouse.execute(f"update sync.sync_crm__parties set {column} = ?", [value])

    def push(self, connector: Connector | None = None, **options: Any) -> dict[str, Change]:
        """Push; return the changes by key."""
        changes = push_through(connector or self.crm.connector, self.settings, **options)
        return {change.key: change for change in changes}

    def forget(self) -> None:
        """Lose the ledger, as with a new home."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute("delete from ops.push_ledger; delete from ops.crm_records")

    def points(self, target: Target = "parties") -> dict[str, Any]:
        """Return what people see: points by name."""
        return {one.name: one.values.get("points") for one in self.crm.seen(target).values()}


@pytest.fixture
def nights(crm: CrmUnderTest, settings: Settings, show: Callable[..., None]) -> Nights:
    return Nights(crm, settings, show)


def lacks(crm: CrmUnderTest, ability: Ability) -> bool:
    """Return whether the CRM cannot do this, and say why where the test's output is read."""
    if ability in crm.lacks:
        logging.getLogger(__name__).warning("not tried: %s", crm.lacks[ability])
    return ability in crm.lacks
