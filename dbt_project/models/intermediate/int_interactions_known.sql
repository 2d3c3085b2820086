{{ config(materialized='view') }}

{{ known_rows(
    ref('snap_interactions'),
    'interaction_id',
    'occurred_at',
    "split_part(interaction_id, ':', 1)"
) }}
