{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

maturity_stages as (

    select * from {{ ref('stg_ops__maturity_stages') }}

),

final as (

    select
        night,
        use_case,
        stage,
        measured_stage,
        cause,
        cause_de,
        cause_en,
        assessed_at
    from maturity_stages

)

select * from final
