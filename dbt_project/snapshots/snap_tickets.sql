{% snapshot snap_tickets %}

{{ config(unique_key='ticket_id') }}

select
    ticket_id,
    customer_id,
    opened_at,
    is_complaint
from {{ ref('tickets') }}

{% endsnapshot %}
