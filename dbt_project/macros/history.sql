{#
    Snapshots speak of nights, not of the clock: what a night finds changed is valid from that
    night on, however often and at what hour it is built. As everywhere, a night before the last
    one counts as the last one. `ops.built_nights` holds the nights whose build succeeded.
#}

{% macro history_night() -%}
    greatest({{ night() }}, coalesce((select max(built.night) from ops.built_nights as built), {{ night() }}))
{%- endmacro %}


{# dbt's own "now" of a snapshot, also for rows that are gone. #}
{% macro duckdb__snapshot_get_time() -%}
    {{ history_night() }}
{%- endmacro %}


{# Takes back what this night wrote before, and what nights wrote whose build then failed. #}
{% macro rewind_history(history) -%}
    {%- if load_relation(history) is not none -%}
    {%- set last_night -%}
        coalesce((select max(earlier.night) from ops.built_nights as earlier where earlier.night < {{ history_night() }}), date '0001-01-01')
    {%- endset -%}
    delete from {{ history }} where dbt_valid_from > {{ last_night }};
    update {{ history }} set dbt_valid_to = null where dbt_valid_to > {{ last_night }};
    {#- DuckDB can't alter a table in the transaction that changed its rows, and dbt is about to add
        the columns that are new. Killed after this, the night run again begins from here. #}
    commit;
    begin;
    {%- endif -%}
{%- endmacro %}
