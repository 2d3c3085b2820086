{%- set attributes = customer_attributes().split() -%}

with

records as (

    select
        records.* replace (
            {% for name in customer_attributes('number').split() %}
                cast(round(records.{{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
            {% endfor %}
        ),
        resolved.customer_id
    from {{ ref('int_company_records') }} as records
    inner join {{ ref('int_companies_resolved') }} as resolved
        on records.record_id = resolved.record_id

),

ranked as (

    {{ rank_values('records', 'customer_id', 'customers', attributes) }}

),

-- what people filled in beats all records, field by field; it follows the record it was said of
corrected as (

    select
        resolved.customer_id,
        corrections.column_name as attribute, -- noqa: RF04
        corrections.value,
        corrections.record_id,
        corrections.file,
        corrections.row_number,
        corrections.loaded_at
    from {{ ref('stg_ops__corrections') }} as corrections
    inner join {{ ref('int_companies_resolved') }} as resolved
        on corrections.record_id = resolved.record_id
    where corrections.mart = 'customers'
    qualify row_number() over (
        partition by resolved.customer_id, corrections.column_name
        order by corrections.loaded_at desc, corrections.record_id asc
    ) = 1

),

final as (

    select
        ranked.* replace (
            ranked.is_chosen and corrected.customer_id is null as is_chosen,
            ranked.rank + if(corrected.customer_id is null, 0, 1) as rank,
            case
                when corrected.customer_id is null then ranked.beaten_by
                when ranked.value is distinct from corrected.value then 'trusted'
            end as beaten_by
        )
    from ranked
    left join corrected
        on
            ranked.customer_id = corrected.customer_id
            and ranked.attribute = corrected.attribute

    union all by name

    select
        customer_id,
        attribute,
        value,
        record_id,
        'corrections' as source,
        file,
        row_number,
        loaded_at,
        true as is_chosen,
        1 as rank,
        cast(null as varchar) as beaten_by
    from corrected

)

select * from final
