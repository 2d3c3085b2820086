with

source as (

    select * from {{ source('ops', 'text_labels') }}

),

renamed as (

    select
        model,
        source,
        text_id,
        customer_id,
        said_at,
        category,
        probability,
        is_positive,
        is_said,
        sentence,
        method
    from source

)

select * from renamed
