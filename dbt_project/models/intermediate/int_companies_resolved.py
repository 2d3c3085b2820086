"""Which company records are one customer: the room `identity`, called on int_company_records."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with the columns record_id, customer_id and probability."""
    dbt.config(materialized="table")
    import identity
    from config import load_settings
    from identity import memory

    resolved = identity.resolve(  # noqa: F841
        dbt.ref("int_company_records").df(),
        decisions=memory.read_decisions(session),
        previous=memory.read_memberships(session),
        night=memory.find_night(session, load_settings().night),
    )
    # the types are stated because an empty frame has none
    return session.sql(
        "select record_id::varchar as record_id, customer_id::varchar as customer_id,"
        " probability::double as probability from resolved"
    )
