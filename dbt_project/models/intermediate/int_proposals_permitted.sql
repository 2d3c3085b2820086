{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

proposals as (

    select * from {{ ref('stg_ops__proposals') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- of who objected to profiling since, nothing is shown, not even what was sent before
final as (

    select proposals.*
    from proposals
    where
        not exists (
            select 1 from objections
            where objections.customer_id = proposals.customer_id
        )

)

select * from final
