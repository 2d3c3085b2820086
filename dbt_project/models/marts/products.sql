with

products as (

    select * from {{ ref('int_products_merged') }}

),

final as (

    select
        product_id,
        sku,
        name,
        product_group,
        unit,
        list_price,
        unit_cost
    from products

)

select * from final
