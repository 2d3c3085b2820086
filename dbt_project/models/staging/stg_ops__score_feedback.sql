with

source as (

    select * from {{ source('ops', 'score_feedback') }}

),

renamed as (

    select
        concat_ws(':', 'feedback', source, score, entity_id, about) as feedback_id,
        score,
        entity,
        entity_id,
        company_record_id,
        kind,
        note,
        about,
        cast(said_at as date) as said_on,
        said_at,
        source
    from source

)

select * from renamed
