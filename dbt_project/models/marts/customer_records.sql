with

records as (

    select * from {{ ref('int_company_records') }}

),

resolved as (

    select * from {{ ref('int_companies_resolved') }}

),

final as (

    select
        records.record_id,
        resolved.customer_id,
        records.source,
        records.name,
        resolved.probability
    from records
    inner join resolved on records.record_id = resolved.record_id

)

select * from final
