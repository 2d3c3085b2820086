"""Which company records are one customer: the room `identity`, called on int_company_records."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with the columns record_id, customer_id and probability."""
    dbt.config(materialized="table")
    import identity

    resolved = identity.resolve(dbt.ref("int_company_records").df())  # noqa: F841
    # the types are stated because an empty frame has none
    return session.sql(
        "select record_id::varchar as record_id, customer_id::varchar as customer_id,"
        " probability::double as probability from resolved"
    )
