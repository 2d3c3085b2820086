with

ranked as (

    select * from {{ ref('int_customer_attributes_ranked') }}

),

final as (

    select
        customer_id,
        attribute,
        value,
        record_id,
        source,
        file,
        row_number,
        loaded_at,
        is_chosen,
        rank,
        beaten_by
    from ranked

)

select * from final
