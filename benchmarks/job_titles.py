"""How well rules read a person's part in buying from the job title.

`python -m benchmarks.job_titles` prints, for the half of tests/vocabulary/job_titles.csv with which
the rules were made and for the one held back: macro-F1, F1 by role, the same without the slips of
one letter that are forgiven, and how far the two passes of labelling agree. Beside it the plain
way: the role of the title of the other half that is most alike (difflib).
"""

from __future__ import annotations

import csv
from difflib import SequenceMatcher

from sklearn.metrics import cohen_kappa_score, f1_score

from config import PROJECT_ROOT
from vocabulary.job_titles import BUYING_ROLES, role_of_title

TITLES = PROJECT_ROOT / "tests/vocabulary/job_titles.csv"


def main() -> None:
    """Print the table."""
    with TITLES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    halves = {half: [row for row in rows if row["half"] == half] for half in ("open", "held")}
    print(f"half  titles  macro-F1  without slips  nearest title  {'  '.join(BUYING_ROLES)}")
    for half, other in (("open", "held"), ("held", "open")):
        asked, known = halves[half], halves[other]
        truth = [row["role"] for row in asked]
        read = [role_of_title(row["title"]) for row in asked]
        found = [one.role for one in read]
        strict = ["unknown" if one.has_slip else one.role for one in read]
        near = [nearest(row["title"], known) for row in asked]
        macro = [f1_score(truth, one, average="macro") for one in (found, strict, near)]
        each = f1_score(truth, found, average=None, labels=BUYING_ROLES)
        print(half, len(asked), *(f"{one:.3f}" for one in (*macro, *each)), sep="  ")
    first, second = ([row[name] for row in rows] for name in ("first", "second"))
    differ = sum(a != b for a, b in zip(first, second, strict=True))
    print(f"labelled twice: {differ} of {len(rows)} differ, ", end="")
    print(f"kappa {cohen_kappa_score(first, second):.3f}")


def nearest(title: str, known: list[dict[str, str]]) -> str:
    """Return the role of the title that is most alike."""
    return max(
        known, key=lambda row: SequenceMatcher(None, title.lower(), row["title"].lower()).ratio()
    )["role"]


if __name__ == "__main__":
    main()
