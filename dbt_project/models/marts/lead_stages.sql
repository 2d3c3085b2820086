with

lead_stages as (

    select * from {{ ref('int_lead_stages_stepped') }}

),

final as (

    select
        lead_stage_id,
        lead_id,
        customer_id,
        stage,
        step,
        entered_on,
        left_on
    from lead_stages

)

select * from final
