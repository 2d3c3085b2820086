{#- Prices of orders, per unit and after discounts. Left out are those that say nothing of the
    article: without a day or quantity, given away, of who objected to profiling; and those so far
    from the article's median that they are for another unit, or a slip. -#}

with

order_lines as (

    select * from {{ ref('int_order_lines_linked') }}

),

customers as (

    select
        customer_id,
        industry
    from {{ ref('int_customers_merged') }}

),

objections as (

    select * from {{ ref('int_consents_decided') }}
    where has_objected_to_profiling

),

products as (

    select
        sku,
        product_group,
        list_price
    from {{ ref('int_products_merged') }}

),

priced as (

    select
        order_lines.order_line_id,
        order_lines.sku,
        order_lines.customer_id,
        order_lines.ordered_on,
        order_lines.quantity,
        customers.industry as segment,
        products.product_group,
        products.list_price,
        order_lines.net_amount / order_lines.quantity as price,
        {{ quantity_bracket('order_lines.quantity') }} as quantity_from
    from order_lines
    left join customers on order_lines.customer_id = customers.customer_id
    left join objections on order_lines.customer_id = objections.customer_id
    left join products on order_lines.sku = products.sku
    where
        not order_lines.is_cancelled
        and order_lines.sku is not null
        and order_lines.quantity > 0
        and order_lines.net_amount > 0
        and order_lines.ordered_on <= {{ night() }}
        and objections.customer_id is null

),

medians as (

    select
        sku,
        median(price) as price
    from priced
    group by sku

),

final as (

    select
        priced.*,
        priced.price between medians.price / {{ var('price_factor') }}
        and medians.price * {{ var('price_factor') }} as is_usual
    from priced
    inner join medians on priced.sku = medians.sku

)

select * from final
