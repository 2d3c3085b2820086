with

consents as (

    select
        *,
        -- who decided: each mailbox for itself, or the company
        coalesce({{ email_key('email') }}, 'company') as decided_by
    from {{ ref('int_consents_linked') }}

),

customer_keys as (

    select * from {{ ref('int_customer_keys_listed') }}

),

consent_keys as (

    select
        consents.*,
        unnest([
            { 'kind': 'email', 'key': {{ email_key('consents.email') }} },
            { 'kind': 'name', 'key': {{ name_key('consents.company_name') }} }
        ]) as entry
    from consents
    where consents.purpose = 'profiling'

),

-- An objection applies to every customer that its key may belong to; a newsletter subscription only
-- to a customer that the key identifies uniquely.
concerned as (

    select
        customer_id,
        purpose,
        decided_by,
        is_granted,
        decided_on
    from consents
    where customer_id is not null

    union distinct

    select
        customer_keys.customer_id,
        consent_keys.purpose,
        consent_keys.decided_by,
        consent_keys.is_granted,
        consent_keys.decided_on
    from consent_keys
    inner join customer_keys
        on
            consent_keys.entry.kind = customer_keys.kind
            and consent_keys.entry.key = customer_keys.key

),

final as (

    select
        customer_id,
        purpose,
        decided_by,
        decided_on,
        -- two decisions on one day: the refusal holds
        bool_and(is_granted) as is_granted
    from concerned
    group by all

)

select * from final
