"""Many nights in which things go wrong, over each CRM of the kit; see `tests.crm.chaos`.

`python -m benchmarks.crm.chaos --runs 500` deals the runs out to the CRMs in turn and prints which
seeds broke a promise; it ends with 1 if any did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crm.chaos import tell_story
from tests.crm.kit.registry import CRMS, REAL

NAMES = [name for name in CRMS if name not in REAL]


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--crm", choices=NAMES, help="this one only")
    chosen = parser.parse_args()
    names = [chosen.crm] if chosen.crm else NAMES
    runs, broken, happened = Counter[str](), Counter[str](), Counter[str]()
    began = time.monotonic()
    for number in range(chosen.first, chosen.first + chosen.runs):
        name = names[number % len(names)]
        with (
            tempfile.TemporaryDirectory() as folder,
            tell_story(name, number, Path(folder) / "session" / "run") as story,
        ):
            problems = story.problems()
            happened += story.counted()
        runs[name] += 1
        if problems:
            broken[name] += 1
            print(f"{name}, seed {number}:", *problems, *story.happened, sep="\n    ", flush=True)
    for name in names:
        print(f"| {name} | {runs[name]} | {broken[name]} |")
    told = ", ".join(f"{what} {count:,}" for what, count in sorted(happened.items()))
    print(f"{time.monotonic() - began:.0f} s; {told}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
