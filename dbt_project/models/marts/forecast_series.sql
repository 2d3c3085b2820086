{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

forecast_series as (

    select * from {{ ref('stg_ops__forecast_series') }}

),

final as (

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
        forecast_on
    from forecast_series

)

select * from final
