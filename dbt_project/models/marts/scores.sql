{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

scores as (

    select * from {{ ref('int_scores_permitted') }}

),

final as (

    select
        score,
        entity,
        entity_id,
        customer_id,
        scored_on as night,
        as_of,
        stage,
        method,
        model_version,
        probability,
        points,
        band,
        reasons_de,
        reasons_en,
        told_de,
        told_en,
        amount,
        expected_amount
    from scores

)

select * from final
