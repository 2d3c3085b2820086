{% snapshot snap_customers %}

{{ config(unique_key='customer_id') }}

select
    customer_id
    {%- for attribute in customer_attributes().split() %},
    {{ attribute }}
    {%- endfor %}
from {{ ref('customers') }}

{% endsnapshot %}
