"""Time and memory of nights on a large company: the first one, and ones in which a file changed.

`python -m benchmarks.warehouse_build [--customers 100000] [--lines 5000000] [--folder .]` makes
forty files of an invented company (36 months of order lines, the ERP's customers, the CRM's
companies and contacts, tickets) and runs `reifegrad ingest` and `reifegrad build` on them:

- a first night into a fresh home;
- a night after the newest month's file changed: deliveries filled in, lines added;
- a night after the ERP's customer file changed: addresses changed, customers added;
- the build of that night again with `--full-refresh`, which must give the same marts;
- beside them plain SQL in DuckDB, written by hand for these files: typed by `read_csv`, joined,
  grouped; without history, keys, tests and identity.

Seconds of a layer are the sum over its models: two of them run at a time. CPU seconds say what
the work is also where the machine has other work. Memory is the largest sum of the resident sets
of a command and its children, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.identity_size import larger_vocabulary
from benchmarks.measurement import measure
from sample.firms import make_firms

FIRST_NIGHT = date(2026, 1, 5)
MONTHS = [date(2023 + n // 12, n % 12 + 1, 1) for n in range(36)]
COMMAND = "from reifegrad.cli import main; main()"
IDENTITY = ("int_companies_resolved", "int_persons_resolved")
KINDS = ("", ", CPU", ", peak MB")
LAYERS = (
    *("seeds", "staging", "identity", "intermediate", "marts", "sync"),
    *("snapshots", "tests"),
)
Column = dict[str, float]
SOURCES = """
sources:
  erp_customers:
    files: "erp_kunden*.csv"
    kind: snapshot
    locale: de
    maps:
      company:
        key: [KdNr]
        columns: {name: Name, street: Straße, postcode: PLZ, city: Ort, country: Land,
                  phone: Telefon, email: E-Mail, vat_id: USt-IdNr, industry: Branche,
                  employees: Mitarbeiter, customer_since: Kunde seit}
  erp_orders:
    files: "erp_auftraege*.csv"
    kind: events
    locale: de
    maps:
      order_line:
        key: [Auftrag, Pos]
        columns: {company: {column: KdNr, source: erp_customers}, order_no: Auftrag, line_no: Pos,
                  ordered_on: Auftragsdatum, promised_on: Zugesagt, delivered_on: Geliefert,
                  sku: ArtNr, product_name: Bezeichnung, quantity: Menge,
                  unit_price: Einzelpreis, net_amount: Nettowert,
                  is_cancelled: {column: Status, values: {storniert: "true"}, otherwise: "false"}}
  crm_companies:
    files: "crm_firmen*.csv"
    kind: snapshot
    locale: de
    maps:
      company:
        key: [Firmen-ID]
        columns: {name: Firma, street: Straße, postcode: PLZ, city: Ort, phone: Telefon,
                  website: Webseite}
  crm_contacts:
    files: "crm_kontakte*.csv"
    kind: snapshot
    locale: de
    maps:
      contact:
        key: [Kontakt-ID]
        columns: {company: {column: Firmen-ID, source: crm_companies}, family_name: Name,
                  email: E-Mail, is_active: Aktiv}
  service_tickets:
    files: "tickets*.csv"
    kind: events
    locale: de
    maps:
      ticket:
        key: [Ticket]
        columns: {company: {column: KdNr, source: erp_customers}, opened_at: Eröffnet,
                  closed_at: Geschlossen, category: Art, subject: Betreff}
"""
# In the warehouse's words: `firm` holds the invented firms, hash() is the source of chance.
MACROS = """
create macro draw(i, n, salt) as (hash(i, salt) % n)::bigint;
create macro german(amount) as replace(amount::decimal(12, 2)::varchar, '.', ',');
create macro day(d) as strftime(d, '%d.%m.%Y');
create macro number(i) as lpad((i + 10000)::varchar, 6, '0');
"""
FIRMS = """
    create table firm as select number as n, concat_ws(' ', stem, trade) as plain_name,
        concat_ws(' ', nullif(prefix, ''), plain_name, legal_form) as name, unnest(place),
        '+49 ' || array_to_string(phone_prefix, ' ') as phone, mailbox, domain, vat_id, industry,
        employees
    from made
