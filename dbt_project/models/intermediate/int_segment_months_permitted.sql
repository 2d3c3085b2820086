{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

segment_months as (

    select * from {{ ref('stg_ops__segment_months') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- who objected to profiling since is in no segment of earlier months either
final as (

    select segment_months.*
    from segment_months
    where
        not exists (
            select 1 from objections
            where objections.customer_id = segment_months.customer_id
        )

)

select * from final
