{%- set attributes = customer_attributes().split() -%}
{%- set types = {'number': 'integer', 'date': 'date', 'boolean': 'boolean'} -%}

with

records as (

    select * from {{ ref('int_company_records') }}

),

resolved as (

    select * from {{ ref('int_companies_resolved') }}

),

chosen as (

    select * from {{ ref('int_customer_attributes_ranked') }}
    where is_chosen

),

merged as (

    select
        {% for attribute in attributes %}
            max(value) filter (where attribute = '{{ attribute }}') as {{ attribute }},
        {% endfor %}
        customer_id
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
        {% for attribute in customer_attributes('text').split() if attribute != 'name' %}
            merged.{{ attribute }},
        {% endfor %}
        {% for kind, type in types.items() %}
            {% for attribute in customer_attributes(kind).split() %}
                cast(merged.{{ attribute }} as {{ type }}) as {{ attribute }},
            {% endfor %}
        {% endfor %}
        counts.record_count,
        counts.source_count
    from counts
    left join merged on counts.customer_id = merged.customer_id

)

select * from final
