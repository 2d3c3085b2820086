{%- set attributes = [
    'name', 'street', 'postcode', 'city', 'country', 'phone', 'email', 'website', 'vat_id',
    'registration_no', 'industry', 'employees', 'account_manager', 'customer_since',
] -%}
{%- set typed = ['employees', 'customer_since'] -%}

with

records as (

    select * from {{ ref('int_company_records') }}

),

resolved as (

    select * from {{ ref('int_companies_resolved') }}

),

listed as (

    select
        resolved.customer_id,
        records.loaded_at,
        records.row_number,
        unnest([
            {% for attribute in attributes %}
                {
                    'attribute': '{{ attribute }}',
                    'content': cast(records.{{ attribute }} as varchar)
                }{{ ',' if not loop.last }}
            {% endfor %}
        ]) as entry
    from records
    inner join resolved on records.record_id = resolved.record_id

),

counted as (

    select
        listed.customer_id,
        listed.entry.attribute,
        listed.entry.content,
        count(*) as occurrences,
        max((listed.loaded_at, listed.row_number)) as newest
    from listed
    where listed.entry.content is not null
    group by all

),

-- the golden record: per attribute what most records say, of equals what the newest says
chosen as (

    select *
    from counted
    qualify row_number() over (
        partition by customer_id, attribute
        order by occurrences desc, newest desc, content asc
    ) = 1

),

merged as (

    select
        customer_id,
        {% for attribute in attributes %}
            max(content) filter (where attribute = '{{ attribute }}') as {{ attribute }},
        {% endfor %}
        count(*) as attribute_count
    from chosen
    group by customer_id

),

counts as (

    select
        resolved.customer_id,
        -- a customer that only orders know is called by its number
        min(split_part(records.record_id, ':', 2)) as number,
        count(*) as record_count,
        count(distinct records.source) as source_count
    from resolved
    inner join records on resolved.record_id = records.record_id
    group by resolved.customer_id

),

final as (

    select
        counts.customer_id,
        coalesce(merged.name, counts.number) as name,
        {% for attribute in attributes if attribute not in ['name'] + typed %}
            merged.{{ attribute }},
        {% endfor %}
        cast(round(cast(merged.employees as double)) as integer) as employees,
        cast(merged.customer_since as date) as customer_since,
        counts.record_count,
        counts.source_count
    from counts
    left join merged on counts.customer_id = merged.customer_id

)

select * from final
