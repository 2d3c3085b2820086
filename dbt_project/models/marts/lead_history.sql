with

history as (

    select * from {{ ref('snap_leads') }}

),

final as (

    select
        lead_id,
        customer_id,
        title,
        stage,
        outcome,
        amount,
        lead_source,
        created_on,
        closed_on,
        owner,
        dbt_valid_from as valid_from,
        dbt_valid_to as valid_to,
        dbt_valid_to is null as is_current
    from history

)

select * from final
