with

source as (

    select * from {{ source('ops', 'segment_months') }}

),

renamed as (

    select
        model,
        month,
        customer_id,
        segment
    from source

)

select * from renamed
