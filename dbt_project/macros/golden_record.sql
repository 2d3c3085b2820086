{#
    Ranking what records say of one thing. Rules act in order: the first one in which two records
    differ decides between them. Attributes of one unit (an address) are ranked together, so that
    all of them come from one record.

    `records` has the thing's `id`, record_id, source, file, row_number, loaded_at, what tells its
    version (newest.sql) and the attributes. Grain of the result: thing, attribute, record that has a value. `rank` 1 is
    chosen; a record without a value is left out, so that an attribute of a group may lack a
    rank 1. `beaten_by` is null where a record says the same as the chosen one.
#}
{% macro rank_values(records, id, entity, attributes) -%}
    {%- set places = [1, 2, 3, 4] -%}
    with

    listed as (

        select
            {{ id }},
            record_id,
            source,
            file,
            row_number,
            loaded_at,
            row_number() over (
                partition by {{ id }}
                order by {{ version_parts() | join(' nulls first, ') }} nulls first, record_id
            ) as newest,
            unnest([
                {% for attribute in attributes %}
                    {
                        'attribute': '{{ attribute }}',
                        'content': cast({{ attribute }} as varchar)
                    }{{ ',' if not loop.last }}
                {% endfor %}
            ]) as entry
        from {{ records }}

    ),

    ruled as (

        select
            listed.*,
            rules.unit,
            rules.is_group,
            rules.rules,
            length(regexp_replace(listed.entry.content, '\s+', ' ', 'g')) as length,
            -coalesce(list_position(rules.trust, listed.source), len(rules.trust) + 1) as trusted,
            count(*) over (
                partition by
                    listed.{{ id }},
                    listed.entry.attribute,
                    regexp_replace(listed.entry.content, '\s+', ' ', 'g')
            ) as occurrences
        from listed
        inner join {{ ref('int_golden_record_rules') }} as rules
            on
                rules.entity = '{{ entity }}'
                and listed.entry.attribute = rules.attribute
        where listed.entry.content is not null

    ),

    measured as (

        select
            {{ id }},
            unit,
            record_id,
            any_value(rules) as rules,
            any_value(newest) as newest,
            any_value(trusted) as trusted,
            sum(occurrences) as frequent,
            case when any_value(is_group) then count(*) else sum(length) end as complete
        from ruled
        group by {{ id }}, unit, record_id

    ),

    scored as (

        select
            *,
            {% for n in places %}
                case rules[{{ n }}]
                    when 'frequent' then frequent
                    when 'newest' then newest
                    when 'trusted' then trusted
                    when 'complete' then complete
                end as score_{{ n }}{{ ',' if not loop.last }}
            {% endfor %}
        from measured

    ),

    ranked as (

        select
            {{ id }},
            unit,
            record_id,
            row_number() over best_first as rank,
            case
                {% for n in places %}
                    when score_{{ n }} < first_value(score_{{ n }}) over best_first
                        then rules[{{ n }}]
                {% endfor %}
            end as beaten_by
        from scored
        window best_first as (
            partition by {{ id }}, unit
            order by {% for n in places %}score_{{ n }} desc{{ ', ' if not loop.last }}{% endfor %}
        )

    )

    select
        ruled.{{ id }},
        ruled.entry.attribute,
        ruled.entry.content as value,
        ruled.record_id,
        ruled.source,
        ruled.file,
        ruled.row_number,
        ruled.loaded_at,
        ranked.rank = 1 as is_chosen,
        ranked.rank,
        -- true too where the chosen record has no value for this part of its group
        case
            when coalesce(
                ruled.entry.content
                != max(ruled.entry.content) filter (where ranked.rank = 1)
                    over (partition by ruled.{{ id }}, ruled.entry.attribute),
                true
            ) then ranked.beaten_by
        end as beaten_by
    from ruled
    inner join ranked
        on
            ruled.{{ id }} = ranked.{{ id }}
            and ruled.unit = ranked.unit
            and ruled.record_id = ranked.record_id
{%- endmacro %}
