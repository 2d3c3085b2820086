with

source as (

    select * from {{ source('ops', 'corrections') }}

),

renamed as (

    select
        mart,
        record_id,
        column_name,
        value,
        file,
        row_number,
        said_at as loaded_at
    from source

)

select * from renamed
