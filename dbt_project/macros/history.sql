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


{#
    What was known when, for the scores: the versions of a history, each with three days. This is
    the one place that says so.
      arrived      the night in which the row was first there. What happened before its source's
                   first night counts as known the day it happened (-infinity): the first files of
                   a firm bring years at once, and nobody was scored before.
      known_from   the night from which this version holds; the first one holds from the start.
      known_until  the first night in which it no longer holds, or infinity.
    `happened` is the column with the day of the event, `source` says where a row comes from.
    `undone` is a column that is true once a row was taken back, say cancelled. Nothing tells when
    that was of what the first night already found so; it may have come with the outcome. So the row
    counts as not taken back until that night.
#}
{% macro known_rows(history, key, happened, source, undone=none) -%}
with

versions as (

    select
        * exclude (dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to),
        dbt_valid_from as known_from,
        coalesce(dbt_valid_to, date 'infinity') as known_until,
        min(dbt_valid_from) over (partition by {{ key }}) as first_night,
        min(dbt_valid_from) over (partition by {{ source }}) as source_night
    from {{ history }}

),

dated as (

    select
        * exclude (first_night, source_night) replace (
            case when known_from = first_night then date '-infinity' else known_from end as known_from
        ),
        case
            when first_night > source_night and coalesce({{ happened }} >= source_night, true)
                then first_night
            else date '-infinity'
        end as arrived,
        first_night
    from versions

),

{% if undone -%}
final as (

    select
        * exclude (first_night) replace (
            case when {{ undone_before(undone) }} then first_night else known_from end as known_from
        )
    from dated
    union all by name
    select * exclude (first_night) replace (false as {{ undone }}, first_night as known_until)
    from dated
    where {{ undone_before(undone) }}

)
{%- else -%}
final as (

    select * exclude (first_night) from dated

)
{%- endif %}

select * from final
{%- endmacro %}


{# Found as taken back by the first night that saw the row, of an event before the nights. #}
{% macro undone_before(undone) -%}
    coalesce({{ undone }}, false) and known_from = date '-infinity' and arrived = date '-infinity'
{%- endmacro %}
