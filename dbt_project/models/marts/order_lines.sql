with

order_lines as (

    select * from {{ ref('int_order_lines_linked') }}

),

final as (

    select
        order_line_id,
        order_id,
        customer_id,
        sku,
        product_name,
        ordered_on,
        quantity,
        unit_price,
        net_amount,
        is_cancelled
    from order_lines

)

select * from final
