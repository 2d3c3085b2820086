with

offer_lines as (

    select * from {{ ref('int_offer_lines_linked') }}

),

final as (

    select
        offer_line_id,
        lead_id,
        customer_id,
        offer_no,
        offered_on,
        sku,
        product_name,
        quantity,
        unit_price,
        net_amount
    from offer_lines

)

select * from final
