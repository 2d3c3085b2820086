with

lead_stages as (

    {{ newest(ref('stg_inbox__lead_stages'), 'lead_stage_id') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}

),

-- Files date stages by the day: of two on one day the one further down in the file came later.
stepped as (

    select
        lead_stage_id,
        row_number() over steps as step,
        lead(entered_on) over steps as left_on
    from lead_stages
    where entered_on is not null
    window steps as (
        partition by lead_id
        order by entered_on, version_at, modified_at, file, row_number, lead_stage_id
    )

),

final as (

    select
        lead_stages.lead_stage_id,
        lead_stages.lead_id,
        leads.customer_id,
        lead_stages.stage,
        stepped.step,
        lead_stages.entered_on,
        stepped.left_on
    from lead_stages
    left join stepped on lead_stages.lead_stage_id = stepped.lead_stage_id
    left join leads on lead_stages.lead_id = leads.lead_id

)

select * from final
