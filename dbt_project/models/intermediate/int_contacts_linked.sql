with

contacts as (

    {{ newest(ref('stg_inbox__contacts'), 'record_id') }}

),

final as (

    {{ link_customers('contacts', ref('int_company_keys_listed'), [
        ('record', 'contacts.company_record_id'),
        ('email', email_key('contacts.email')),
        ('domain', email_domain('contacts.email')),
        ('name', name_key('contacts.company_name')),
    ]) }}

)

select * from final
