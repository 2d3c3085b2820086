with

source as (

    select * from {{ source('ops', 'shown_hints') }}

),

renamed as (

    select
        night,
        score,
        entity,
        entity_id,
        customer_id,
        points,
        band,
        method,
        model_version,
        probability,
        amount,
        expected_amount,
        horizon_days
    from source

)

select * from renamed
