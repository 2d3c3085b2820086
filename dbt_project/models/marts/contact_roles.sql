with

contacts as (

    select * from {{ ref('contacts') }}

),

titles as (

    select * from {{ ref('int_job_titles_read') }}

),

names as (

    select * from {{ ref('buying_roles') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

-- what people filled in beats all; it follows the record it was said of
corrected as (

    select
        records.contact_id,
        arg_max(corrections.value, corrections.loaded_at) as buying_role
    from {{ ref('stg_ops__corrections') }} as corrections
    inner join {{ ref('contact_records') }} as records
        on corrections.record_id = records.record_id
    where corrections.mart = 'contact_roles' and corrections.column_name = 'buying_role'
    group by records.contact_id

),

-- what sales said of a proposed role: a release confirms it, a rejection takes it back
judged as (

    select
        contact_id,
        arg_max(action, proposed_on) as buying_role,
        arg_max(reject_reason is null, proposed_on) as is_confirmed
    from {{ ref('stg_ops__proposals') }}
    where
        use_case = 'buying_centre' and contact_id is not null
        and action in (select names.buying_role from names)
        and (reject_reason in ('not_true', 'wrong_person') or release_count > 0)
    group by contact_id

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
        corrected.buying_role as corrected_role,
        judged.buying_role as judged_role,
        names.name_de as judged_de,
        names.name_en as judged_en,
        judged.is_confirmed,
        titles.buying_role as title_role,
        coalesce(bought.won_leads, 0) as won_leads,
        coalesce(bought.leads, 0) as lead_count,
        coalesce(seen.interactions, 0) as interaction_count,
        seen.last_seen_at
    from contacts
    left join corrected on contacts.contact_id = corrected.contact_id
    left join judged on contacts.contact_id = judged.contact_id
    left join names on judged.buying_role = names.buying_role
    left join titles on contacts.role = titles.title
    left join bought on contacts.contact_id = bought.contact_id
    left join seen on contacts.contact_id = seen.contact_id
    left join objections on contacts.customer_id = objections.customer_id
    where objections.customer_id is null

),

decided as (

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
    from decided

)

select * from final
