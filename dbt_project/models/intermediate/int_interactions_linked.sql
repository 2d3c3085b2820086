with

interactions as (

    {{ newest(ref('stg_inbox__interactions'), 'interaction_id') }}

),

corrected as (

    {{ corrected('interactions', 'interaction_id', 'interactions', {
        'company_record_id': ('customer_id', 'varchar'),
    }) }}

),

final as (

    {{ link_customers('corrected', ref('int_customer_keys_listed'), [
        ('record', 'corrected.company_record_id'),
        ('said', email_key('corrected.email')),
        ('said', "'@' || " ~ email_domain('corrected.email')),
        ('email', email_key('corrected.email')),
        ('domain', email_domain('corrected.email')),
        ('domain', website_domain('corrected.website')),
        ('name', name_key('corrected.company_name')),
    ]) }}

)

select * from final
