with

order_lines as (

    select * from {{ ref('int_order_lines_linked') }}

),

final as (

    select
        order_id,
        min(customer_id) as customer_id,
        min(order_no) as order_no,
        min(ordered_on) as ordered_on,
        max(promised_on) filter (where not is_cancelled) as promised_on,
        case
            when count(*) filter (where delivered_on is null and not is_cancelled) = 0
                then max(delivered_on) filter (where not is_cancelled)
        end as delivered_on,
        case
            when count(*) filter (where delivered_on is null and not is_cancelled) = 0
                then max(delivered_on - promised_on) filter (where not is_cancelled)
        end as days_late,
        round(coalesce(fsum(net_amount) filter (where not is_cancelled), 0), 2) as net_amount,
        count(*) as line_count,
        bool_and(is_cancelled) as is_cancelled
    from order_lines
    group by order_id

)

select * from final
