"""Which company records are one customer: the room `identity`, called on int_company_records."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation: record_id, customer_id, probability, doubts, and the basis of it all."""
    dbt.config(materialized="table")
    from dbt.flags import get_flags

    from config import load_settings
    from identity import memory, standing
    from identity.resolve import resolve_with_doubts

    records = dbt.ref("int_company_records")
    basis = standing.find_basis(session, records)
    if not get_flags().FULL_REFRESH and standing.is_standing(session, str(dbt.this), basis):
        return session.sql(f"from {dbt.this}")
    found = resolve_with_doubts(
        records.df(),
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
        " resolved.probability::double as probability, linked_to::varchar as linked_to,"
        " link_de::varchar as link_de, link_en::varchar as link_en, doubts,"
        f" '{basis}' as basis"
        " from resolved left join doubts using (record_id)"
    )
