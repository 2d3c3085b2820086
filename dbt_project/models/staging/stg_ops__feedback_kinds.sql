with

source as (

    select * from {{ source('ops', 'feedback_kinds') }}

),

renamed as (

    select
        kind,
        is_followed,
        pause_days
    from source

)

select * from renamed
