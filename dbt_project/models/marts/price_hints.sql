{#- What people are shown beside an open lead. The salesperson who offered, ordered or sold is in no
    column: no figure here says anything of an employee. -#}

with

open_lines as (

    select
        offer_lines.*,
        customers.industry as segment,
        offer_lines.net_amount / nullif(offer_lines.quantity, 0) as price
    from {{ ref('offer_lines') }} as offer_lines
    inner join {{ ref('leads') }} as leads on offer_lines.lead_id = leads.lead_id
    left join {{ ref('customers') }} as customers on offer_lines.customer_id = customers.customer_id
    where leads.outcome = 'open' and offer_lines.sku is not null

),

corridors as (

    select
        open_lines.offer_line_id,
        corridors.basis,
        corridors.quantity_from,
        corridors.quantity_below,
        corridors.segment,
        corridors.low,
        corridors.median,
        corridors.high,
        corridors.prices,
        corridors.customers,
        corridors.last_on
    from open_lines
    inner join {{ ref('price_corridors') }} as corridors
        on
            open_lines.sku = corridors.sku
            and (
                corridors.quantity_from is null
                or open_lines.quantity >= corridors.quantity_from
            )
            and coalesce(open_lines.quantity < corridors.quantity_below, true)
            and coalesce(open_lines.segment = corridors.segment, corridors.segment is null)
    qualify row_number() over (
        partition by open_lines.offer_line_id
        order by list_position(['segment', 'bracket', 'article', 'group'], corridors.basis)
    ) = 1

),

last_prices as (

    select
        sku,
        customer_id,
        arg_max(price, (ordered_on, order_line_id)) as last_price,
        arg_max(quantity, (ordered_on, order_line_id)) as last_quantity,
        max(ordered_on) as last_price_on
    from {{ ref('int_prices_paid') }}
    where is_usual
    group by sku, customer_id

),

final as (

    select
        open_lines.offer_line_id,
        open_lines.lead_id,
        open_lines.customer_id,
        open_lines.offered_on,
        open_lines.sku,
        coalesce(watch.product_name, open_lines.product_name) as product_name,
        watch.unit,
        open_lines.quantity,
        open_lines.price,
        watch.list_price,
        corridors.basis,
        corridors.quantity_from,
        corridors.quantity_below,
        corridors.segment,
        corridors.low,
        corridors.median,
        corridors.high,
        corridors.prices,
        corridors.customers,
        corridors.last_on,
        last_prices.last_price,
        last_prices.last_quantity,
        last_prices.last_price_on,
        watch.price_before,
        watch.price as price_now,
        watch.price_change,
        watch.quantity_change,
        watch.competitors,
        watch.competitor_price,
        watch.competitor,
        watch.competitor_seen_on,
        watch.competitors_stale,
        watch.competitor_prices_uncompared
    from open_lines
    left join corridors on open_lines.offer_line_id = corridors.offer_line_id
    left join {{ ref('price_watch') }} as watch on open_lines.sku = watch.sku
    left join last_prices
        on
            open_lines.sku = last_prices.sku
            and open_lines.customer_id = last_prices.customer_id

)

select * from final
