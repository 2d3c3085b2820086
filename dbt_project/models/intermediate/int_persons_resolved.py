"""Which contact records are one person: identity.persons, called on int_contacts_linked."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with record_id, person_id, contact_id, probability and the name's parts."""
    dbt.config(materialized="table")
    from config import load_settings
    from identity import memory
    from identity.persons import resolve_persons

    contacts = dbt.ref("int_contacts_linked")  # noqa: F841 - named in the SQL
    customers = dbt.ref("int_customers_merged")  # noqa: F841
    records = session.sql(
        "select contacts.*, customers.country from contacts left join customers using (customer_id)"
    ).df()
    resolved = resolve_persons(  # noqa: F841
        records,
        persons=memory.read_memberships(session, "person"),
        contacts=memory.read_memberships(session, "contact"),
        night=memory.find_night(session, load_settings().night),
    )
    # the types are stated because an empty frame has none
    return session.sql(
        "select record_id::varchar as record_id, person_id::varchar as person_id,"
        " contact_id::varchar as contact_id, probability::double as probability,"
        " given_name::varchar as given_name, family_name::varchar as family_name from resolved"
    )
