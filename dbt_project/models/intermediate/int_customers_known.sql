{{ config(materialized='view') }}

{{ known_rows(ref('snap_customers'), 'customer_id', 'customer_since', "''") }}
