with

source as (

    select * from {{ source('ops', 'maturity_stages') }}

),

renamed as (

    select
        night,
        use_case,
        stage,
        assessed_at
    from source

)

select * from renamed
