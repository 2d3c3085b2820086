{#- A view: the rows are written after the build. -#}
{{ config(materialized='view') }}

with

scores as (

    select * from {{ ref('stg_ops__scores') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- who objected to profiling has no score, not even one from an earlier night; for a lead both its
-- customer of that night and its customer now count
final as (

    select scores.*
    from scores
    left join leads on scores.entity = 'lead' and scores.entity_id = leads.lead_id
    where not exists (
        select 1 from objections
        where objections.customer_id in (scores.entity_id, scores.customer_id, leads.customer_id)
    )

)

select * from final
