with

changes as (

    select * from {{ ref('int_customer_ids_changed') }}

),

final as (

    select
        night,
        old_id,
        new_id,
        kind,
        record_count
    from changes

)

select * from final
