{%- set attributes = [
    'name', 'street', 'postcode', 'city', 'country', 'phone', 'email', 'website', 'vat_id',
    'registration_no', 'industry', 'employees', 'account_manager', 'customer_since',
] -%}

with

records as (

    select
        records.* replace (cast(round(records.employees) as bigint) as employees),
        resolved.customer_id
    from {{ ref('int_company_records') }} as records
    inner join {{ ref('int_companies_resolved') }} as resolved
        on records.record_id = resolved.record_id

),

final as (

    {{ rank_values('records', 'customer_id', 'customers', attributes) }}

)

select * from final
