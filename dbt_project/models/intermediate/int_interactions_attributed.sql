with

interactions as (

    select * from {{ ref('int_interactions_linked') }}

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
        interactions.*,
        contacts.contact_id
    from interactions
    left join contacts
        on
            interactions.customer_id = contacts.customer_id
            and {{ email_key('interactions.email') }} = contacts.email

)

select * from final
