with

contacts as (

    select * from {{ ref('int_contacts_linked') }}

),

final as (

    select
        contact_id,
        customer_id,
        given_name,
        family_name,
        role,
        {{ email_key('email') }} as email,
        phone,
        coalesce(is_active, true) and left_on is null as is_active,
        left_on
    from contacts

)

select * from final
