"""How many damaged files come back cell-exact, beside peers on the same files in the same run.

`python -m benchmarks.ingest_pollution [--pairs N] [--seed N] [--only KIND …] [--show-failures]`
damages clean tables in one way at a time and in pairs (the rules of truth are in `pollution`),
and prints what became of the files per damage and in all.

Peers run as a plain user would call them and are told nothing: DuckDB's `read_csv` with its
sniffer, all columns as text; CleverCSV's `read_table`, which finds encoding and dialect; pandas
with `sep=None`. Where none of them could tell "NA" from an empty cell, pandas is told to keep it.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.pollution import (
    DAMAGES,
    OUTCOMES,
    RECOVERED,
    CleanTable,
    Draft,
    Found,
    Medium,
    NotApplicableError,
    Verdict,
    clean_tables,
    judge,
    pollute,
    refusal,
)
from ingest import UnreadableFile, read_file

Reader = Callable[[Path], list[Found]]
OURS = "ingest.read_file"
SHARES: dict[Medium, float] = {"text": 0.75, "workbook": 0.25}  # of the files with two damages


class RefusedError(Exception):
    """A reader does not read the file; the message says why."""


@dataclass(frozen=True)
class Case:
    """One file to be made: a table and the damages done to it."""

    table: str
    kinds: tuple[str, ...]
    medium: Medium
    seed: int

    @property
    def name(self) -> str:
        """A file name that says it all."""
        suffix = "csv" if self.medium == "text" else "xlsx"
        return f"{'+'.join(self.kinds) or 'undamaged'}__{self.table}.{suffix}"

    def make(self) -> tuple[bytes, Draft]:
        """Make the file and its truth; see `pollute`."""
        return pollute(tables_of(self.seed)[self.table], self.kinds, self.seed, self.medium)


def ours(path: Path) -> list[Found]:
    try:
        tables = read_file(path)
    except UnreadableFile as error:
        raise RefusedError(error.reason_en) from error
    return [
        Found(
            table.columns,
            table.rows,
            [reject.raw_text for reject in table.rejects],
            bool(getattr(table, "notes", ())),
        )
        for table in tables
    ]


def duckdb_sniffer(path: Path) -> list[Found]:
    import duckdb

    with duckdb.connect() as connection:
        try:
            result = connection.execute("from read_csv(?, all_varchar = true)", [str(path)])
            rows = result.fetchall()
        except duckdb.Error as error:
            raise RefusedError(str(error).splitlines()[0]) from error
        return [Found([column[0] for column in result.description or ()], rows)]


def clevercsv_table(path: Path) -> list[Found]:
    import clevercsv

    try:
        header, *rows = clevercsv.read_table(str(path))
    except (
        clevercsv.exceptions.Error,
        clevercsv.exceptions.NoDetectionResult,
        ValueError,
    ) as error:
        raise RefusedError(str(error)) from error
    width = max(map(len, [header, *rows]))
    rows = [[*row, *[None] * (width - len(row))] for row in rows]
    return [Found([*header, *[""] * (width - len(header))], rows)]


def pandas_sniffer(path: Path) -> list[Found]:
    import pandas as pd

    try:
        frame = pd.read_csv(path, sep=None, engine="python", dtype=str, keep_default_na=False)
    except (ValueError, csv.Error, UnicodeError) as error:
        raise RefusedError(str(error)) from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame = frame.astype(object).where(frame.notna(), None)
    return [Found([str(name) for name in frame.columns], frame.to_numpy().tolist())]


def readers(peers: bool) -> dict[str, Reader]:
    found: dict[str, Reader] = {OURS: ours}
    if peers:
        found |= {"DuckDB's sniffer": duckdb_sniffer, "pandas, sep=None": pandas_sniffer}
        try:
            import clevercsv  # noqa: F401
        except ImportError:
            print("CleverCSV is not installed and left out.")
        else:
            found["CleverCSV"] = clevercsv_table
    return found


@cache
def tables_of(seed: int) -> dict[str, CleanTable]:
    return {table.name: table for table in clean_tables(seed)}


def write(case: Case, folder: Path) -> tuple[Draft, Path]:
    content, draft = case.make()
    path = folder / case.name
    path.write_bytes(content)
    return draft, path


def examine(case: Case, peers: bool) -> dict[str, tuple[Verdict, float]]:
    """Have every reader read a case's file and judge what it made of it, with seconds."""
    verdicts = {}
    with tempfile.TemporaryDirectory() as folder:
        draft, path = write(case, Path(folder))
        for name, reader in readers(peers and case.medium == "text").items():
            start = time.perf_counter()
            try:
                found = reader(path)
                seconds = time.perf_counter() - start
                verdict = judge(found, draft)
            except RefusedError as error:
                seconds = time.perf_counter() - start
                verdict = refusal(str(error), draft)
            except Exception as error:
                seconds = time.perf_counter() - start
                verdict = Verdict("crashed", repr(error))
            verdicts[name] = (verdict, seconds)
    return verdicts


def is_possible(case: Case) -> bool:
    try:
        case.make()
    except NotApplicableError:
        return False
    return True


def single_cases(kinds: list[str], per_kind: int, seed: int, medium: Medium) -> Iterator[Case]:
    """Yield the undamaged tables and every damage on `per_kind` tables."""
    for table in tables_of(seed):
        yield Case(table, (), medium, seed)
    for kind in kinds:
        names = list(tables_of(seed))
        random.Random(f"{seed} {kind}").shuffle(names)
        cases = (Case(name, (kind,), medium, seed) for name in names)
        yield from itertools.islice(filter(is_possible, cases), per_kind)


