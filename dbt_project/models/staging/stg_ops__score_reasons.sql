with

source as (

    select * from {{ source('ops', 'score_reasons') }}

),

renamed as (

    select
        score,
        entity,
        entity_id,
        feature,
        value,
        part,
        unit,
        direction,
        rank,
        is_shown,
        sentence_de,
        sentence_en,
        night as scored_on
    from source

)

select * from renamed
