{% snapshot snap_orders %}

{{ config(unique_key='order_id') }}

select
    order_id,
    customer_id,
    ordered_on,
    delivered_on,
    days_late,
    net_amount,
    is_cancelled
from {{ ref('orders') }}

{% endsnapshot %}
