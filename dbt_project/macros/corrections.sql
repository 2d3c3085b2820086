{#
    What people filled in beats what the files say. `columns` maps a column of `relation` to
    (the corrected column of the mart, its type); a record without a correction stays as it is.
#}
{% macro corrected(relation, id, mart, columns) -%}
    select
        {{ relation }}.* replace (
            {% for column, (said, type) in columns.items() %}
                coalesce(cast(said.{{ said }} as {{ type }}), {{ relation }}.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from {{ relation }}
    left join (
        select
            record_id,
            {% for said, _ in columns.values() %}
                max(value) filter (where column_name = '{{ said }}') as {{ said }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref('stg_ops__corrections') }}
        where mart = '{{ mart }}'
        group by record_id
    ) as said on {{ relation }}.{{ id }} = said.record_id
{%- endmacro %}
