with

source as (

    select * from {{ source('ops', 'call_list_names') }}

),

renamed as (

    select
        written,
        name
    from source

)

select * from renamed
