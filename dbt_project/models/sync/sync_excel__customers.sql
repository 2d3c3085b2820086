with

parties as (

    select * from {{ ref('sync_crm__parties') }}

),

customers as (

    select * from {{ ref('customers') }}

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'churn' and entity = 'customer'

),

final as (

    select
        parties.key,
        parties.customer_no,
        parties.name,
        parties.postcode,
        parties.city,
        customers.account_manager,
        parties.points,
        parties.band,
        parties.reasons,
        scores.amount,
        scores.expected_amount,
        scores.method,
        parties.scored_on
    from parties
    inner join customers on parties.key = customers.customer_id
    inner join scores on parties.key = scores.entity_id
    where parties.points is not null

)

select * from final
