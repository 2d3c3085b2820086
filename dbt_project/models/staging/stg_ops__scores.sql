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
        night as scored_on,
        as_of
    from source

)

select * from renamed
