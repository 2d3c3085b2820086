with

opportunities as (

    select * from {{ ref('sync_crm__opportunities') }}

),

leads as (

    select * from {{ ref('leads') }}

),

customers as (

    select * from {{ ref('customers') }}

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'lead' and entity = 'lead'

),

final as (

    select
        opportunities.key,
        opportunities.customer_key,
        opportunities.customer_no,
        opportunities.title,
        opportunities.amount,
        customers.name,
        customers.postcode,
        customers.city,
        coalesce(leads.owner, customers.account_manager) as account_manager,
        opportunities.points,
        opportunities.band,
        opportunities.reasons,
        scores.expected_amount,
        scores.method,
        opportunities.scored_on
    from opportunities
    inner join leads on opportunities.key = leads.lead_id
    inner join scores on opportunities.key = scores.entity_id
    inner join customers on opportunities.customer_key = customers.customer_id
    where opportunities.points is not null

)

select * from final
