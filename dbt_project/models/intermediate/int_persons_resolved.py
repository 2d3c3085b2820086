"""Which contact records are one person: identity.persons, called on int_contacts_linked."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation: record_id, person_id, contact_id, probability, name's parts and basis."""
    dbt.config(materialized="table")
    from dbt.flags import get_flags

    from config import load_settings
    from identity import memory, standing
    from identity.persons import resolve_persons

    contacts = dbt.ref("int_contacts_linked")  # noqa: F841 - named in the SQL
    customers = dbt.ref("int_customers_merged")  # noqa: F841
    records = session.sql(
        "select contacts.*, customers.country from contacts left join customers using (customer_id)"
    )
    basis = standing.find_basis(session, records)
    if not get_flags().FULL_REFRESH and standing.is_standing(
        session, str(dbt.this), basis, ("person", "contact")
    ):
        return session.sql(f"from {dbt.this}")
    resolved = resolve_persons(  # noqa: F841
        records.df(),
        persons=memory.read_memberships(session, "person"),
        contacts=memory.read_memberships(session, "contact"),
        night=memory.find_night(session, load_settings().night),
    )
    # the types are stated because an empty frame has none
    return session.sql(
        "select record_id::varchar as record_id, person_id::varchar as person_id,"
        " contact_id::varchar as contact_id, probability::double as probability,"
        " given_name::varchar as given_name, family_name::varchar as family_name,"
        f" '{basis}' as basis from resolved"
    )
