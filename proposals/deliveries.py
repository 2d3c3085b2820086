"""`ops.deliveries`: what was begun to be handed over, and what is known to have gone out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from proposals.channels import SENT, Released

if TYPE_CHECKING:
    import duckdb

    from config import Settings


def read_released(
    connection: duckdb.DuckDBPyConnection, settings: Settings, channels: Collection[str] = SENT
) -> list[Released]:
    """Return what people released, or need not, and what a killed run had begun, which goes first.

    In the order in which it is handed over; what expired is not among it.
    """
    language = settings.language
    rows = connection.execute(
        "select proposal_id, use_case, action, channel, customer_id, lead_id, email,"
        f" title_{language}, reason_{language}, subject, body, language,"
        f" legal_basis_{language}, sha256, released_by, expires_on, is_begun, place"
        " from ops.proposal_states where channel in (select unnest(?::varchar[]))"
        " and (state in ('released', 'shown') and expires_on >= ? or is_begun)"
        " order by not is_begun, use_case, action, place, proposal_id",
        [list(channels), settings.night],
    ).fetchall()
    return [Released(*row) for row in rows]


def begin(
    connection: duckdb.DuckDBPyConnection,
    batch: Collection[Released],
    places: Mapping[str, str],
    night: date,
) -> None:
    """Note what is about to be handed over, so that a run that is killed is gone on with."""
    connection.execute(
        "insert or ignore into ops.deliveries (proposal_id, sha256, place, delivered_on)"
        " select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[]), ?",
        [
            [one.proposal_id for one in batch],
            [one.sha256 for one in batch],
            [places[one.proposal_id] for one in batch],
            night,
        ],
    )


def confirm(
    connection: duckdb.DuckDBPyConnection,
    ids: Collection[str],
    places: Mapping[str, str] | None = None,
) -> None:
    """Note that these went out, and of some where they are now."""
    connection.execute(
        "update ops.deliveries set confirmed_at = $now,"
        " place = coalesce(known.place, deliveries.place)"
        " from (select unnest($ids::varchar[]) as proposal_id, unnest($places::varchar[]) as place)"
        " as known where deliveries.proposal_id = known.proposal_id",
        {
            "now": datetime.now(UTC).replace(tzinfo=None),
            "ids": list(ids),
            "places": [(places or {}).get(name) for name in ids],
        },
    )


def forget(connection: duckdb.DuckDBPyConnection, ids: Collection[str]) -> None:
    """Note that these did not go out: they are released, as before."""
    connection.execute(
        "delete from ops.deliveries where proposal_id in (select unnest(?::varchar[]))",
        [list(ids)],
    )


def keep_standing(
    connection: duckdb.DuckDBPyConnection, ids: Collection[str], place: str, night: date
) -> None:
    """Note which proposals stand in a place now, each since its first night there."""
    connection.execute(
        "delete from ops.deliveries where is_standing"
        " and proposal_id not in (select unnest(?::varchar[]))",
        [list(ids)],
    )
    connection.execute(
        "insert or ignore into ops.deliveries"
        " (proposal_id, sha256, place, delivered_on, confirmed_at, is_standing)"
        " select proposal_id, sha256, ?, ?, ?, true from ops.proposals"
        " where proposal_id in (select unnest(?::varchar[]))",
        [place, night, datetime.now(UTC).replace(tzinfo=None), list(ids)],
    )


def read_open_tasks(connection: duckdb.DuckDBPyConnection, prefix: str) -> dict[str, str]:
    """Return the CRM's ids of tasks that nobody has closed as far as we know, by proposal_id."""
    rows = connection.execute(
        "select proposal_id, place from ops.deliveries"
        " where starts_with(place, ?) and confirmed_at is not null and outcome is null",
        [prefix],
    ).fetchall()
    return {proposal_id: place.removeprefix(prefix) for proposal_id, place in rows}


def keep_answers(
    connection: duckdb.DuckDBPyConnection, answers: Mapping[str, tuple[str, str | None, date]]
) -> None:
    """Keep what was said of tasks: outcome (done or rejected), words and day by proposal_id."""
    for proposal_id, said in answers.items():
        connection.execute(
            "update ops.deliveries set outcome = ?, answer = ?, answered_on = ?"
            " where proposal_id = ?",
            [*said, proposal_id],
        )
