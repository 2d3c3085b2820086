{% snapshot snap_lead_stages %}

{{ config(unique_key='lead_stage_id') }}

select
    lead_stage_id,
    lead_id,
    customer_id,
    stage,
    step,
    entered_on
from {{ ref('lead_stages') }}

{% endsnapshot %}
