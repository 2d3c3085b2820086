select
    customer_id,
    ordered_on,
    orders,
    net_amount,
    usual_gap_days,
    longest_gap_days
from {{ ref('int_customer_order_days') }}
