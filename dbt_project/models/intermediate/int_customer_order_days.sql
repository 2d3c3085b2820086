with

orders as (

    select * from {{ ref('int_orders_totalled') }}
    where customer_id is not null and ordered_on is not null and not is_cancelled

),

days as (

    select
        customer_id,
        ordered_on,
        count(*) as orders,
        round(fsum(net_amount), 2) as net_amount
    from orders
    group by customer_id, ordered_on

),

spaced as (

    select
        *,
        ordered_on - lag(ordered_on) over (
            partition by customer_id
            order by ordered_on
        ) as gap_days
    from days

),

final as (

    select
        customer_id,
        ordered_on,
        orders,
        net_amount,
        -- The one definition of both, over the gaps up to this day only, so that they don't use
        -- later ones; one gap is no habit. The median, because one long pause between two projects
        -- distorts a mean; the longest gap shows the pauses between bursts of orders.
        case when count(gap_days) over so_far > 1 then median(gap_days) over so_far end
            as usual_gap_days,
        max(gap_days) over so_far as longest_gap_days
    from spaced
    window so_far as (
        partition by customer_id
        order by ordered_on
        rows between unbounded preceding and current row
    )

)

select * from final
