with

leads as (

    {{ newest(ref('stg_inbox__leads'), 'lead_id') }}

),

corrected as (

    {{ corrected('leads', 'lead_id', 'leads', {
        'company_record_id': ('customer_id', 'varchar'),
        'contact_email': ('contact_email', 'varchar'),
        'lead_source': ('lead_source', 'varchar'),
        'amount': ('amount', 'double'),
        'closed_on': ('closed_on', 'date'),
    }) }}

),

stages as (

    select
        lead_id,
        min(entered_on) as first_entered_on,
        max(entered_on) as last_entered_on
    from {{ ref('stg_inbox__lead_stages') }}
    group by lead_id

),

decided as (

    select
        * replace (
            case
                when lower(outcome) in ('won', 'lost', 'open') then lower(outcome)
                when lower(stage) in ({{ quoted(var('won_stages')) }}) then 'won'
                when lower(stage) in ({{ quoted(var('lost_stages')) }}) then 'lost'
                else 'open'
            end as outcome
        )
    from corrected

),

dated as (

    select
        decided.* replace (
            coalesce(decided.created_on, stages.first_entered_on) as created_on,
            -- CRMs keep the day they hope for in the same field: an open lead has none
            case
                when decided.outcome != 'open'
                    then coalesce(decided.closed_on, stages.last_entered_on)
            end as closed_on
        )
    from decided
    left join stages on decided.lead_id = stages.lead_id

),

final as (

    {{ link_customers('dated', ref('int_customer_keys_listed'), [
        ('record', 'dated.company_record_id'),
        ('email', email_key('dated.contact_email')),
        ('domain', email_domain('dated.contact_email')),
        ('name', name_key('dated.company_name')),
    ]) }}

)

select * from final
