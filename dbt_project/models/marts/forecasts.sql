{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

forecasts as (

    select * from {{ ref('stg_ops__forecasts') }}

),

final as (

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
        forecast_on
    from forecasts

)

select * from final
