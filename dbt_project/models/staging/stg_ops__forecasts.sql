with

source as (

    select * from {{ source('ops', 'forecasts') }}

),

renamed as (

    select
        model,
        series,
        starts_on,
        unit,
        expected,
        low,
        high,
        promised_coverage,
        method,
        as_of,
        night as forecast_on
    from source

)

select * from renamed
