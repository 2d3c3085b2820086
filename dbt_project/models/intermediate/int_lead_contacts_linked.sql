with

lead_contacts as (

    {{ newest(ref('stg_inbox__lead_contacts'), 'lead_contact_id') }}

),

leads as (

    select * from {{ ref('int_leads_linked') }}

),

persons as (

    select
        linked.record_id,
        linked.customer_id,
        resolved.contact_id,
        {{ email_key('linked.email') }} as email
    from {{ ref('int_contacts_linked') }} as linked
    inner join {{ ref('int_persons_resolved') }} as resolved
        on linked.record_id = resolved.record_id

),

-- a lead's own contact takes part in it, whether a list of participants says so or not
named as (

    select
        lead_id,
        contact_record_id,
        {{ email_key('email') }} as email,
        role
    from lead_contacts
    where lead_id is not null

    union all

    select
        lead_id,
        null as contact_record_id,
        {{ email_key('contact_email') }} as email,
        null as role
    from leads
    where contact_email is not null

),

-- a mailbox of several people belongs to no single person
mailboxes as (

    select
        customer_id,
        email,
        any_value(contact_id) as contact_id
    from persons
    where email is not null
    group by customer_id, email
    having count(distinct contact_id) = 1

),

found as (

    select
        named.lead_id,
        leads.customer_id,
        named.role,
        coalesce(of_record.contact_id, of_mailbox.contact_id) as contact_id,
        coalesce(named.email, of_record.email) as email
    from named
    left join leads on named.lead_id = leads.lead_id
    left join persons as of_record on named.contact_record_id = of_record.record_id
    left join mailboxes as of_mailbox
        on
            leads.customer_id = of_mailbox.customer_id
            and named.email = of_mailbox.email

),

final as (

    select
        lead_id,
        contact_id,
        any_value(customer_id) as customer_id,
        min(email) as email,
        min(role) as role
    from found
    where coalesce(contact_id, email) is not null
    group by lead_id, contact_id, case when contact_id is null then email end

)

select * from final
