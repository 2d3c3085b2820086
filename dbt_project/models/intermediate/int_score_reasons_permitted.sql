{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

parts as (

    select * from {{ ref('stg_ops__score_reasons') }}

),

scores as (

    select * from {{ ref('int_scores_permitted') }}

),

final as (

    select parts.*
    from parts
    inner join scores using (score, entity_id)

)

select * from final
