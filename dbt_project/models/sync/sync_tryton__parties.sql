with

customers as (

    select * from {{ ref('customers') }}

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'churn' and entity = 'customer'

),

country_names as (

    select * from {{ ref('country_names') }}

),

final as (

    select
        customers.customer_id as key,
        customers.customer_no,
        customers.name,
        customers.street,
        customers.postcode,
        customers.city,
        coalesce(
            country_names.country_code,
            case when length(trim(customers.country)) = 2 then upper(trim(customers.country)) end
        ) as country_code,
        customers.email,
        customers.phone,
        scores.points,
        scores.band,
        {{ reasons('scores') }} as reasons,
        scores.scored_on
    from customers
    left join scores on customers.customer_id = scores.entity_id
    left join country_names on lower(trim(customers.country)) = country_names.name

)

select * from final
