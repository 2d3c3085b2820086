with

interactions as (

    select * from {{ ref('int_interactions_attributed') }}

),

feedback as (

    select * from {{ ref('int_score_feedback_linked') }}

),

final as (

    select
        interaction_id,
        customer_id,
        contact_id,
        kind,
        occurred_at,
        coalesce(detail, campaign, topic) as detail,
        -- of a mail whose file has no column for campaigns the detail is the campaign
        coalesce(
            campaign,
            case
                when kind like 'email%' and detail not like '%/%'
                    then detail
            end
        ) as campaign,
        {{ topic_of('topic') }} as topic,
        {{ email_key('email') }} as email
    from interactions

    union all

    select
        feedback_id as interaction_id,
        customer_id,
        null as contact_id,
        'score_feedback' as kind,
        said_at as occurred_at,
        kind as detail,
        null as campaign,
        null as topic,
        null as email
    from feedback

)

select * from final
