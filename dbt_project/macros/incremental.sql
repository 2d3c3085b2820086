{#
    Incremental models keep rows by load: a load_id stands for rows of a file that never change.
    So a row that was made from one load, by the same definition, is the row that would be made
    again, and only loads that came or went since are worked on. Where the definition changed,
    the model is built anew: an incremental build and one with --full-refresh give the same.
#}

{# The rows of loads that `this` does not hold yet; all of them where it is built anew. #}
{% macro fresh_loads(relation) -%}
    select *
    from {{ relation }}
    {%- if is_incremental() %}
    where load_id not in (select distinct kept.load_id from {{ this }} as kept)
    {%- endif %}
{%- endmacro %}


{# For a post-hook: rows of loads that are no longer in `relation` go. #}
{% macro forget_loads(relation) -%}
    delete from {{ this }}
    where load_id not in (select distinct load_id from {{ relation }})
{%- endmacro %}


{# For a post-hook: keep by what the table was made, in its comment. #}
{% macro keep_definition() -%}
    {% if execute %}comment on table {{ this }} is '{{ find_definition() }}'{% endif %}
{%- endmacro %}


{# What a model's rows depend on beside its loads: its code, the macros, how views and kept tables
   that it reads are made (the column formats stand in the views), the time zone, the columns of names. #}
{% macro find_definition() -%}
    {%- set parts = [model.raw_code, env_var('REIFEGRAD_TIMEZONE', 'Europe/Berlin')] -%}
    {%- do parts.extend(var('name_columns')) -%}
    {%- for made in context.values() if made.macro is defined and made.macro.package_name == model.package_name -%}
        {%- do parts.append(made.macro.macro_sql) -%}
    {%- endfor -%}
    {%- set parents -%}
        select string_agg(made, ' ' order by made)
        from (
            select schema_name, view_name as name, sql as made from duckdb_views()
            where database_name = current_database()
            union all
            select schema_name, table_name as name, comment as made from duckdb_tables()
            where database_name = current_database()
        )
        where (schema_name, name) in (
            {%- for parent in model.sources %}
            ('raw', '{{ parent[1] }}'),
            {%- endfor %}
            {%- for parent in model.refs %}
            ('staging', '{{ parent.name }}'),
            {%- endfor %}
            ('', '')
        )
    {%- endset -%}
    {{- local_md5(parts | sort | join(' ') ~ run_query(parents).columns[0][0]) -}}
{%- endmacro %}


{# Overrides dbt's own: also where the definition changed. #}
{% macro should_full_refresh() -%}
    {%- set is_wanted = flags.FULL_REFRESH if config.get('full_refresh') is none else config.get('full_refresh') -%}
    {%- if not is_wanted and config.get('materialized') == 'incremental' -%}
        {%- set kept -%}
            select comment from duckdb_tables()
            where
                database_name = current_database()
                and schema_name = '{{ this.schema }}'
                and table_name = '{{ this.identifier }}'
        {%- endset -%}
        {%- set comments = run_query(kept).columns[0].values() | list -%}
        {%- set is_wanted = comments != [find_definition()] -%}
    {%- endif -%}
    {{- return(is_wanted) -}}
{%- endmacro %}
