with

contacts as (

    select * from {{ ref('int_contacts_linked') }}

),

resolved as (

    select * from {{ ref('int_persons_resolved') }}

),

final as (

    select
        contacts.record_id,
        resolved.contact_id,
        resolved.person_id,
        contacts.source,
        resolved.probability
    from contacts
    inner join resolved on contacts.record_id = resolved.record_id

)

select * from final
