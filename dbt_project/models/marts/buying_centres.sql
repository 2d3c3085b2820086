with

leads as (

    select * from {{ ref('int_leads_linked') }}
    where customer_id is not null

),

names as (

    select * from {{ ref('buying_roles') }}
    where buying_role <> 'unknown'

),

contacts as (

    select
        contacts.contact_id,
        contacts.customer_id,
        contacts.is_active,
        contacts.record_count,
        found.buying_role,
        found.last_seen_at
    from {{ ref('contacts') }} as contacts
    inner join {{ ref('contact_roles') }} as found on contacts.contact_id = found.contact_id

),

-- the parts that the people of each lead have
taking_part as (

    select distinct
        people.lead_id,
        contacts.buying_role
    from {{ ref('int_lead_contacts_known') }} as people
    inner join contacts on people.contact_id = contacts.contact_id
    where contacts.buying_role <> 'unknown'

),

-- of the leads of three years that are decided and name anybody: longer ago other people decided
closed as (

    select
        leads.lead_id,
        leads.outcome = 'won' as is_won
    from leads
    where
        leads.outcome in ('won', 'lost')
        and leads.closed_on >= {{ night() }} - 1095
        and leads.lead_id in (select taking_part.lead_id from taking_part)

),

shares as (

    select
        names.buying_role,
        count(*) filter (where closed.is_won) as won,
        count(*) filter (where closed.is_won and taking_part.lead_id is not null) as won_with,
        count(*) filter (where taking_part.lead_id is not null) as closed_with,
        count(*) filter (where taking_part.lead_id is null) as closed_without
    from closed
    cross join names
    left join taking_part
        on closed.lead_id = taking_part.lead_id and names.buying_role = taking_part.buying_role
    group by names.buying_role

),

-- who could be asked for: somebody of that part who is there and does not take part yet
known as (

    select
        customer_id,
        buying_role,
        arg_max(contact_id, (last_seen_at is not null, record_count, contact_id)) as contact_id
    from contacts
    where is_active
    group by all

),

parts as (

    select
        lead_id,
        string_agg(buying_role, ', ' order by buying_role) as roles_present
    from taking_part
    group by lead_id

),

missing as (

    select
        leads.lead_id,
        leads.customer_id,
        shares.buying_role,
        shares.won,
        shares.won_with,
        shares.won_with / nullif(shares.closed_with, 0) as share_won_with,
        (shares.won - shares.won_with) / nullif(shares.closed_without, 0) as share_won_without
    from leads
    cross join shares
    left join taking_part
        on leads.lead_id = taking_part.lead_id and shares.buying_role = taking_part.buying_role
    where
        leads.outcome = 'open' and taking_part.lead_id is null
        -- it belongs to most of what was won; of fewer than twenty won leads nobody can say
        and shares.won >= 20 and shares.won_with * 2 >= shares.won
        -- what was won without it as often is not missing
        and shares.won_with * shares.closed_without
        > (shares.won - shares.won_with) * shares.closed_with
    qualify row_number() over (
        partition by leads.lead_id
        order by
            share_won_with - coalesce(share_won_without, 0) desc nulls last,
            shares.won_with desc, shares.buying_role asc
    ) = 1

),

final as (

    select
        leads.lead_id,
        leads.customer_id,
        parts.roles_present,
        missing.buying_role as missing_role,
        missing.won as won_leads,
        missing.won_with as won_with_role,
        missing.share_won_with,
        missing.share_won_without,
        known.contact_id
    from leads
    left join parts on leads.lead_id = parts.lead_id
    left join missing on leads.lead_id = missing.lead_id
    left join known
        on leads.customer_id = known.customer_id and missing.buying_role = known.buying_role
    where
        leads.outcome = 'open'
        and leads.customer_id in (select contacts.customer_id from contacts)

)

select * from final
