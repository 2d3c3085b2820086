with

consents as (

    {{ newest(ref('stg_inbox__consents'), 'consent_id') }}

),

decided as (

    select
        * replace (
            lower(purpose) as purpose,
            -- what cannot be read is no consent; a decision without a day holds since it came in
            coalesce(is_granted, false) as is_granted,
            coalesce(decided_on, cast(coalesce(changed_at, version_at) as date)) as decided_on
        )
    from consents

),

final as (

    {{ link_customers('decided', ref('int_customer_keys_listed'), [
        ('record', 'decided.company_record_id'),
        ('email', email_key('decided.email')),
        ('domain', email_domain('decided.email')),
        ('name', name_key('decided.company_name')),
    ]) }}

)

select * from final
