with

leads as (

    select * from {{ ref('int_leads_linked') }}
    where customer_id is not null

),

contacts as (

    select * from {{ ref('int_contacts_merged') }}

),

interactions as (

    select * from {{ ref('int_interactions_attributed') }}
    where contact_id is not null

),

-- whom the lead itself names
named as (

    select
        leads.lead_id,
        contacts.contact_id,
        true as is_named
    from leads
    inner join contacts
        on
            leads.customer_id = contacts.customer_id
            and {{ email_key('leads.contact_email') }} = contacts.email

    union all

    select
        lead_id,
        contact_id,
        true as is_named
    from {{ ref('int_lead_contacts_linked') }}
    where contact_id is not null

),

-- who read, clicked, visited or came while it was open, or in the quarter before
active as (

    select
        leads.lead_id,
        interactions.contact_id,
        false as is_named
    from leads
    inner join interactions
        on
            leads.customer_id = interactions.customer_id
            and interactions.occurred_at >= leads.created_on - 90
            and interactions.occurred_at < coalesce(leads.closed_on, {{ night() }}) + 1

),

final as (

    select
        lead_id,
        contact_id,
        bool_or(is_named) as is_named
    from (
        select * from named
        union all by name
        select * from active
    ) as together
    group by lead_id, contact_id

)

select * from final
