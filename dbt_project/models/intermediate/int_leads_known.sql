{{ config(materialized='view') }}

{{ known_rows(ref('snap_leads'), 'lead_id', 'created_on', "split_part(lead_id, ':', 1)") }}
