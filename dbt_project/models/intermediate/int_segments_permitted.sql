{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

segments as (

    select * from {{ ref('stg_ops__segments') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- who objected to profiling since is in no segment
final as (

    select segments.*
    from segments
    where
        not exists (
            select 1 from objections
            where objections.customer_id = segments.customer_id
        )

)

select * from final
