with

source as (

    select * from {{ source('ops', 'maturity_stages') }}

),

renamed as (

    select
        night,
        use_case,
        stage,
        measured_stage,
        cause,
        cause_de,
        cause_en,
        assessed_at
    from source

)

select * from renamed
