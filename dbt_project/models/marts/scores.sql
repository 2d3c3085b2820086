{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

scores as (

    select * from {{ ref('stg_ops__scores') }}

),

customers as (

    select * from {{ ref('customers') }}

),

final as (

    select
        scores.score,
        scores.entity,
        scores.entity_id,
        scores.customer_id,
        scores.scored_on as night,
        scores.stage,
        scores.method,
        scores.model_version,
        scores.probability,
        scores.points,
        scores.band,
        scores.reasons_de,
        scores.reasons_en
    from scores
    -- who objected to profiling has no score, even where an earlier night left one
    where
        scores.customer_id is null
        or scores.customer_id not in (
            select customers.customer_id from customers
            where customers.has_objected_to_profiling
        )

)

select * from final
