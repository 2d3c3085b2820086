"""The copy for analysts: marts only, limited, told by comments, replaced whole or not at all."""

from __future__ import annotations

import hmac
import importlib.metadata
import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from config import PROJECT_ROOT, ConfigurationError, Settings
from tests.warehouse.conftest import child
from warehouse import open_warehouse, publish
from warehouse.catalogue import read_marts
from warehouse.privacy import load_privacy, pseudonym_key

NIGHT = date(2025, 12, 31)
# Columns with such names hold personal data, or somebody has to say here why not.
PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|fax|mobile|given_name|family_name|first_name|last_name|contact_name|person"
    r"|birth\w*|iban|salutation|body|subject|text|note|comment|detail|owner|account_manager|street)$"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    night = settings.model_copy(update={"as_of": NIGHT})
    with open_warehouse(night) as connection:
        connection.execute(
            "create table marts.contacts as select 'K' || range as contact_id, 'Öz' as family_name,"
            " ['a@b.de', 'a@b.de', null][range + 1] as email, 'Einkauf' as role, 1 as unknown"
            " from range(3)"
        )
        connection.execute(
            "create table marts.leads as select 'a@b.de' as contact_email, map {'a': 'b'} as"
            " attributes"
        )
        connection.execute("create view marts.scores as select 'churn' as score")
        connection.execute("create table marts.forgotten as select 'Öz' as family_name")
        connection.execute("create table raw.secret as select 'raw text' as note")
    return night


def published(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def nothing_left_over(settings: Settings) -> bool:
    names = [path.name for path in settings.published.parent.rglob("*")]
    return "warehouse.duckdb" in names and not any(
        name.endswith((".new", ".wal")) for name in names
    )


def rules(settings: Settings, folder: Path, text: str) -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "privacy.yml").write_text(text, encoding="utf-8")
    return settings.model_copy(update={"config": folder})


def test_analysts_get_what_contracts_describe_and_nothing_else(settings: Settings) -> None:
    assert publish(settings) == {"contacts": 3, "leads": 1, "scores": 1}
    assert {name for (name,) in published(settings, "show tables")} == {
        *("contacts", "leads", "scores", "version")
    }
    assert published(settings, "select attributes from leads") == [({"a": "b"},)]
    columns = {name for (name, *_) in published(settings, "describe contacts")}
    assert columns == {"contact_id", "family_name", "email", "role"}
    assert published(settings, "select attributes_text from leads") == [("a: b",)]


def test_personal_data_are_limited_as_the_rules_say(settings: Settings) -> None:
    publish(settings)
    key = pseudonym_key(settings)
    pseudonym = hmac.new(key, b"a@b.de", "sha256").hexdigest()[:16]
    assert published(settings, "select family_name, email, role from contacts") == [
        (None, pseudonym, "Einkauf"),
        (None, pseudonym, "Einkauf"),
        (None, None, "Einkauf"),
    ]
    assert published(settings, "select contact_email from leads") == [(pseudonym,)]
    stored = settings.published.read_bytes()
    assert "Öz".encode() not in stored
    assert b"a@b.de" not in stored
    assert key not in stored
    assert key.hex().encode() not in stored


def test_the_key_is_made_once_for_its_owner_only(settings: Settings) -> None:
    key = pseudonym_key(settings)
    path = settings.home / "pseudonym.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pseudonym_key(settings) == key
    assert [file.name for file in settings.home.glob("pseudonym*")] == [path.name]
    path.write_text("")
    with pytest.raises(ConfigurationError, match="restore it"):
        pseudonym_key(settings)


def test_without_rules_everything_personal_is_hidden(settings: Settings, tmp_path: Path) -> None:
    publish(settings.model_copy(update={"config": tmp_path}))
    assert published(settings, "select count(email), count(role) from contacts") == [(0, 0)]


