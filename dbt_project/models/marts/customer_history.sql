with

history as (

    select * from {{ ref('snap_customers') }}

),

final as (

    select
        customer_id,
        name,
        street,
        postcode,
        city,
        country,
        phone,
        email,
        website,
        vat_id,
        registration_no,
        industry,
        employees,
        account_manager,
        customer_since,
        dbt_valid_from as valid_from,
        dbt_valid_to as valid_to,
        dbt_valid_to is null as is_current
    from history

)

select * from final
