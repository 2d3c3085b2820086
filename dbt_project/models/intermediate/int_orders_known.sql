{{ config(materialized='view') }}

{{
    known_rows(
        ref('snap_orders'),
        'order_id',
        'ordered_on',
        "split_part(order_id, ':', 1)",
        undone='is_cancelled'
    )
}}
