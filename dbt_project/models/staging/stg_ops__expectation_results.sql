with

source as (

    select * from {{ source('ops', 'expectation_results') }}

),

renamed as (

    select
        night,
        use_case,
        stage,
        expectation,
        is_met,
        observed,
        required,
        unit,
        records_total,
        records_unmet,
        records_to_next,
        todo_de,
        todo_en
    from source

)

select * from renamed
