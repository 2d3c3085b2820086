{# Files overlap and repeat: of the rows with one record id the last loaded one holds. #}
{% macro newest(relation, id) -%}
    select *
    from {{ relation }}
    qualify row_number() over (
        partition by {{ id }}
        order by loaded_at desc, row_number desc
    ) = 1
{%- endmacro %}
