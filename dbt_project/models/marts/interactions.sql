with

interactions as (

    select * from {{ ref('int_interactions_linked') }}

),

contacts as (

    select
        customer_id,
        {{ email_key('email') }} as email,
        min(contact_id) as contact_id
    from {{ ref('int_contacts_linked') }}
    where email is not null
    group by all

),

final as (

    select
        interactions.interaction_id,
        interactions.customer_id,
        contacts.contact_id,
        interactions.kind,
        interactions.occurred_at,
        interactions.detail,
        {{ email_key('interactions.email') }} as email
    from interactions
    left join contacts
        on
            interactions.customer_id = contacts.customer_id
            and {{ email_key('interactions.email') }} = contacts.email

)

select * from final
