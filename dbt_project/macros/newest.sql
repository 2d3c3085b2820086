{#
    Files overlap and repeat: of the rows with one record id the newest version holds, not the one
    that was read last. When a row was changed says its own column, if sources.yml names one as
    `changed`; else the file's name or time of change does (ingest/loading/versions.py). Where all
    of that is equal, the names of the files and the order of the rows decide, so that reading
    everything anew gives the same.
#}
{% macro newest(relation, id) -%}
    select *
    from {{ relation }}
    qualify row_number() over (
        partition by {{ id }}
        order by {{ newest_first() }}
    ) = 1
{%- endmacro %}


{% macro newest_first() -%}
    {%- for part in version_parts() -%}
        {{ part }} desc nulls last{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro version_parts() -%}
    {{- return(['coalesce(changed_at, version_at)', 'version_at', 'modified_at', 'file', 'row_number']) -}}
{%- endmacro %}


{# What a staging model passes on for it. #}
{% macro version_columns() -%}
    {{ parse_timestamp('changed_at') }} as changed_at,
        version_at,
        modified_at,
{%- endmacro %}
