{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

expectation_results as (

    select * from {{ ref('stg_ops__expectation_results') }}

),

final as (

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
    from expectation_results

)

select * from final
