{#- A view: feedback is read before the build, and before the lists of the same night. -#}
{{ config(materialized='view') }}

with

feedback as (

    select * from {{ ref('stg_ops__score_feedback') }}

),

kinds as (

    select * from {{ ref('stg_ops__feedback_kinds') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}

),

records as (

    select
        key as record_id,
        any_value(customer_id) as customer_id
    from {{ ref('int_customer_keys_listed') }}
    where kind = 'record'
    group by all

),

-- it follows the record that it was said of, or the lead, where customers merge or split
final as (

    select
        feedback.*,
        kinds.is_followed,
        kinds.pause_days,
        coalesce(leads.customer_id, records.customer_id) as customer_id
    from feedback
    inner join kinds on feedback.kind = kinds.kind
    left join leads on feedback.entity = 'lead' and feedback.entity_id = leads.lead_id
    left join records on feedback.company_record_id = records.record_id

)

select * from final
