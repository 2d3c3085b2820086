{% snapshot snap_contacts %}

{{ config(unique_key='contact_id') }}

select
    contact_id,
    customer_id,
    left_on
from {{ ref('contacts') }}

{% endsnapshot %}
