{{ config(materialized='view') }}

{{ known_rows(ref('snap_contacts'), 'contact_id', 'left_on', "''") }}
