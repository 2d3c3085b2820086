with

interactions as (

    {{ newest(ref('stg_inbox__interactions'), 'interaction_id') }}

),

final as (

    {{ link_customers('interactions', ref('int_customer_keys_listed'), [
        ('record', 'interactions.company_record_id'),
        ('email', email_key('interactions.email')),
        ('domain', email_domain('interactions.email')),
        ('domain', website_domain('interactions.website')),
        ('name', name_key('interactions.company_name')),
    ]) }}

)

select * from final
