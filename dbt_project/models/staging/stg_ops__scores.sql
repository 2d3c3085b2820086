with

source as (

    select * from {{ source('ops', 'scores') }}

),

renamed as (

    select
        score,
        entity,
        entity_id,
        customer_id,
        stage,
        method,
        model_version,
        probability,
        points,
        band,
        reasons_de,
        reasons_en,
        told_de,
        told_en,
        amount,
        expected_amount,
        night as scored_on,
        as_of
    from source

)

select * from renamed
