with

tickets as (

    {{ newest(ref('stg_inbox__tickets'), 'ticket_id') }}

),

corrected as (

    {{ corrected('tickets', 'ticket_id', 'tickets', {
        'company_record_id': ('customer_id', 'varchar'),
        'category': ('category', 'varchar'),
    }) }}

),

judged as (

    select
        *,
        regexp_matches(
            lower(coalesce(category, '')), '{{ var('complaint_categories') | join('|') }}'
        )
        or regexp_matches(
            lower(concat_ws(' ', subject, body)), '{{ var('complaint_words') | join('|') }}'
        ) as is_complaint
    from corrected

),

final as (

    {{ link_customers('judged', ref('int_customer_keys_listed'), [
        ('record', 'judged.company_record_id'),
        ('email', email_key('judged.email')),
        ('domain', email_domain('judged.email')),
    ]) }}

)

select * from final
