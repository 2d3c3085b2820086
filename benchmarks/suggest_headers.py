"""How well `reifegrad sources suggest DIR` maps the exports of programs that it has never seen.

`python -m benchmarks.suggest_headers` prints, per set of header_sets/open.yml (looked at while the
rules were made), held.yml (not looked at) and fresh.yml (written afterwards): precision and recall
of (entity, canonical column, file columns), the keys, kinds and globs that are right. A glob is
right if it claims the file and the one of next month, and no other file of the folder.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.header_sets.rows import Pair, SetFile, header_sets, write
from config import Settings
from ingest.mapping.sources import Source, Sources
from ingest.suggesting.folder import apart, suggest_folder
from ingest.suggesting.keys import sample_table
from ingest.suggesting.proposal import propose_all
from ingest.suggesting.subjects import SourceProposal
from ingest.suggesting.text import source_text

# What changes in the files' names from one month to the next.
LATER = {
    "2025-03-14": "2025-04-14", "2025_03_14": "2025_04_14", "14032025": "14042025",
    "March-14-2025": "April-14-2025", "14.03.2025": "14.04.2025", "3-14-2025": "4-14-2025",
    "14-3-2025": "14-4-2025", "20250314": "20250414", "20250131": "20250228",
    "2025-01-31": "2025-02-28", "2025-01": "2025-02", "01.2025": "02.2025", "2025-03": "2025-04",
    "Mar_14_2025": "Apr_14_2025", "10-22-05": "11-04-51", "17419471259876": "17446255251234",
    "1741947125": "1744625525", "86009cc361": "7f01b2aa90", "12345678-4": "12345678-5",
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What was right for one file."""

    name: str
    wrong: frozenset[Pair]
    missed: frozenset[Pair]
    proposed: int
    true: int
    keys: dict[str, tuple[str, ...]]
    wrong_keys: dict[str, tuple[str, ...]]
    is_kind_right: bool
    is_glob_right: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--wrong", action="store_true", help="list what was wrong in the open half")
    parser.add_argument("--reveal", action="store_true", help="list it for the held half, too")
    arguments = parser.parse_args()
    print("| set | fields | precision | recall | wrong keys | kind | glob |")
    print("|---|---|---|---|---|---|---|")
    for half in ("open", "held", "fresh"):
        everything = []
        for name, files in header_sets(half).items():
            outcomes = list(measure(files))
            everything += outcomes
            print(_line(name, outcomes))
            if (arguments.wrong and half == "open") or arguments.reveal:
                print("\n".join(_differences(outcomes)))
        print(_line(f"**{half}**", everything))


def measure(files: list[SetFile], *, is_read: bool = True) -> Iterator[Outcome]:
    """Propose sources for the files of one set, in a folder of their own, and compare.

    Without `is_read` they are neither written nor read, which takes a fraction of the time.
    """
    proposals = _of_folder(files) if is_read else _of_samples(files)
    text = "".join(source_text(proposal, "en") for proposal in proposals)
    found = Sources.model_validate(yaml.load(f"sources:\n{text}", Loader=yaml.BaseLoader))
    names = {file.name for file in files}
    for file in files:
        yield _compare(file, found.claiming(file.name), names)


def _of_folder(files: list[SetFile]) -> list[SourceProposal]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "export"
        folder.mkdir()
        for file in files:
            write(file, folder)
        settings = Settings(home=Path(place) / "home", config=Path(place))
        return list(suggest_folder(settings, folder).proposals)


def _of_samples(files: list[SetFile]) -> list[SourceProposal]:
    samples = {
        file.name: [
            sample_table(
                file.name, list(file.columns), list(zip(*file.columns.values(), strict=True))
            )
        ]
        for file in files
    }
    return apart(propose_all(samples, Sources(sources={})), samples, list(samples))


def _compare(file: SetFile, claiming: list[Source], names: set[str]) -> Outcome:
    maps = {entity: m for source in claiming for entity, m in source.maps.items()}
    pairs = {
        (entity, canonical, origin.file_columns)
        for entity, mapping in maps.items()
        for canonical, origin in mapping.columns.items()
        if origin.file_columns
    }
    counted = pairs - file.free
    keys = {entity: m.key for entity, m in maps.items()}
    wrong_keys = {
        entity: key
        for entity, key in keys.items()
        if frozenset(key) not in file.keys.get(entity, [frozenset(key)])
    }
    return Outcome(
        file.name,
        frozenset(counted - file.pairs),
        frozenset(file.pairs - counted),
        len(counted),
        len(file.pairs),
        keys,
        wrong_keys,
        {s.kind for s in claiming} == {file.kind},
        len(claiming) == 1
        and {n for n in names if claiming[0].claims(n)} == {file.name}
        and claiming[0].claims(_next(file.name)),
    )


def _next(name: str) -> str:
    for now, later in LATER.items():
        name = name.replace(now, later)
    return name


def _line(name: str, outcomes: list[Outcome]) -> str:
    true = sum(o.true for o in outcomes)
    right = true - sum(len(o.missed) for o in outcomes)
    proposed = sum(o.proposed for o in outcomes)
    keys = f"{sum(len(o.wrong_keys) for o in outcomes)}/{sum(len(o.keys) for o in outcomes)}"
    kinds = f"{sum(o.is_kind_right for o in outcomes)}/{len(outcomes)}"
    globs = f"{sum(o.is_glob_right for o in outcomes)}/{len(outcomes)}"
    precision = f"{right / proposed:.2f}" if proposed else "–"
    return f"| {name} | {true} | {precision} | {right / true:.2f} | {keys} | {kinds} | {globs} |"


def _differences(outcomes: list[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for label, pairs in (("wrong", outcome.wrong), ("missed", outcome.missed)):
            for entity, canonical, columns in sorted(pairs):
                yield f"    {outcome.name}, {label}: {entity}.{canonical} = {' + '.join(columns)}"
        for entity, key in outcome.wrong_keys.items():
            yield f"    {outcome.name}, wrong key of {entity}: {' + '.join(key)}"
        if not outcome.is_kind_right:
            yield f"    {outcome.name}, wrong kind"
        if not outcome.is_glob_right:
            yield f"    {outcome.name}, wrong glob"


if __name__ == "__main__":
    main()
