with

source as (

    select * from {{ source('ops', 'recommendations') }}

),

renamed as (

    select
        model,
        customer_id,
        kind,
        rank,
        sku,
        product_name,
        product_group,
        due_on,
        strength,
        reason_de,
        reason_en,
        method,
        as_of
    from source

)

select * from renamed
