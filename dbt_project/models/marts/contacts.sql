with

merged as (

    select * from {{ ref('int_contacts_merged') }}

),

final as (

    select
        contact_id,
        person_id,
        customer_id,
        given_name,
        family_name,
        role,
        email,
        phone,
        is_active,
        left_on,
        record_count
    from merged

)

select * from final
