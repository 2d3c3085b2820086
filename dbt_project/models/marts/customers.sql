with

merged as (

    select * from {{ ref('int_customers_merged') }}

),

orders as (

    select
        customer_id,
        min(ordered_on) as first_order_on,
        max(ordered_on) as last_order_on,
        count(*) as order_count
    from {{ ref('orders') }}
    where not is_cancelled
    group by customer_id

),

consents as (

    select * from {{ ref('int_consents_decided') }}

),

numbers as (

    select * from {{ ref('int_customer_numbers') }}

),

country_names as (

    select * from {{ ref('country_names') }}

),

final as (

    select
        merged.customer_id,
        numbers.customer_no,
        numbers.customer_nos,
        {% for attribute in customer_attributes().split() %}
            merged.{{ attribute }},
        {% endfor %}
        coalesce(
            country_names.country_code,
            case when length(trim(merged.country)) = 2 then upper(trim(merged.country)) end
        ) as country_code,
        merged.record_count,
        merged.source_count,
        orders.first_order_on,
        orders.last_order_on,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(consents.has_objected_to_profiling, false) as has_objected_to_profiling,
        coalesce(consents.has_newsletter_opt_in, false) as has_newsletter_opt_in
    from merged
    left join orders on merged.customer_id = orders.customer_id
    left join numbers on merged.customer_id = numbers.customer_id
    left join consents on merged.customer_id = consents.customer_id
    left join country_names on lower(trim(merged.country)) = country_names.name

)

select * from final
