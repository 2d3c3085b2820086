{{ config(materialized='view') }}

{{ known_rows(
    ref('snap_lead_stages'),
    'lead_stage_id',
    'entered_on',
    "split_part(lead_stage_id, ':', 1)"
) }}