"""
ORDERS = """
    with line as (
        select i, '{month}' || lpad((i // 4)::varchar, 7, '0') as order_no,
            -- some customers order far more often than others
            floor({customers} * pow(draw(i // 4, 1000000, {salt}) / 1000000.0, 1.7))::bigint as c,
            date '{month}-01' + draw(i // 4, 28, {salt} + 1)::int as ordered_on,
            draw(i, 2000, 2) as article, draw(i, 90, {salt} + 3) + 1 as quantity,
            draw(i, 300, {salt} + 4) as chance
        from range({lines}) rows(i)
    ), priced as (
        select *, ordered_on + 7 + (article % 40)::int as promised_on,
            ordered_on + 3 + (chance % 60)::int as delivered_on,
            (hash(article, 5) % 100000 + 100) / 100 as price
        from line
    )
    select order_no as "Auftrag", i % 4 + 1 as "Pos", number(c) as "KdNr",
        day(ordered_on) as "Auftragsdatum", day(promised_on) as "Zugesagt",
        case when delivered_on < date '{as_of}' then day(delivered_on) end as "Geliefert",
        'A' || article as "ArtNr", 'Stirnradgetriebe SG ' || article as "Bezeichnung",
        quantity as "Menge", german(price) as "Einzelpreis",
        german(quantity * price) as "Nettowert",
        if(chance = 0, 'storniert', 'ok') as "Status"
    from priced
"""
CUSTOMERS = """
    select number(n) as "KdNr", name as "Name",
        if({changed} and n % 1000 = 7, 'Neue Straße ' || n % 90, street) as "Straße",
        postcode as "PLZ", town as "Ort", 'Deutschland' as "Land", phone as "Telefon",
        mailbox as "E-Mail", if(draw(n, 10, 6) < 7, vat_id, null) as "USt-IdNr",
        industry as "Branche", employees as "Mitarbeiter",
        day(date '2005-01-01' + draw(n, 6000, 7)::int) as "Kunde seit"
    from firm where n < {known}
"""
COMPANIES = """
    select 'F' || n as "Firmen-ID", plain_name as "Firma", street as "Straße", postcode as "PLZ",
        town as "Ort", if(draw(n, 2, 8) = 0, phone, null) as "Telefon",
        if(draw(n, 3, 9) > 0, 'www.' || domain, null) as "Webseite"
    from firm where draw(n, 10, 10) < 4
"""
CONTACTS = """
    select 'K' || n || '-' || k as "Kontakt-ID", 'F' || n as "Firmen-ID",
        ['Maier', 'Öz', 'Kowalski', 'Schmidt'][draw(n * 3 + k, 4, 11) + 1] as "Name",
        'kontakt' || k || '@' || domain as "E-Mail", 'ja' as "Aktiv"
    from firm, range(3) people(k) where draw(n, 10, 10) < 4
"""
TICKETS = """
    select 'T' || i as "Ticket", number(draw(i, {customers}, 12)) as "KdNr",
        day(date '2023-01-01' + draw(i, 1090, 13)::int) || ' 10:30' as "Eröffnet",
        day(date '2023-01-05' + draw(i, 1090, 13)::int) || ' 16:00' as "Geschlossen",
        ['Reklamation', 'Anfrage', 'Ersatzteil'][draw(i, 3, 14) + 1] as "Art",
        'Getriebe läuft heiß, Anlage ' || i % 977 as "Betreff"
    from range({tickets}) rows(i)
"""
CSV = "header, delimiter ';'"
PEER = """
    create table order_lines as select * from read_csv('{inbox}/erp_auftraege*.csv', delim = ';',
        header = true, auto_detect = false, decimal_separator = ',', dateformat = '%d.%m.%Y',
        columns = {{'Auftrag': 'varchar', 'Pos': 'varchar', 'KdNr': 'varchar',
            'Auftragsdatum': 'date', 'Zugesagt': 'date', 'Geliefert': 'date', 'ArtNr': 'varchar',
            'Bezeichnung': 'varchar', 'Menge': 'double', 'Einzelpreis': 'double',
            'Nettowert': 'double', 'Status': 'varchar'}});
    create table orders as select "Auftrag", min("KdNr") as "KdNr",
        min("Auftragsdatum") as ordered_on, max("Geliefert" - "Zugesagt") as days_late,
        sum("Nettowert") filter ("Status" <> 'storniert') as net_amount, count(*) as lines
        from order_lines group by 1;
    create table customers as with sums as (select "KdNr", min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on, count(*) as order_count from orders group by 1)
        select * from read_csv('{inbox}/erp_kunden*.csv', delim = ';', header = true,
            all_varchar = true) left join sums using ("KdNr");
    checkpoint;
"""


@dataclass(frozen=True)
class Company:
    """Makes the files; the same seed gives the same ones."""

    inbox: Path
    customers: int
    lines: int
    connection: duckdb.DuckDBPyConnection

    @classmethod
    def invent(cls, inbox: Path, customers: int, lines: int, seed: int) -> Company:
        """Invent the firms, a hundredth more than order at first."""
        count = customers + customers // 100
        firms = make_firms(count, larger_vocabulary(), np.random.default_rng(seed))
        connection = duckdb.connect()
        connection.execute(MACROS)
        connection.register("made", pa.Table.from_pylist([asdict(firm) for firm in firms]))
        connection.execute(FIRMS)
        return cls(inbox, customers, lines, connection)

    def write_orders(self, month: date, as_of: date, share: float = 1) -> None:
        """Write a month's lines as the ERP knows them on the day `as_of`."""
        self._write(
            f"erp_auftraege_{month:%Y-%m}.csv",
            ORDERS.format(
                month=f"{month:%Y-%m}",
                salt=month.toordinal(),
                customers=self.customers,
                lines=int(self.lines / len(MONTHS) * share),
                as_of=as_of,
            ),
        )

    def write_customers(self, is_changed: bool) -> None:
        """Write the ERP's customers; changed: one in a thousand moved, some are new."""
        known = self.customers + (self.customers // 100 if is_changed else 0)
        self._write("erp_kunden.csv", CUSTOMERS.format(changed=is_changed, known=known))

    def write_all(self) -> None:
        """Write the forty files of the first night."""
        for month in MONTHS:
            self.write_orders(month, FIRST_NIGHT)
        self.write_customers(is_changed=False)
        self._write("crm_firmen.csv", COMPANIES)
        self._write("crm_kontakte.csv", CONTACTS)
        tickets = TICKETS.format(customers=self.customers, tickets=self.lines // 50)
        self._write("tickets.csv", tickets)

    def _write(self, name: str, query: str) -> None:
        self.connection.execute(f"copy ({query}) to '{self.inbox / name}' ({CSV})")


def watch(station: str, command: list[str], environment: dict[str, str] | None = None) -> Column:
    """Run a command and return what the table shows of it."""
    took = measure(command, environment)
    return {
        station: took.seconds,
        f"{station}, CPU": took.cpu_seconds,
        f"{station}, peak MB": took.peak_bytes / 1e6,
    }


@dataclass(frozen=True)
class Home:
    """A home of its own, and what was measured in it."""

    folder: Path

    def environment(self, night: int) -> dict[str, str]:
        """Return the settings of the nth night."""
        return {
            "REIFEGRAD_HOME": str(self.folder / "home"),
            "REIFEGRAD_CONFIG": str(self.folder),
            "REIFEGRAD_AS_OF": str(FIRST_NIGHT + timedelta(days=night)),
        }

    def run(self, night: int, *arguments: str) -> Column:
        """Run `reifegrad` on the nth night."""
        command = [sys.executable, "-c", COMMAND, *arguments]
        return watch(arguments[0], command, self.environment(night))

    def seconds(self) -> dict[str, float]:
        """Return dbt's seconds per node of the last build."""
        results = json.loads((self.folder / "home/dbt/target/run_results.json").read_bytes())
        return {node["unique_id"]: node["execution_time"] for node in results["results"]}

    def layers(self) -> Column:
        """Return dbt's seconds per layer of the last build."""
        nodes = json.loads((self.folder / "home/dbt/target/manifest.json").read_bytes())["nodes"]
        layers: Column = dict.fromkeys(LAYERS, 0.0)
        for name, seconds in self.seconds().items():
            kind, _, model = name.split(".")[:3]
            layer = nodes[name]["fqn"][1] if kind == "model" else f"{kind}s"
            layer = "identity" if model in IDENTITY else layer
            layers[layer] = layers.get(layer, 0.0) + seconds  # exposures too, which take none
        return layers

    def marts(self) -> dict[str, tuple[int, int]]:
        """Return rows and a hash of each mart."""
        with duckdb.connect(str(self.folder / "home/warehouse.duckdb"), read_only=True) as opened:
            names = opened.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
            return {
                name: opened.execute(
                    f"select count(*), bit_xor(hash(m)) from marts.{name} as m"
                ).fetchone()
                or (0, 0)
                for (name,) in names
            }


def run_night(home: Home, number: int, *options: str, is_ingest: bool = True) -> Column:
    """Run a night and return seconds per station and layer, and the peak memory of both."""
    column: Column = {}
    if is_ingest:
        column |= home.run(number, "ingest")
    column |= home.run(number, "build", *options)
    slowest = sorted(home.seconds().items(), key=lambda item: -item[1])[:12]
    print({name.split(".")[2]: round(seconds, 1) for name, seconds in slowest}, file=sys.stderr)
    column |= home.layers()
    print({name: round(value, 1) for name, value in column.items()}, file=sys.stderr)
    return column


def run_peer(home: Home) -> Column:
    """Run plain SQL on the same files in a process of its own."""
    script = home.folder / "peer.sql"
    script.write_text(PEER.format(inbox=home.folder / "home/inbox"), encoding="utf-8")
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(open(sys.argv[2]).read())"
    database = home.folder / "peer.duckdb"
    return watch("build", [sys.executable, "-c", code, str(database), str(script)])


def report(columns: dict[str, Column]) -> Table:
    """Lay the nights side by side, each with its share of the first."""
    table = Table("s", *columns)
    first = next(iter(columns.values()))
    stations = [f"{station}{kind}" for station in ("ingest", "build") for kind in KINDS]
    for row in (*stations, *LAYERS):
        cells = []
        for column in columns.values():
            value = column.get(row)
            share = f" ({value / first[row]:.2f})" if value and column is not first else ""
            cells.append("–" if value is None else f"{value:,.1f}{share}")
        table.add_row(f"  dbt: {row}" if row in LAYERS else row, *cells)
    return table


def run(folder: Path, customers: int, lines: int, seed: int) -> None:
    home = Home(folder)
    (folder / "home" / "inbox").mkdir(parents=True)
    (folder / "sources.yml").write_text(SOURCES, encoding="utf-8")
    company = Company.invent(folder / "home" / "inbox", customers, lines, seed)
    company.write_all()
    files = list(company.inbox.iterdir())
    print(f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:,.0f} MB")
    columns = {"first night": run_night(home, 0)}
    company.write_orders(MONTHS[-1], FIRST_NIGHT + timedelta(days=1), share=1.02)
    columns["one order file changed"] = run_night(home, 1)
    company.write_customers(is_changed=True)
    columns["customer file changed"] = run_night(home, 2)
    marts = home.marts()
    columns["same, --full-refresh"] = run_night(home, 2, "--full-refresh", is_ingest=False)
    same = "the same" if home.marts() == marts else "OTHER"
    columns["plain SQL, all files"] = run_peer(home)
    Console(width=None if sys.stdout.isatty() else 150).print(report(columns))
    print(f"The full refresh gave {same} marts:")
    print(", ".join(f"{name} {rows:,}" for name, (rows, _) in sorted(marts.items())))
    size = (folder / "home" / "warehouse.duckdb").stat().st_size
    print(f"warehouse.duckdb: {size / 1e6:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=5_000_000, help="of orders")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the files; default: a temporary one")
    parser.add_argument("--keep", action="store_true", help="leave the home behind")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        run(folder, arguments.customers, arguments.lines, arguments.seed)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
