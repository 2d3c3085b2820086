with

records as (

    select * from {{ ref('int_company_records') }}

),

resolved as (

    select * from {{ ref('int_companies_resolved') }}

),

free_mail_domains as (

    select * from {{ ref('free_mail_domains') }}

),

listed as (

    select
        resolved.customer_id,
        unnest([
            { 'kind': 'record', 'key': records.record_id },
            { 'kind': 'email', 'key': {{ email_key('records.email') }} },
            { 'kind': 'domain', 'key': {{ email_domain('records.email') }} },
            { 'kind': 'domain', 'key': {{ website_domain('records.website') }} },
            { 'kind': 'name', 'key': {{ name_key('records.name') }} }
        ]) as entry
    from records
    inner join resolved on records.record_id = resolved.record_id

),

final as (

    select distinct
        listed.customer_id,
        listed.entry.kind,
        listed.entry.key
    from listed
    where
        listed.entry.key is not null
        and not (
            listed.entry.kind = 'domain'
            and listed.entry.key in (select free_mail_domains.domain from free_mail_domains)
        )

)

select * from final
