with

company_keys as (

    select * from {{ ref('int_company_keys_listed') }}

),

contacts as (

    select * from {{ ref('int_contacts_linked') }}
    where customer_id is not null

),

free_mail_domains as (

    select * from {{ ref('free_mail_domains') }}

),

final as (

    select
        customer_id,
        kind,
        key
    from company_keys

    union distinct

    select
        customer_id,
        'email' as kind,
        {{ email_key('email') }} as key
    from contacts
    where email is not null

    union distinct

    select
        customer_id,
        'domain' as kind,
        {{ email_domain('email') }} as key
    from contacts
    where
        {{ email_domain('email') }} is not null
        and {{ email_domain('email') }} not in (
            select free_mail_domains.domain from free_mail_domains
        )

    union distinct

    -- what people said of all interactions of an address ("a@b.de") or a domain ("@b.de")
    select
        resolved.customer_id,
        'said' as kind,
        corrections.record_id as key
    from {{ ref('stg_ops__corrections') }} as corrections
    inner join {{ ref('int_companies_resolved') }} as resolved
        on corrections.value = resolved.record_id
    where corrections.mart = 'interactions' and corrections.column_name = 'customer_id'

)

select * from final
