"""What became of customer ids: tonight's changes beside those of the nights before."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with the columns night, old_id, new_id, kind and record_count."""
    dbt.config(materialized="table")
    import pandas as pd

    from config import load_settings
    from identity import memory
    from identity.stable_ids import Change, find_changes

    night = memory.find_night(session, load_settings().night)
    resolved = dict(dbt.ref("int_companies_resolved").project("record_id, customer_id").fetchall())
    changes = find_changes(resolved, memory.read_memberships(session), night)
    found = pd.DataFrame(changes, columns=Change._fields, dtype=object)  # noqa: F841
    former = dbt.source("ops", "customer_id_changes")  # noqa: F841
    return session.sql(
        f"from former where night < date '{night}' union all by name"
        f" select date '{night}' as night, old_id::varchar as old_id,"
        " new_id::varchar as new_id, kind::varchar as kind,"
        " record_count::bigint as record_count from found"
    )
