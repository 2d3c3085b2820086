{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

recommendations as (

    select * from {{ ref('stg_ops__recommendations') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- who objected to profiling since has none, not even from an earlier night
final as (

    select recommendations.*
    from recommendations
    where
        not exists (
            select 1 from objections
            where objections.customer_id = recommendations.customer_id
        )

)

select * from final
