with

leads as (

    select * from {{ ref('leads') }}
    where outcome = 'open' and customer_id is not null

),

customers as (

    select * from {{ ref('customers') }}

),

-- several people may share a mailbox
contacts as (

    select
        customer_id,
        email,
        min(concat_ws(' ', given_name, family_name)) as name
    from {{ ref('contacts') }}
    where email is not null
    group by all

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'lead' and entity = 'lead'

),

final as (

    select
        leads.lead_id as key,
        [leads.lead_id] as record_ids,
        leads.customer_id as customer_key,
        customers.customer_no,
        leads.title,
        leads.amount,
        leads.created_on,
        leads.stage as lead_stage,
        leads.owner,
        leads.contact_email,
        nullif(contacts.name, '') as contact_name,
        customers.has_objected_to_profiling as has_objected,
        {{ shown_score('scores') }}
    from leads
    inner join customers on leads.customer_id = customers.customer_id
    left join contacts
        on
            leads.customer_id = contacts.customer_id
            and leads.contact_email = contacts.email
    left join scores on leads.lead_id = scores.entity_id

)

select * from final
