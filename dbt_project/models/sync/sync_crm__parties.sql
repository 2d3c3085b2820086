with

customers as (

    select * from {{ ref('customers') }}

),

-- the ids of the CRM's own export are among them
records as (

    select
        customer_id,
        list(record_id order by record_id) as record_ids
    from {{ ref('customer_records') }}
    group by customer_id

),

scores as (

    select * from {{ ref('int_scores_permitted') }}
    where score = 'churn' and entity = 'customer'

),

final as (

    select
        customers.customer_id as key,
        records.record_ids,
        customers.customer_no,
        customers.name,
        customers.street,
        customers.postcode,
        customers.city,
        customers.country_code,
        customers.email,
        customers.phone,
        {{ website_domain('customers.website') }} as website,
        nullif(regexp_replace(upper(customers.vat_id), '[^A-Z0-9]', '', 'g'), '') as vat_id,
        customers.has_objected_to_profiling as has_objected,
        {{ shown_score('scores') }}
    from customers
    left join records on customers.customer_id = records.customer_id
    left join scores on customers.customer_id = scores.entity_id

)

select * from final
