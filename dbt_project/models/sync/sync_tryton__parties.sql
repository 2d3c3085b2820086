with

customers as (

    select * from {{ ref('customers') }}

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'churn' and entity = 'customer'

),

final as (

    select
        customers.customer_id as key,
        customers.customer_no,
        customers.name,
        customers.street,
        customers.postcode,
        customers.city,
        customers.country_code,
        customers.email,
        customers.phone,
        scores.points,
        scores.band,
        {{ reasons('scores') }} as reasons,
        scores.scored_on
    from customers
    left join scores on customers.customer_id = scores.entity_id

)

select * from final
