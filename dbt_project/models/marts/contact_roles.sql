with

contacts as (

    select * from {{ ref('contacts') }}

),

titles as (

    select * from {{ ref('int_job_titles_read') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

decided as (

    select * from {{ ref('int_contact_roles_decided') }}

),

bought as (

    select
        people.contact_id,
        count(*) filter (where leads.outcome = 'won') as won_leads,
        count(*) as leads
    from {{ ref('int_lead_contacts_known') }} as people
    inner join {{ ref('int_leads_linked') }} as leads on people.lead_id = leads.lead_id
    where people.is_named
    group by people.contact_id

),

seen as (

    select
        contact_id,
        count(*) as interactions,
        max(occurred_at) as last_seen_at
    from {{ ref('interactions') }}
    where
        kind <> 'score_feedback'
        and occurred_at >= {{ night() }} - 365 and occurred_at < {{ night() }} + 1
    group by contact_id

),

gathered as (

    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.role,
        decided.corrected_role,
        decided.judged_role,
        decided.judged_de,
        decided.judged_en,
        decided.is_confirmed,
        titles.buying_role as title_role,
        coalesce(bought.won_leads, 0) as won_leads,
        coalesce(bought.leads, 0) as lead_count,
        coalesce(seen.interactions, 0) as interaction_count,
        seen.last_seen_at
    from contacts
    left join decided on contacts.contact_id = decided.contact_id
    left join titles on contacts.role = titles.title
    left join bought on contacts.contact_id = bought.contact_id
    left join seen on contacts.contact_id = seen.contact_id
    left join objections on contacts.customer_id = objections.customer_id
    where objections.customer_id is null

),

explained as (

    select
        *,
        case
            when corrected_role is not null then 'person'
            when is_confirmed or judged_role = title_role then 'person'
            when title_role <> 'unknown' then 'title'
            when won_leads > 0 then 'behaviour'
            else 'none'
        end as method  -- noqa: RF04
    from gathered

),

final as (

    select
        contact_id,
        customer_id,
        case
            when corrected_role is not null then corrected_role
            when method = 'person' and is_confirmed then judged_role
            when method = 'title' then title_role
            when method = 'behaviour' then 'buyer'
            else 'unknown'
        end as buying_role,
        case
            when corrected_role is not null then 'von Menschen eingetragen'
            when method = 'person' and is_confirmed then 'vom Vertrieb bestätigt'
            when method = 'person' then 'laut Vertrieb nicht ' || judged_de
            when method = 'title' then 'Funktion: ' || role
            when method = 'behaviour' then 'in gewonnenen Angeboten genannt: ' || won_leads
        end as reason_de,
        case
            when corrected_role is not null then 'entered by people'
            when method = 'person' and is_confirmed then 'confirmed by sales'
            when method = 'person' then 'by word of sales not ' || judged_en
            when method = 'title' then 'job title: ' || role
            when method = 'behaviour' then 'named in offers that were won: ' || won_leads
        end as reason_en,
        method,
        won_leads,
        lead_count,
        interaction_count,
        last_seen_at
    from explained

)

select * from final