def pair_cases(kinds: list[str], count: int, seed: int, medium: Medium) -> Iterator[Case]:
    """Yield `count` different pairs that can be in one file, each on a drawn table."""
    rng = random.Random(f"{seed} pairs")
    pairs = [
        (first, second)
        for first, second in itertools.combinations(kinds, 2)
        if DAMAGES[first].allows(DAMAGES[second])
    ]
    rng.shuffle(pairs)
    names = list(tables_of(seed))
    cases = (
        next(filter(is_possible, (Case(n, pair, medium, seed) for n in rng.sample(names, 3))), None)
        for pair in pairs
    )
    yield from itertools.islice(filter(None, cases), count)


Results = dict[Case, dict[str, tuple[Verdict, float]]]


def run(cases: list[Case], peers: bool, console: Console) -> Results:
    results = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool, console.status("…") as status:
        work = partial(examine, peers=peers)
        for case, verdicts in zip(cases, pool.map(work, cases, chunksize=4), strict=True):
            results[case] = verdicts
            status.update(f"{len(results)} of {len(cases)} files")
    return results


def per_damage(results: Results, medium: Medium) -> Table:
    """Our outcomes by damage."""
    title = f"{OURS}, {medium}, one damage at a time"
    table = Table("damage", "files", *OUTCOMES, title=title)
    groups: dict[str, Counter[str]] = {}
    for case, verdicts in results.items():
        if len(case.kinds) < 2 and case.medium == medium:
            kind = case.kinds[0] if case.kinds else "(undamaged)"
            groups.setdefault(kind, Counter())[verdicts[OURS][0].outcome] += 1
    for kind, counts in groups.items():
        cells = [str(counts[outcome] or "") for outcome in OUTCOMES]
        table.add_row(kind, str(counts.total()), *cells)
    return table


def in_all(results: Results) -> Table:
    """Shares of outcomes by reader, for single damages and pairs."""
    table = Table("reader", "files", "", "damages", "recovered", *OUTCOMES, "opened", "s per file")
    groups: dict[tuple[Medium, str, int], list[tuple[Verdict, float]]] = {}
    for case, verdicts in results.items():
        for reader, verdict in verdicts.items():
            groups.setdefault((case.medium, reader, len(case.kinds)), []).append(verdict)
    for (medium, reader, damages), told in sorted(groups.items()):
        outcomes = Counter(verdict.outcome for verdict, _ in told)
        recovered = sum(outcomes[outcome] for outcome in RECOVERED)
        opened = len(told) - outcomes["refused"] - outcomes["crashed"]
        counts = (recovered, *(outcomes[outcome] for outcome in OUTCOMES), opened)
        seconds = sum(seconds for _, seconds in told) / len(told)
        shares = [f"{n / len(told):.1%}" if n else "–" for n in counts]
        table.add_row(reader, str(len(told)), medium, str(damages), *shares, f"{seconds:.2f}")
    return table


def show_failures(results: Results, console: Console, keep: Path | None) -> None:
    for case, verdicts in results.items():
        verdict = verdicts[OURS][0]
        if verdict.outcome in RECOVERED:
            continue
        console.print(f"[bold]{verdict.outcome}[/]  {case.name}", highlight=False)
        console.print(f"    {verdict.detail[:400]}", markup=False, highlight=False)
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            write(case, keep)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=300, help="files with two damages")
    parser.add_argument("--tables", type=int, default=3, help="number of tables per damage")
    parser.add_argument("--only", nargs="*", metavar="KIND", help="just these damages")
    parser.add_argument("--media", nargs="*", default=["text", "workbook"], help="kinds of file")
    parser.add_argument("--no-peers", action="store_true", help="just ingest.read_file")
    parser.add_argument("--list", action="store_true", help="name the damages")
    parser.add_argument("--show-failures", action="store_true", help="all that is not recovered")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the failures' files there")
    arguments = parser.parse_args()
    unknown = set(arguments.only or ()) - set(DAMAGES)
    if unknown:
        parser.error(f"no such damage: {', '.join(sorted(unknown))}; see --list")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    console = Console(width=None if Console().is_terminal else 160)
    if arguments.list:
        print("\n".join(DAMAGES))
        return
    cases: list[Case] = []
    for medium in arguments.media:
        kinds = [kind for kind, damage in DAMAGES.items() if medium in damage.media]
        singles = [kind for kind in kinds if kind in (arguments.only or kinds)]
        cases += single_cases(singles, arguments.tables, arguments.seed, medium)
        pairs = kinds if not arguments.only or len(arguments.only) == 1 else singles
        found = pair_cases(pairs, round(arguments.pairs * SHARES[medium]), arguments.seed, medium)
        cases += [case for case in found if not arguments.only or {*case.kinds} & {*singles}]
    start = time.perf_counter()
    results = run(cases, not arguments.no_peers, console)
    for medium in arguments.media:
        console.print(per_damage(results, medium))
    if arguments.show_failures or arguments.keep:
        show_failures(results, console, arguments.keep)
    console.print(in_all(results))
    seconds = time.perf_counter() - start
    print(f"{len(DAMAGES)} damages, {len(cases)} files, seed {arguments.seed}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
