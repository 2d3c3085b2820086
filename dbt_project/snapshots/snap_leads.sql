{% snapshot snap_leads %}

{{ config(unique_key='lead_id') }}

select
    lead_id,
    customer_id,
    title,
    stage,
    outcome,
    amount,
    lead_source,
    created_on,
    closed_on,
    owner
from {{ ref('leads') }}

{% endsnapshot %}
