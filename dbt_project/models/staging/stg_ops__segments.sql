with

source as (

    select * from {{ source('ops', 'segments') }}

),

renamed as (

    select
        model,
        customer_id,
        segment,
        name_de,
        name_en,
        stage,
        method,
        model_version,
        fitted_on,
        is_far,
        as_of,
        night as assigned_on
    from source

)

select * from renamed
