{{ config(materialized='view') }}

{{ known_rows(
    ref('snap_tickets'),
    'ticket_id',
    'opened_at',
    "split_part(ticket_id, ':', 1)"
) }}
