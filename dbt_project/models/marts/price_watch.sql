{#- Two spans of the same length, a year apart: the season is in both. -#}
{%- set days = var('price_watch_days') -%}

with

prices as (

    select
        *,
        case
            when ordered_on > {{ night() }} - {{ days }} then 'now'
            when
                ordered_on > {{ night() }} - 365 - {{ days }} and ordered_on <= {{ night() }} - 365
                then 'before'
        end as span
    from {{ ref('int_prices_paid') }}

),

first_days as (

    select min(ordered_on) as first_on
    from prices

),

sold as (

    select
        sku,
        coalesce(sum(quantity) filter (where span = 'now'), 0) as quantity,
        coalesce(sum(quantity) filter (where span = 'before'), 0) as quantity_before,
        median(price) filter (where span = 'now' and is_usual) as price,
        median(price) filter (where span = 'before' and is_usual) as price_before,
        count(*) filter (where span = 'now' and is_usual) as prices,
        count(*) filter (where span = 'before' and is_usual) as prices_before,
        count(*) filter (where span is not null and not is_usual) as prices_left_out
    from prices
    group by sku

),

-- of each competitor the newest price that can be compared
newest_prices as (

    select *
    from {{ ref('competitor_prices') }}
    where price > 0 and is_comparable and seen_on <= {{ night() }}
    qualify row_number() over (
        partition by sku, competitor
        order by seen_on desc, competitor_price_id desc
    ) = 1

),

competition as (

    select
        sku,
        count(*) filter (where is_fresh) as competitors,
        min(price) filter (where is_fresh) as competitor_price,
        arg_min(competitor, price) filter (where is_fresh) as competitor,
        arg_min(seen_on, price) filter (where is_fresh) as competitor_seen_on,
        count(*) filter (where not is_fresh) as competitors_stale
    from (
        select
            *,
            seen_on > {{ night() }} - {{ var('competitor_price_days') }} as is_fresh
        from newest_prices
    )
    group by sku

),

uncompared as (

    select
        sku,
        count(*) as competitor_prices_uncompared
    from {{ ref('competitor_prices') }}
    where not is_comparable
    group by sku

),

products as (

    select * from {{ ref('products') }}
    where sku is not null

),

final as (

    select
        products.sku,
        products.name as product_name,
        products.product_group,
        products.unit,
        products.list_price,
        sold.price,
        sold.price_before,
        sold.price / sold.price_before - 1 as price_change,
        coalesce(sold.quantity, 0) as quantity,
        case
            when first_days.first_on <= {{ night() }} - 365 - {{ days }}
                then coalesce(sold.quantity_before, 0)
        end as quantity_before,
        case
            when first_days.first_on <= {{ night() }} - 365 - {{ days }}
                then sold.quantity / nullif(sold.quantity_before, 0) - 1
        end as quantity_change,
        coalesce(sold.prices, 0) as prices,
        coalesce(sold.prices_before, 0) as prices_before,
        coalesce(sold.prices_left_out, 0) as prices_left_out,
        coalesce(competition.competitors, 0) as competitors,
        competition.competitor_price,
        competition.competitor,
        competition.competitor_seen_on,
        coalesce(competition.competitors_stale, 0) as competitors_stale,
        coalesce(uncompared.competitor_prices_uncompared, 0) as competitor_prices_uncompared
    from products
    cross join first_days
    left join sold on products.sku = sold.sku
    left join competition on products.sku = competition.sku
    left join uncompared on products.sku = uncompared.sku

)

select * from final
