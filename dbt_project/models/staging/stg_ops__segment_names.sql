with

source as (

    select * from {{ source('ops', 'segment_names') }}

),

renamed as (

    select
        model,
        segment,
        place,
        name_de,
        name_en,
        traits_de,
        traits_en
    from source

)

select * from renamed
