{% snapshot snap_interactions %}

{{ config(unique_key='interaction_id') }}

select
    interaction_id,
    customer_id,
    kind,
    occurred_at
from {{ ref('interactions') }}

{% endsnapshot %}
