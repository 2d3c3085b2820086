with

lead_contacts as (

    select * from {{ ref('int_lead_contacts_linked') }}

),

final as (

    select
        lead_id,
        contact_id,
        customer_id,
        email,
        role
    from lead_contacts

)

select * from final
