with

order_lines as (

    {{ newest(ref('stg_inbox__order_lines'), 'order_line_id') }}

),

priced as (

    select
        * replace (
            coalesce(is_cancelled, false) as is_cancelled,
            coalesce(net_amount, round(quantity * unit_price, 2)) as net_amount
        ),
        -- a line without an order number is an order of its own
        coalesce(source || ':' || order_no, order_line_id) as order_id
    from order_lines

),

final as (

    {{ link_customers('priced', ref('int_customer_keys_listed'), [
        ('record', 'priced.company_record_id'),
    ]) }}

)

select * from final