def test_a_company_hides_a_column_that_nobody_marked(settings: Settings, tmp_path: Path) -> None:
    text = "analysts: {columns: {scores.score: {treatment: hidden, reason: ours}}}"
    publish(rules(settings, tmp_path / "config", text))
    assert published(settings, "select score from scores") == [(None,)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("analysts: {kinds: {emial: {treatment: hidden, reason: x}}}", "analysts.kinds.emial: no"),
        ("analysts: {columns: {nobody.x: {treatment: hidden, reason: x}}}", "no such mart"),
        ("analysts: {columns: {contacts.x: {treatment: hidden, reason: x}}}", "no such column"),
        ("analysts: {kinds: {email: {treatment: shown, reason: x}}}", "kinds.email.treatment"),
        ("analysts: {kinds: {email: {treatment: clear}}}", "analysts.kinds.email.reason"),
        ("everybody: {}", "everybody"),
        (
            "analysts: {columns: {orders.net_amount: {treatment: pseudonym, reason: x}}}",
            "orders.net_amount is no text",
        ),
    ],
)
def test_wrong_rules_are_told_by_file_and_key_and_publish_nothing(
    settings: Settings, tmp_path: Path, text: str, told: str
) -> None:
    publish(settings)
    wrong = rules(settings.model_copy(update={"as_of": date(2026, 1, 1)}), tmp_path / "c", text)
    with pytest.raises(ConfigurationError) as error:
        publish(wrong)
    assert told in str(error.value)
    assert str(tmp_path / "c" / "privacy.yml") in str(error.value)
    assert "\n" not in str(error.value)
    assert published(settings, "select night from version") == [(NIGHT,)]


def test_columns_with_personal_names_are_marked() -> None:
    unmarked = [
        f"{mart.name}.{column.name}"
        for mart in read_marts().values()
        for column in mart.columns
        if PERSONAL.search(column.name) and column.personal is None
    ]
    assert unmarked == []


def test_every_mart_is_described_and_every_kind_has_a_rule() -> None:
    marts = read_marts()
    models = {path.stem for path in (PROJECT_ROOT / "dbt_project/models/marts").glob("*.sql")}
    assert set(marts) == models
    kinds = {column.personal for mart in marts.values() for column in mart.columns} - {None}
    assert kinds == set(load_privacy(Settings(), marts).analysts.kinds)
    for mart in marts.values():
        assert mart.description.startswith("Grain: one"), mart.name
        for column in mart.columns:
            assert column.description, f"{mart.name}.{column.name}"


def test_descriptions_are_comments_and_the_version_tells_the_limits(settings: Settings) -> None:
    publish(settings)
    ((table,),) = published(
        settings, "select comment from duckdb_tables() where table_name = 'contacts'"
    )
    assert str(table).startswith("Grain: one person")
    ((column,),) = published(
        settings,
        "select comment from duckdb_columns() where table_name = 'contacts'"
        " and column_name = 'family_name'",
    )
    assert str(column).endswith("[hidden, always null]")
    assert published(
        settings,
        "select night, limited_columns['contacts.family_name'], table_rows['contacts'],"
        " project_version from version",
    ) == [(NIGHT, "hidden", 3, importlib.metadata.version("reifegrad"))]


def test_publishing_again_replaces_the_copy_whole(settings: Settings) -> None:
    publish(settings)
    with open_warehouse(settings) as connection:
        connection.execute("delete from marts.contacts where contact_id != 'K1'")
    publish(settings)
    assert published(settings, "select contact_id from contacts") == [("K1",)]
    assert nothing_left_over(settings)


READ = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("ready", flush=True)
sys.stdin.readline()
print(connection.sql("select count(*) from contacts").fetchone()[0], flush=True)
"""


def test_a_reader_keeps_the_copy_that_it_opened(settings: Settings) -> None:
    publish(settings)
    with subprocess.Popen(
        [sys.executable, "-c", READ, settings.published],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"
        with open_warehouse(settings) as connection:
            connection.execute("delete from marts.contacts")
        publish(settings)
        assert published(settings, "select count(*) from contacts") == [(0,)]
        out, _ = reader.communicate("now\n", timeout=30)
    assert out == "3\n"


KILLED = """
import sys, time
from pathlib import Path
from config import Settings
from warehouse import publish

def stop(path, target):
    print("ready", flush=True)
    time.sleep(60)

Path.replace = stop  # the copy is complete, the old one still has the name
publish(Settings(home=Path(sys.argv[1])))
"""


def test_killed_before_the_last_step_the_old_copy_stays(settings: Settings) -> None:
    publish(settings)
    with open_warehouse(settings) as connection:
        connection.execute("delete from marts.contacts")
    with child(KILLED, settings.home):
        pass
    assert published(settings, "select count(*) from contacts") == [(3,)]
    publish(settings)
    assert published(settings, "select count(*) from contacts") == [(0,)]
    assert nothing_left_over(settings)
