with

source as (

    select * from {{ source('ops', 'forecast_series') }}

),

renamed as (

    select
        model,
        series,
        method,
        origins,
        error,
        baseline_error,
        coverage,
        expected_total,
        low_total,
        high_total,
        last_year_total,
        told_de,
        told_en,
        night as forecast_on
    from source

)

select * from renamed
