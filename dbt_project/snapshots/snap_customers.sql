{% snapshot snap_customers %}

{{ config(unique_key='customer_id') }}

select
    customer_id,
    name,
    street,
    postcode,
    city,
    country,
    phone,
    email,
    website,
    vat_id,
    registration_no,
    industry,
    employees,
    account_manager,
    customer_since
from {{ ref('customers') }}

{% endsnapshot %}
