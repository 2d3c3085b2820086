"""Which rules choose the value of each attribute: config/golden_record.yml as a table."""


def model(dbt, session):  # noqa: ANN001, ANN201
    """Return a relation with entity, attribute, unit, is_group, rules and trust."""
    dbt.config(materialized="table")
    import pandas as pd

    from config import load_settings
    from identity.golden_record import AttributeRules, attribute_rules, load_golden_record

    golden = load_golden_record(load_settings())
    found = pd.DataFrame(attribute_rules(golden), columns=AttributeRules._fields, dtype=object)
    found["rules"] = found["rules"].map(list)
    found["trust"] = [list(golden.trust) for _ in found.index]
    return session.sql(
        "select entity::varchar as entity, attribute::varchar as attribute, unit::varchar as unit,"
        " is_group::boolean as is_group, rules::varchar[] as rules, trust::varchar[] as trust"
        " from found"
    )
