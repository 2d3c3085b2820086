with

source as (

    select * from {{ source('ops', 'call_list_limits') }}

),

renamed as (

    select
        rows_per_person,
        scores,
        bands
    from source

)

select * from renamed
