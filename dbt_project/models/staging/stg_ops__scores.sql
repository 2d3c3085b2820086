with

source as (

    select * from {{ source('ops', 'scores') }}

),

renamed as (

    select
        score,
        entity,
        entity_id,
        points,
        band,
        reasons_de,
        reasons_en,
        night as scored_on
    from source

)

select * from renamed
