with

offer_lines as (

    {{ newest(ref('stg_inbox__offer_lines'), 'offer_line_id') }}

),

priced as (

    select * replace (coalesce(net_amount, round(quantity * unit_price, 2)) as net_amount)
    from offer_lines

),

leads as (

    select
        lead_id,
        customer_id,
        created_on
    from {{ ref('int_leads_linked') }}

),

linked as (

    {{ link_customers('priced', ref('int_customer_keys_listed'), [
        ('record', 'priced.company_record_id'),
    ]) }}

),

-- whose lead it is says more than the number on the offer: people may have corrected it
final as (

    select
        linked.* replace (
            coalesce(leads.customer_id, linked.customer_id) as customer_id,
            coalesce(linked.offered_on, leads.created_on) as offered_on
        )
    from linked
    left join leads on linked.lead_id = leads.lead_id

)

select * from final
