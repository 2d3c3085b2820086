with

totalled as (

    select * from {{ ref('int_orders_totalled') }}

),

final as (

    select
        order_id,
        customer_id,
        order_no,
        ordered_on,
        promised_on,
        delivered_on,
        days_late,
        net_amount,
        line_count,
        is_cancelled
    from totalled

)

select * from final
