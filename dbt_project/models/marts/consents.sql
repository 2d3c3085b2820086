with

consents as (

    select * from {{ ref('int_consents_linked') }}

),

final as (

    select
        consent_id,
        customer_id,
        {{ email_key('email') }} as email,
        purpose,
        is_granted,
        decided_on
    from consents

)

select * from final
