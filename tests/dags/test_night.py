"""Whole nights in the real scheduler with the real CRM, started and ended as a person does it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pytest

from config import PROJECT_ROOT, Settings

pytestmark = [pytest.mark.night, pytest.mark.timeout(1800)]
REIFEGRAD = Path(sys.executable).with_name("reifegrad")
# Not the day on which the test runs: whatever speaks of that day did not hear of its night.
NIGHT = "2025-03-03"
OF_NIGHT = ("--night", NIGHT)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def environment(home, **more):
    airflow, mlflow, crm = free_ports(3)
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "REIFEGRAD"))}
    ports = {
        "REIFEGRAD_AIRFLOW_PORT": str(airflow),
        "REIFEGRAD_MLFLOW_PORT": str(mlflow),
        "REIFEGRAD_CRM_PORT": str(crm),
    }
    return plain | ports | {"REIFEGRAD_HOME": str(home), "COLUMNS": "200"} | more


def processes_of(home):
    """Every process that has the home in its command line or its environment, but ourselves."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(home) in text for text in told):
            found.append(process)
    return found


def run(variables, *arguments):
    return subprocess.run(
        [REIFEGRAD, *arguments],
        env=variables,
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def first_night(tmp_path_factory):
    """A night on a small company; everything stays up until the last test has looked at it."""
    home = tmp_path_factory.mktemp("night") / "home"
    variables = environment(home)
    demo = run(variables, "demo", "--customers", "60", "--months", "24", "--keep", *OF_NIGHT)
    yield variables, home, demo
    run(variables, "down")
    assert processes_of(home) == []


def query(home, sql):
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_night_goes_from_the_files_to_the_crm(first_night):
    _, home, demo = first_night
    assert demo.returncode == 0, demo.stdout + demo.stderr
    for task in ("ingest_files", "customers_run", "audit_marts", "publish_marts", "push_to_crm"):
        assert task in demo.stdout
    ((customers,),) = query(home, "select count(*) from marts.customers")
    assert f"{customers} Kunden aus" in demo.stdout
    ((scores,),) = query(home, "select count(*) from ops.scores")
    assert scores > 0
    pushed = query(home, "select target, count(*) from ops.push_ledger group by 1")
    assert set(dict(pushed)) == {"parties", "opportunities"}
    with duckdb.connect(str(home / "published" / "warehouse.duckdb"), read_only=True) as published:
        assert published.execute("select count(*) from scores").fetchone() == (scores,)


# What each DAG writes down of the night: the first has it from who started it, dbt from Airflow's
# template, the later DAGs from the asset that woke them.
OF_ONE_NIGHT = {
    "consolidate_customers": (
        ("ops.source_nights", "night"),
        ("ops.built_nights", "night"),
        ("ops.customer_ids", "since"),
        ("snapshots.snap_customers", "dbt_valid_from"),
    ),
    "assess_maturity": (("ops.maturity_stages", "night"),),
    "score_customers": (("ops.scores", "night"),),
    "push_scores": (("sync.sync_crm__parties", "scored_on"),),
}


@pytest.mark.parametrize("dag_id", OF_ONE_NIGHT)
def test_every_dag_speaks_of_the_night_that_was_asked_for(first_night, dag_id):
    _, home, _ = first_night
    for table, column in OF_ONE_NIGHT[dag_id]:
        spoken = query(
            home, f"select distinct {column}::varchar from {table} where {column} is not null"
        )
        assert spoken == [(NIGHT,)], table


@pytest.fixture(scope="module")
def in_the_crm(first_night):
    """The parties that the CRM holds after the night, by code; inactive ones too."""
    from crm.connectors.tryton.rpc import TrytonRpc

    variables, home, _ = first_night
    rpc = TrytonRpc(Settings(home=home, crm_port=int(variables["REIFEGRAD_CRM_PORT"])))
    fields = ["code", "active", "replaced_by.code", "reifegrad_points"]
    rows = rpc.call("model.party.party.search_read", [], 0, None, None, fields, active_test=False)
    return {row["code"]: row for row in rows}


def codes_of_customers(home):
    """Per customer the codes of its records in the CRM: those of the CRM's own export."""
    found = query(
        home,
        "select customer_id, list(split_part(record_id, ':', 2)) from marts.customer_records"
        " where record_id like 'crm_companies:%' group by 1",
    )
    codes = dict(found)
    for event in events_in_the_crm(home):
        if event["event"] == "entered":  # after the export; the ERP shows the same VAT identifier
            plain = f"select customer_id from marts.customers where vat_id = '{event['vat_id']}'"
            ((customer,),) = query(home, plain)
            codes.setdefault(customer, []).append(event["company_id"])
    return codes


def events_in_the_crm(home):
    with (home / "truth" / "crm_since_export.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_crm_shows_the_scores_on_the_records_that_people_keep(first_night, in_the_crm):
    _, home, _ = first_night
    wanted = dict(query(home, "select entity_id, points from ops.scores where score = 'churn'"))
    codes = codes_of_customers(home)
    # merged ones are followed, deleted ones stay deleted, archived ones show nothing
    gone = {e["company_id"] for e in events_in_the_crm(home) if e["event"] != "entered"}
    expected = {
        code: points
        for customer, points in wanted.items()
        for code in set(codes.get(customer, [customer])) - gone
    }
    assert len(expected) > len(wanted) / 2
    shown = {code: row["reifegrad_points"] for code, row in in_the_crm.items()}
    assert {code: points for code, points in shown.items() if points is not None} == expected


def test_no_customer_was_created_beside_a_record_that_the_crm_had(first_night, in_the_crm):
    _, home, _ = first_night
    ours = {key for (key,) in query(home, "select customer_id from marts.customers")}
    created = ours & set(in_the_crm)
    assert created  # those that only the ERP knows
    assert not created & set(codes_of_customers(home))
    events = {(e["event"], e["company_id"]): e["into"] for e in events_in_the_crm(home)}
    assert {event for event, _ in events} == {"merged", "deleted", "archived", "entered"}
    for (event, code), into in events.items():
        assert (code in in_the_crm) == (event != "deleted")
        if event == "merged":
            assert in_the_crm[code]["replaced_by."]["code"] == into
            assert not in_the_crm[code]["active"]


def test_the_summary_says_where_to_look(first_night):
    variables, home, demo = first_night
    for port in ("AIRFLOW", "MLFLOW", "CRM"):
        assert f"http://127.0.0.1:{variables[f'REIFEGRAD_{port}_PORT']}" in demo.stdout
    password = json.loads((home / "airflow" / "passwords.json").read_text(encoding="utf-8"))[
        "admin"
    ]
    assert password not in demo.stdout  # which is piped here
    for path in (home / "logs").glob("*.log"):
        assert password not in path.read_text(encoding="utf-8", errors="replace"), path
    unfolded = "".join(demo.stdout.split())  # a long path goes on in the next line
    for name in ("maturity.html", "to_do.xlsx", "passwords.json"):
        assert name in unfolded
    assert str(home / "published" / "warehouse.duckdb") in unfolded
    assert (home / "reports" / "data_docs" / "index.html").is_file()


def rewrite(path, pattern, replacement):
    """Change what a pattern finds first in a file."""
    changed, found = re.subn(pattern, replacement, path.read_bytes(), count=1)
    assert found
    path.write_bytes(changed)


def test_a_second_night_changes_nothing_and_names_a_broken_file(first_night):
    variables, home, _ = first_night
    (home / "inbox" / "tickets_kaputt.xlsx").write_bytes(b"PK half a workbook")
    # what the build must make anew, but the CRM does not show: order lines, identity
    rewrite(home / "inbox" / "erp_auftraege.csv", rb"(;\d{3}-\d{4};)[^;]+;", rb"\1Put right;")
    rewrite(home / "inbox" / "erp_kunden.csv", rb";DE(\d{9});", rb";DE \1;")
    tables = ("marts.customers", "ops.scores", "ops.push_ledger", "ops.quarantine")
    counts = " union all ".join(f"select '{t}', count(*) from {t}" for t in tables)
    before = sorted(query(home, counts))
    again = run(variables, "demo", "--keep", *OF_NIGHT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert sorted(query(home, counts)) == before
    assert "Bei den Bewertungen hat sich in dieser Nacht nichts geändert." in again.stdout
    standing, hint = (line for line in again.stdout.splitlines() if "tickets_kaputt.xlsx" in line)
    assert "nicht geladen" in standing
    assert "Die Datei ist beschädigt." in hint


def test_the_second_night_gave_the_marts_of_a_build_that_keeps_nothing(first_night, tmp_path):
    """The second night ran model by model in Airflow and kept what the first one had made."""
    variables, home, _ = first_night
    anew = tmp_path / "home"
    anew.mkdir()
    shutil.copy(home / "warehouse.duckdb", anew)
    built = run(variables | {"REIFEGRAD_HOME": str(anew)}, "build", "--full-refresh", *OF_NIGHT)
    assert built.returncode == 0, built.stdout + built.stderr
    names = query(home, "select table_name from duckdb_tables() where schema_name = 'marts'")
    assert ("order_lines",) in names
    for (name,) in names:
        rows = f"select mart::varchar from marts.{name} as mart order by 1"
        assert query(home, rows) == query(anew, rows), name
    (put_right,) = query(
        home, "select count(*) from marts.order_lines where product_name = 'Put right'"
    )
    assert put_right == (1,)


def test_the_command_does_without_airflow_what_the_dags_do_with_it(first_night):
    variables, home, _ = first_night
    tables = ("marts.customers", "ops.scores", "ops.push_ledger", "ops.quarantine")
    counts = " union all ".join(f"select '{t}', count(*) from {t}" for t in tables)
    before = sorted(query(home, counts))
    night = run(variables, "run", *OF_NIGHT)
    assert night.returncode == 0, night.stdout + night.stderr
    assert "CRM, Kunden: 0 angelegt, 0 geändert, 0 geleert" in night.stdout
    assert sorted(query(home, counts)) == before
    dry = json.loads(run(variables, "push", "--dry-run", "--json", *OF_NIGHT).stdout)
    assert {row["action"] for rows in dry.values() for row in rows} == {"skip"}


def test_a_failing_night_says_what_failed_and_where_its_log_is(tmp_path):
    """The audit fails; what the look before the night finds never gets so far."""
    expectations = tmp_path / "expectations"
    expectations.mkdir()
    for file in (PROJECT_ROOT / "expectations").glob("*.yml"):
        (expectations / file.name).write_bytes(file.read_bytes())
    rewrite(expectations / "audit.yml", rb"at_least: 1\n", b"at_least: 1000000\n")
    home = tmp_path / "home"
    variables = environment(home, REIFEGRAD_EXPECTATIONS=str(expectations))
    demo = run(variables, "demo", "--customers", "10", "--months", "12")
    assert demo.returncode == 1, demo.stdout + demo.stderr
    last = demo.stderr.strip().splitlines()[-1]
    assert last.startswith("consolidate_customers.audit_marts ist gescheitert: ")
    log = last.rpartition("(Protokoll: ")[2].rstrip(")")
    assert Path(log).is_file()
    assert processes_of(home) == []


def test_a_broken_configuration_stops_the_demo_before_anything_starts(tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    for file in (PROJECT_ROOT / "config").glob("*.*"):
        if file.suffix != ".py":
            (config / file.name).write_bytes(file.read_bytes())
    (config / "sources.yml").write_text("sources: 1\n", encoding="utf-8")
    home = tmp_path / "home"
    demo = run(environment(home, REIFEGRAD_CONFIG=str(config)), "demo", "--customers", "10")
    assert demo.returncode == 1
    assert "sources.yml" in demo.stderr and "startet" not in demo.stdout
    assert not (home / "run").exists()


def test_ctrl_c_leaves_no_process_behind(tmp_path):
    home = tmp_path / "home"
    demo = subprocess.Popen(
        [REIFEGRAD, "demo", "--customers", "10", "--months", "12"],
        env=environment(home),
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while len(processes_of(home)) < 8 and time.monotonic() < deadline:
        time.sleep(0.5)  # until Airflow's parts have children of their own
    assert len(processes_of(home)) >= 8
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=90)
    assert demo.returncode == 130, output
    assert processes_of(home) == []


def test_a_port_in_use_stops_the_start_before_anything_runs(tmp_path):
    variables = environment(tmp_path / "home")
    with socket.create_server(("127.0.0.1", int(variables["REIFEGRAD_MLFLOW_PORT"]))):
        up = run(variables, "up")
    assert up.returncode == 1
    (line,) = up.stderr.strip().splitlines()
    assert variables["REIFEGRAD_MLFLOW_PORT"] in line
    assert "REIFEGRAD_MLFLOW_PORT" in line
    assert processes_of(tmp_path / "home") == []
