with

interactions as (

    select * from {{ ref('int_interactions_linked') }}

),

feedback as (

    select * from {{ ref('int_score_feedback_linked') }}

),

-- a mailbox of several people belongs to no single person
contacts as (

    select
        linked.customer_id,
        {{ email_key('linked.email') }} as email,
        any_value(resolved.contact_id) as contact_id
    from {{ ref('int_contacts_linked') }} as linked
    inner join {{ ref('int_persons_resolved') }} as resolved
        on linked.record_id = resolved.record_id
    where linked.email is not null
    group by all
    having count(distinct resolved.contact_id) = 1

),

final as (

    select
        interactions.interaction_id,
        interactions.customer_id,
        contacts.contact_id,
        interactions.kind,
        interactions.occurred_at,
        coalesce(interactions.detail, interactions.campaign, interactions.topic) as detail,
        -- of a mail whose file has no column for campaigns the detail is the campaign
        coalesce(
            interactions.campaign,
            case
                when interactions.kind like 'email%' and interactions.detail not like '%/%'
                    then interactions.detail
            end
        ) as campaign,
        {{ topic_of('interactions.topic') }} as topic,
        {{ email_key('interactions.email') }} as email
    from interactions
    left join contacts
        on
            interactions.customer_id = contacts.customer_id
            and {{ email_key('interactions.email') }} = contacts.email

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
