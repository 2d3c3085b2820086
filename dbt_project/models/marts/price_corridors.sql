with

-- what nobody known bought, at the counter or in a shop, has prices of its own
prices as (

    select * from {{ ref('int_prices_paid') }}
    where
        is_usual
        and customer_id is not null
        and ordered_on > {{ night() }} - {{ var('price_days') }}

),

-- the narrower the group, the better it fits, and the fewer prices it has; `basis` says which
grouped as (

    select
        sku,
        case when grouping(quantity_from) = 0 then quantity_from end as quantity_from,
        case when grouping(segment) = 0 then segment end as segment,
        case
            when grouping(segment) = 0 then 'segment'
            when grouping(quantity_from) = 0 then 'bracket'
            else 'article'
        end as basis,
        quantile_cont(price, 0.1) as low,
        quantile_cont(price, 0.5) as median,
        quantile_cont(price, 0.9) as high,
        count(*) as prices,
        count(distinct customer_id) as customers,
        min(ordered_on) as first_on,
        max(ordered_on) as last_on
    from prices
    group by grouping sets ((sku, quantity_from, segment), (sku, quantity_from), (sku))
    having grouping(segment) = 1 or segment is not null

),

-- of articles that are seldom sold: what their group pays of the list price
of_group as (

    select
        product_group,
        quantile_cont(price / list_price, 0.1) as low,
        quantile_cont(price / list_price, 0.5) as median,
        quantile_cont(price / list_price, 0.9) as high,
        count(*) as prices,
        count(distinct customer_id) as customers,
        min(ordered_on) as first_on,
        max(ordered_on) as last_on
    from prices
    where product_group is not null and list_price > 0
    group by product_group

),

listed as (

    select
        sku,
        product_group,
        list_price
    from {{ ref('products') }}
    where sku is not null and list_price > 0

),

with_groups as (

    select * from grouped

    union all by name

    select
        listed.sku,
        'group' as basis,
        round(of_group.low * listed.list_price, 4) as low,
        round(of_group.median * listed.list_price, 4) as median,
        round(of_group.high * listed.list_price, 4) as high,
        of_group.prices,
        of_group.customers,
        of_group.first_on,
        of_group.last_on
    from listed
    inner join of_group on listed.product_group = of_group.product_group

),

final as (

    select
        sku,
        basis,
        quantity_from,
        {{ next_bracket('quantity_from') }} as quantity_below,
        segment,
        low,
        median,
        high,
        prices,
        customers,
        first_on,
        last_on
    from with_groups
    where
        prices >= {{ var('least_prices') }}
        and customers >= {{ var('least_price_customers') }}

)

select * from final
