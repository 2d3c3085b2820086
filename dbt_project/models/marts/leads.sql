with

leads as (

    select * from {{ ref('int_leads_linked') }}

),

customers as (

    select * from {{ ref('int_customers_merged') }}

),

final as (

    select
        leads.lead_id,
        leads.customer_id,
        leads.title,
        leads.stage,
        leads.outcome,
        leads.amount,
        leads.lead_source,
        leads.created_on,
        leads.closed_on,
        leads.owner,
        {{ email_key('leads.contact_email') }} as contact_email,
        customers.industry,
        customers.employees,
        leads.attributes
    from leads
    left join customers on leads.customer_id = customers.customer_id

)

select * from final
