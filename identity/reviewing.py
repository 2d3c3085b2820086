"""The review list and identity's memory: read back first, then written anew."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from config.language import _, in_thousands, spoken_language
from identity import memory
from identity.doubts import rules
from identity.features import IdentityError
from identity.review_list import NAMES, ReviewRow, read_list, write_list

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)
# What the lines of a record's card are.
CARD: Final = (
    "name", "street", "city", "country", "phone", "email", "website", "vat_id", "registration_no",
)  # fmt: skip


class Taken(NamedTuple):
    """What was taken over from a list: how many new decisions, and what could not be read."""

    decisions: int
    problems: list[str]


def take_list(connection: duckdb.DuckDBPyConnection, path: Path) -> Taken:
    """Take over the decisions of a filled list; a second time changes nothing.

    A decision has the time of its file: what was decided or withdrawn after the list was saved
    stays.
    """
    filled = read_list(path)
    problems = list(filled.problems)
    new = 0
    for pair, verdict in filled.entries:
        try:
            new += memory.decide(connection, pair, verdict, filled.saved_by, filled.saved_at)
        except IdentityError:
            text = _("{file}: {a} and {b}: no build knows one of them, or both are the same one.")
            problems.append(text.format(file=path.name, a=pair[0], b=pair[1]))
    return Taken(new, problems)


def take_lists(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Taken]:
    """Take over the lists of the folder `review`, in both languages."""
    taken = {}
    for name in NAMES.values():
        if (folder / name).is_file():
            taken[name] = take_list(connection, folder / name)
    return taken


def renew_list(connection: duckdb.DuckDBPyConnection, folder: Path, night: date) -> None:
    """Write the list of the last build, once all that people filled in is taken over.

    A list that can't be read completely stays, and so does one that is being saved at that moment.
    """
    path = folder / NAMES[spoken_language()]
    before = _stamp(path)
    taken = take_lists(connection, folder)
    if path.name in taken and taken[path.name].problems:
        kept = _("{file} stays as it is until that is mended; all else in it was taken over.")
        logger.warning("%s", kept.format(file=path.name))
        return
    rows = read_review(connection)
    if (rows or before) and _stamp(path) == before:
        note = _tell_rest(connection, len(rows))
        write_list(path, rows, night, note)
        told = _("{file}: pairs to decide: {rows}. {note}")
        logger.info("%s", told.format(file=path.name, rows=len(rows), note=note).strip())


def _tell_rest(connection: duckdb.DuckDBPyConnection, listed: int) -> str:
    """Say how many pairs in doubt are not in the list; nothing if all are."""
    found, kept = connection.execute(
        "select (select count(*) from ops.identity_review),"
        " (select coalesce(sum(len(doubts)), 0) from intermediate.int_companies_resolved)"
    ).fetchone() or (listed, 0)
    if found <= listed:
        return ""
    rest = in_thousands(found - listed)
    if kept >= rules()["max_kept"]:
        told = _("Further pairs in doubt: at least {rest}. They follow when these are decided.")
    else:
        told = _("Further pairs in doubt: {rest}. They follow when these are decided.")
    return told.format(rest=rest)


def _stamp(path: Path) -> tuple[int, int] | None:
    if not path.exists():
        return None
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def read_review(connection: duckdb.DuckDBPyConnection) -> list[ReviewRow]:
    """Read the pairs to look at, what matters most first.

    First decisions that contradict each other; then by the expected cost of the machine's choice, p
    where it left two records apart and 2 (1 - p) where it joined them, times 1 + ln(1 + orders of
    both records).
    """
    language, absent = spoken_language(), _("(in no file at present)")
    card = ", ".join(
        f"[coalesce({r}.name, case when {r}.record_id is null then ? end), {r}.street,"
        f" nullif(trim(concat_ws(' ', {r}.postcode, {r}.city)), ''), {r}.country, {r}.phone,"
        f" {r}.email, {r}.website, {r}.vat_id, {r}.registration_no]"
        for r in ("a", "b")
    )
    rows = connection.execute(
        "with ordered as (select company_record_id as record_id, count(distinct order_id) as orders"
        " from intermediate.int_order_lines_linked group by all)"
        f" select review.record_a, review.record_b, {card}, review.probability, is_joined,"
        f" evidence_{language}, coalesce(note_{language}, '')"
        " from ops.identity_review as review"
        " left join intermediate.int_company_records as a on a.record_id = review.record_a"
        " left join intermediate.int_company_records as b on b.record_id = review.record_b"
        " left join ordered as x on x.record_id = review.record_a"
        " left join ordered as y on y.record_id = review.record_b"
        " order by note_de is null, if(is_joined, 2 * (1 - review.probability), review.probability)"
        " * (1 + ln(1 + coalesce(x.orders, 0) + coalesce(y.orders, 0))) desc, 1, 2 limit ?",
        [absent, absent, rules()["max_asked"]],
    ).fetchall()
    return [ReviewRow(*row) for row in rows]
