"""Which company records are one customer: the room `identity`, called on int_company_records."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with the columns record_id, customer_id, probability and doubts."""
    dbt.config(materialized="table")
    from config import load_settings
    from identity import memory
    from identity.resolve import resolve_with_doubts

    found = resolve_with_doubts(
        dbt.ref("int_company_records").df(),
        memory.read_decisions(session),
        memory.read_memberships(session),
        memory.find_night(session, load_settings().night),
    )
    resolved, pairs = map(session.from_df, found)  # noqa: RUF059 - named in the SQL
    # the types are stated because an empty frame has none
    return session.sql(
        "with doubts as (select record_a::varchar as record_id, list({'record_id':"
        " record_b::varchar, 'probability': probability::double, 'evidence_de':"
        " evidence_de::varchar, 'evidence_en': evidence_en::varchar} order by record_b) as doubts"
        " from pairs group by all)"
        " select record_id::varchar as record_id, customer_id::varchar as customer_id,"
        " resolved.probability::double as probability, doubts"
        " from resolved left join doubts using (record_id)"
    )
