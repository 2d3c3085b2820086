{# Made of vocabulary/entities.yml by `make vocabulary`; change it there. Names parted by spaces,
   to be split: sqlfluff knows no lists as results of macros. Of one kind, or all. #}
{% macro company_columns(kind=none) -%}
    {{- 'name ' if kind in (none, 'text') }}
    {{- 'street ' if kind in (none, 'text') }}
    {{- 'postcode ' if kind in (none, 'text') }}
    {{- 'city ' if kind in (none, 'text') }}
    {{- 'country ' if kind in (none, 'text') }}
    {{- 'phone ' if kind in (none, 'text') }}
    {{- 'email ' if kind in (none, 'text') }}
    {{- 'website ' if kind in (none, 'text') }}
    {{- 'vat_id ' if kind in (none, 'text') }}
    {{- 'registration_no ' if kind in (none, 'text') }}
    {{- 'customer_no ' if kind in (none, 'text') }}
    {{- 'other_ids ' if kind in (none, 'numbers') }}
    {{- 'industry ' if kind in (none, 'text') }}
    {{- 'employees ' if kind in (none, 'number') }}
    {{- 'account_manager ' if kind in (none, 'text') }}
    {{- 'customer_since ' if kind in (none, 'date') }}
{%- endmacro %}


{% macro customer_attributes(kind=none) -%}
    {{- 'name ' if kind in (none, 'text') }}
    {{- 'street ' if kind in (none, 'text') }}
    {{- 'postcode ' if kind in (none, 'text') }}
    {{- 'city ' if kind in (none, 'text') }}
    {{- 'country ' if kind in (none, 'text') }}
    {{- 'phone ' if kind in (none, 'text') }}
    {{- 'email ' if kind in (none, 'text') }}
    {{- 'website ' if kind in (none, 'text') }}
    {{- 'vat_id ' if kind in (none, 'text') }}
    {{- 'registration_no ' if kind in (none, 'text') }}
    {{- 'industry ' if kind in (none, 'text') }}
    {{- 'employees ' if kind in (none, 'number') }}
    {{- 'account_manager ' if kind in (none, 'text') }}
    {{- 'customer_since ' if kind in (none, 'date') }}
{%- endmacro %}
