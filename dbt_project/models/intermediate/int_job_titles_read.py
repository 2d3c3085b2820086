"""What part in buying each job title stands for: vocabulary.job_titles, called on the contacts."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with title, buying_role and has_slip, one row per title."""
    dbt.config(materialized="table")
    import pandas as pd

    from vocabulary.job_titles import role_of_title

    contacts = dbt.ref("int_contacts_merged")  # noqa: F841 - named in the SQL
    titles = session.sql("select distinct role from contacts where role is not null").fetchall()
    found = pd.DataFrame(  # noqa: F841
        [(title, *role_of_title(title)) for (title,) in titles],
        columns=["title", "buying_role", "has_slip"],
        dtype=object,
    )
    # the types are stated because an empty frame has none
    return session.sql(
        "select title::varchar as title, buying_role::varchar as buying_role,"
        " has_slip::boolean as has_slip from found"
    )
