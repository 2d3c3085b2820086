with

lead_stages as (

    {{ newest(ref('stg_inbox__lead_stages'), 'lead_stage_id') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}

),

final as (

    select
        lead_stages.lead_stage_id,
        lead_stages.lead_id,
        leads.customer_id,
        lead_stages.stage,
        lead_stages.entered_on
    from lead_stages
    left join leads on lead_stages.lead_id = leads.lead_id

)

select * from final
